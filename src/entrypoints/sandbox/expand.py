"""The expand parameter: ids replaced by the objects that they name, up to four levels deep."""

import copy

from entrypoints.sandbox.errors import invalid
from entrypoints.sandbox.state import State
from entrypoints.sandbox.wire import JsonObject

DEPTH_MAX = 4
PAGE_LENGTH = 10

_FIELDS: dict[str, dict[str, str | None]] = {
    "checkout.session": {
        "customer": "customer",
        "payment_intent": "payment_intent",
        "invoice": "invoice",
        "line_items": None,
        **dict.fromkeys(("subscription", "setup_intent", "payment_link")),
    },
    "payment_intent": {
        "customer": "customer",
        "latest_charge": "charge",
        "payment_method": "payment_method",
        **dict.fromkeys(("application", "on_behalf_of", "review")),
    },
    "charge": {
        "customer": "customer",
        "payment_intent": "payment_intent",
        "balance_transaction": "balance_transaction",
        "refunds": None,
        **dict.fromkeys(("application", "application_fee", "on_behalf_of", "review", "failure_balance_transaction")),
    },
    "invoice": {
        "customer": "customer",
        "payments": None,
        **dict.fromkeys(("default_payment_method", "discounts", "on_behalf_of", "test_clock", "application")),
    },
    "invoice_payment": {"invoice": "invoice"},
    "payment": {"payment_intent": "payment_intent"},
    "payment_method": {"customer": "customer"},
    "price": {"product": "product"},
    "refund": {
        "charge": "charge",
        "payment_intent": "payment_intent",
        "payment_method": "payment_method",
        "customer": "customer",
        **dict.fromkeys(("balance_transaction", "failure_balance_transaction"), "balance_transaction"),
        **dict.fromkeys(("source_transfer_reversal", "transfer_reversal")),
    },
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "balance_transaction": {"source": "source"},
    "customer": dict.fromkeys(("default_source", "sources", "subscriptions", "tax_ids", "tax", "cash_balance")),
}
"""For each object its fields that expand, and to what kind; None for what is built here or is never set in the sandbox."""

_SOURCES = {"ch": "charge", "re": "refund", "du": "dispute"}
"""What a balance transaction is about, by how its id begins."""


def expanded(state: State, value: JsonObject, paths: list[str]) -> JsonObject:
    """A copy of an object with these paths expanded. Raises StripeFault (400)."""
    result = copy.deepcopy(value)
    for path in paths:
        segments = path.split(".")
        depth = len([one for one in segments if one != "data"])
        if depth > DEPTH_MAX:
            raise invalid(f"You cannot expand more than 4 levels of a property (property: {path[:100]}).", "expand")
        _expand(state, result, segments, path)
    return result


def _expand(state: State, value: JsonObject, segments: list[str], path: str) -> None:
    name, rest = segments[0], segments[1:]
    kind = value.get("object", "payment" if "payment_intent" in value else None)
    fields = _FIELDS.get(kind, {}) if isinstance(kind, str) else {}
    inside = value.get(name)
    if kind == "list" and name == "data":
        for one in value["data"]:
            if rest:
                _expand(state, one, rest, path)
        return
    if name not in fields and not (isinstance(inside, dict) and rest):
        raise invalid(f"This property cannot be expanded ({path[:100]}).", "expand")
    if name in fields:
        inside = value[name] = _filled(state, value, name, fields[name])
    if rest and isinstance(inside, dict):
        _expand(state, inside, rest, path)


def _filled(state: State, value: JsonObject, name: str, kind: str | None) -> object:
    here = value.get(name)
    if isinstance(here, str) and kind is not None:
        kind = _SOURCES[here.partition("_")[0]] if kind == "source" else kind
        return copy.deepcopy(state.find(kind, here)) or here
    if here is not None:
        return here
    if value["object"] == "checkout.session" and name == "line_items":
        url = f"/v1/checkout/sessions/{value['id']}/line_items"
        return _list(state.line_items[value["id"]], url)
    if value["object"] == "invoice" and name == "payments":
        payments = [one for one in state.kind("invoice_payment").values() if one["invoice"] == value["id"]]
        return _list(payments, f"/v1/invoices/{value['id']}/payments")
    if value["object"] == "charge" and name == "refunds":
        refunds = [one for one in reversed(state.kind("refund").values()) if one["charge"] == value["id"]]
        return _list(refunds, f"/v1/charges/{value['id']}/refunds")
    return None


def _list(data: list[JsonObject], url: str) -> JsonObject:
    return {
        "object": "list",
        "data": copy.deepcopy(data[:PAGE_LENGTH]),
        "has_more": len(data) > PAGE_LENGTH,
        "url": url,
    }
