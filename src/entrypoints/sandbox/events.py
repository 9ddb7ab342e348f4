"""Events: what happened, kept as Stripe keeps it, and how one is written and signed for delivery."""

import copy
import hashlib
import hmac
import secrets

from entrypoints.sandbox.state import State
from entrypoints.sandbox.wire import JsonObject, new_id, pretty

API_VERSION = "2026-10-28.endive"


def new_event(
    state: State,
    type: str,
    subject: JsonObject,
    *,
    previous: JsonObject | None = None,
    request: JsonObject | None = None,
    created: int | None = None,
) -> JsonObject:
    """An event of what happened to an object, as that is now. It is kept and sent by `Sandbox.tell` alone.

    previous: the former values of what changed. request: the API call behind it; None for what buyers and Stripe itself do.
    created: epoch seconds, now when None.
    """
    data: JsonObject = {"object": copy.deepcopy(subject)}
    if previous is not None:
        data["previous_attributes"] = previous
    return {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": int(state.now()) if created is None else created,
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": request or {"id": None, "idempotency_key": None},
        "type": type,
    }


def payload(event: JsonObject, *, livemode: bool = False) -> bytes:
    """The body of a delivery, byte for byte in Stripe's layout."""
    return pretty({**event, "livemode": livemode}).encode()


def signature_header(body: bytes, timestamp: int, signing_secrets: list[str]) -> str:
    """The Stripe-Signature header: one v1 for each secret, and the v0 that test mode adds.

    timestamp: epoch seconds.
    """
    signed = f"{timestamp}.".encode() + body
    parts = [f"t={timestamp}"]
    parts += [f"v1={hmac.digest(secret.encode(), signed, hashlib.sha256).hex()}" for secret in signing_secrets]
    return ",".join([*parts, f"v0={secrets.token_hex(32)}"])
