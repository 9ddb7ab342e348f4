"""Customers: created, changed, and made by Checkout for buyers who have none."""

from entrypoints.sandbox.metadata import merge_metadata
from entrypoints.sandbox.parameters import Anything, Email, Fields, Integer, Items, Kind, Metadata, NotHere, Text
from entrypoints.sandbox.state import State
from entrypoints.sandbox.wire import JsonObject, new_id, random_text

_KINDS: dict[str, Kind] = {
    "address": Fields({name: Text() for name in ("city", "country", "line1", "line2", "postal_code", "state")}),
    "balance": NotHere(),
    "business_name": Text(150),
    "cash_balance": NotHere(),
    "description": Text(),
    "email": Email(512),
    "expand": Anything(),
    "individual_name": Text(150),
    "invoice_prefix": Text(12),
    "invoice_settings": Anything(),
    "metadata": Metadata(),
    "name": Text(256),
    "next_invoice_sequence": Integer(1),
    "payment_method": NotHere(),
    "phone": Text(20),
    "preferred_locales": Items(Text()),
    "shipping": Anything(),
    "source": NotHere(),
    "tax": Anything(),
    "tax_exempt": Text(),
    "tax_id_data": NotHere(),
    "test_clock": NotHere(),
}
_UPDATE_KINDS = {
    name: kind for name, kind in _KINDS.items() if name not in ("payment_method", "tax_id_data", "test_clock")
}
CREATE = Fields(_KINDS)
UPDATE = Fields({**_UPDATE_KINDS, "default_source": NotHere()})
_KEPT = ("address", "description", "email", "name", "phone", "preferred_locales", "shipping", "tax_exempt")
_NAMES = ("business_name", "individual_name")


def new_customer(state: State, given: JsonObject) -> JsonObject:
    """A new customer with the parameters that were given."""
    customer: JsonObject = {
        "id": new_id("cus"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": int(state.now()),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": given.get("invoice_prefix") or random_text(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": given.get("next_invoice_sequence") or 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    change_customer(customer, given)
    return state.add(customer)


def change_customer(customer: JsonObject, given: JsonObject) -> JsonObject:
    """Changes what was given; metadata is merged, an empty value removes its key. Returns the former values of what changed."""
    before: JsonObject = {}
    for name in (*_KEPT, *_NAMES):
        if name in given and given[name] != customer.get(name):
            before[name] = customer.get(name)
            customer[name] = _address(given[name]) if name == "address" else given[name]
    if "metadata" in given:
        merge_metadata(customer, given["metadata"], before)
    return before


def _address(given: JsonObject | None) -> JsonObject | None:
    names = ("city", "country", "line1", "line2", "postal_code", "state")
    return {name: given.get(name) for name in names} if given else None
