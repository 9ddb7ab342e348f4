"""Idempotency keys: a key is claimed before the work begins, and its first answer is given again for a day."""

import hashlib
import json

from entrypoints.sandbox.errors import invalid, key_in_use, other_parameters
from entrypoints.sandbox.forms import Form
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.state import StoredAnswer

KEPT_SECONDS = 86_400
KEY_LENGTH_MAX = 255


def fingerprint(form: Form) -> str:
    """The same for the same parameters, whatever their order."""
    return hashlib.sha256(json.dumps(form, sort_keys=True).encode()).hexdigest()


def claim(sandbox: Sandbox, key: str, method: str, path: str, print_of_form: str) -> StoredAnswer | None:
    """Takes a key for a request, or gives the answer that it had before. Raises StripeFault (400, 409)."""
    if len(key) > KEY_LENGTH_MAX:
        raise invalid(f"Idempotency keys must be at most {KEY_LENGTH_MAX} characters long.")
    if key in sandbox.running_keys:
        raise key_in_use()
    stored = sandbox.state.answers.get(key)
    if stored is not None and stored.stored_at + KEPT_SECONDS > sandbox.state.now():
        if (stored.method, stored.path, stored.fingerprint) != (method, path, print_of_form):
            raise other_parameters(key)
        return stored
    sandbox.running_keys.add(key)
    return None


def release(sandbox: Sandbox, key: str) -> None:
    """The request with this key has ended."""
    sandbox.running_keys.discard(key)


def is_kept(status: int) -> bool:
    """Whether an answer is stored: faults of the request itself are not, a decline or a failure of Stripe is."""
    return status < 300 or status == 402 or status >= 500


def keep(sandbox: Sandbox, key: str, answer: StoredAnswer) -> None:
    """Stores the first answer, and forgets those of yesterday."""
    limit = sandbox.state.now() - KEPT_SECONDS
    old = [name for name, one in sandbox.state.answers.items() if one.stored_at <= limit]
    for name in old:
        del sandbox.state.answers[name]
    sandbox.state.answers[key] = answer
