"""The text of Stripe's JSON and the look of its identifiers."""

import json
import secrets
import string
from typing import Any

JsonObject = dict[str, Any]
"""One object of Stripe. Any: these are open documents, read by key; the tests hold them against Stripe's own description."""

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_LENGTHS = {"cus": 14, "prod": 14, "req": 14, "cs_test_a1": 56}


def new_id(prefix: str) -> str:
    """A new identifier such as cus_ and 14 characters, as long as Stripe's own."""
    glue = "" if prefix == "cs_test_a1" else "_"
    return prefix + glue + random_text(_LENGTHS.get(prefix, 24))


def random_text(length: int) -> str:
    """Letters and digits that nobody can guess."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def pretty(value: object, indent: str = "") -> str:
    """A value as Stripe writes it: two spaces of indent, id and object first, then keys by name, odd empty brackets."""
    if isinstance(value, dict):
        return _pretty_object(value, indent)
    if isinstance(value, list | tuple):
        if not value:
            return f"[\n\n{indent}]"
        inner = indent + "  "
        return "[\n" + ",\n".join(inner + pretty(item, inner) for item in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False)


def _pretty_object(value: JsonObject, indent: str) -> str:
    if not value:
        return f"{{\n{indent}}}"
    inner = indent + "  "
    first = [key for key in ("id", "object") if key in value]
    keys = first + sorted(key for key in value if key not in first)
    lines = [f"{inner}{json.dumps(key, ensure_ascii=False)}: {pretty(value[key], inner)}" for key in keys]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
