"""The API's operations on refunds."""

from entrypoints.sandbox import refunds
from entrypoints.sandbox.calls import Call, Operation, Resource, expand_paths, one
from entrypoints.sandbox.errors import invalid, no_such
from entrypoints.sandbox.expand import expanded
from entrypoints.sandbox.lists import PAGING, page, within
from entrypoints.sandbox.parameters import Anything, Choice, Fields, Integer, Metadata, NotHere, Text
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.wire import JsonObject

RESOURCE = Resource("refund", "refund", "refund", {"charge": Text(), "payment_intent": Text()})
_CHARGE = Resource("charge", "charge", "charge")
_UNKNOWN_HERE = (
    "currency",
    "customer",
    "instructions_email",
    "origin",
    "refund_application_fee",
    "reverse_transfer",
)
_CREATE = Fields(
    {
        "amount": Integer(1),
        "charge": Text(can_be_unset=False),
        "expand": Anything(),
        "metadata": Metadata(),
        "payment_intent": Text(can_be_unset=False),
        "reason": Choice("duplicate", "fraudulent", "requested_by_customer"),
        **dict.fromkeys(_UNKNOWN_HERE, NotHere()),
    }
)
_UPDATE = Fields({"expand": Anything(), "metadata": Metadata()})
_CANCEL = Fields({"expand": Anything()})


def _create(sandbox: Sandbox, call: Call, identifier: str) -> JsonObject:
    given = _CREATE.read(call.form)
    paths = expand_paths(given)
    sandbox.let_time_pass()
    charge = _charge(sandbox, given)
    _check_expansions(sandbox, charge, paths)
    refund = refunds.make_refund(sandbox, charge, given, request=call.request)
    result = expanded(sandbox.state, refund, paths)
    refunds.give_reference(sandbox, refund)
    return result


def _charge(sandbox: Sandbox, given: JsonObject) -> JsonObject:
    charge_id, intent_id = given.get("charge"), given.get("payment_intent")
    if charge_id is None and intent_id is None:
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    named = sandbox.state.find("charge", charge_id)
    if charge_id is not None and named is None:
        # As recorded: a 404 that names the path's parameter, though the id stood in the body.
        raise no_such("charge", charge_id, "id")
    if intent_id is None and named is not None:
        return named
    intent = sandbox.state.find("payment_intent", intent_id)
    if intent is None:
        raise no_such("payment_intent", str(intent_id), "payment_intent", 400)
    charge = refunds.refundable_charge(sandbox.state, intent)
    if named is not None and named["id"] != charge["id"]:
        raise invalid(f"Charge {named['id']} does not belong to PaymentIntent {intent['id']}.", "charge")
    return charge


def _check_expansions(sandbox: Sandbox, charge: JsonObject, paths: list[str]) -> None:
    """Refuses wrong paths before there is any effect: money that went back cannot be undone."""
    links = {name: charge[name] for name in ("balance_transaction", "customer", "payment_intent", "payment_method")}
    expanded(sandbox.state, {"object": "refund", "charge": charge["id"], **links}, paths)


def _update(sandbox: Sandbox, call: Call, identifier: str) -> JsonObject:
    refund = one(sandbox, RESOURCE, identifier)
    given = _UPDATE.read(call.form)
    paths = expand_paths(given)
    expanded(sandbox.state, refund, paths)
    refunds.change_metadata(sandbox, refund, given, request=call.request)
    return expanded(sandbox.state, refund, paths)


def _cancel(sandbox: Sandbox, call: Call, identifier: str) -> JsonObject:
    refund = one(sandbox, RESOURCE, identifier)
    paths = expand_paths(_CANCEL.read(call.form))
    expanded(sandbox.state, refund, paths)
    refunds.cancel(sandbox, refund, request=call.request)
    return expanded(sandbox.state, refund, paths)


def _list_of_charge(sandbox: Sandbox, call: Call, identifier: str) -> JsonObject:
    """Where the list goes on that a charge shows when its refunds are expanded."""
    charge = one(sandbox, _CHARGE, identifier)
    given = Fields(PAGING).read(call.form)
    known = sandbox.state.kind("refund")
    created = given.get("created") or {}
    chosen = [
        refund
        for refund in reversed(known.values())
        if refund["charge"] == charge["id"] and within(refund["created"], created)
    ]
    result = page(chosen, given, RESOURCE.noun, f"/v1/charges/{charge['id']}/refunds", known)
    return expanded(sandbox.state, result, given.get("expand") or [])


OPERATIONS: dict[str, Operation] = {
    "GET charges/id/refunds": _list_of_charge,
    "POST refunds": _create,
    "POST refunds/id": _update,
    "POST refunds/id/cancel": _cancel,
}
