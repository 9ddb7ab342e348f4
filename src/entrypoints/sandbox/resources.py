"""The operations of the API: what each method and path does, apart from authentication, idempotency and faults."""

import re
from urllib.parse import unquote

from entrypoints.sandbox import customers, dispute_calls, event_list, refund_calls, session_parameters
from entrypoints.sandbox.calls import Call, Operation, Resource, expand_paths, expanded_or_undone, one
from entrypoints.sandbox.errors import invalid, unrecognized_url
from entrypoints.sandbox.expand import expanded
from entrypoints.sandbox.lists import PAGING, page, within
from entrypoints.sandbox.parameters import Choice, Email, Fields, Items, Kind, NotHere, Text
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.sessions import check_can_expire, new_session
from entrypoints.sandbox.wire import JsonObject

_TEXT = Text()
_CUSTOMER: dict[str, Kind] = {"customer": _TEXT}
RESOURCES = {
    "customers": Resource("customer", "customer", filters={"email": Email(512)}),
    "checkout/sessions": Resource(
        "checkout.session",
        "checkout.session",
        "session",
        {
            **_CUSTOMER,
            "payment_intent": _TEXT,
            "status": Choice("complete", "expired", "open"),
            "customer_details": Fields({"email": _TEXT}, ("email",)),
            **dict.fromkeys(("subscription", "payment_link", "customer_account"), NotHere()),
        },
    ),
    "payment_intents": Resource("payment_intent", "payment_intent", "intent", {**_CUSTOMER}),
    "charges": Resource("charge", "charge", filters={**_CUSTOMER, "payment_intent": _TEXT, "transfer_group": _TEXT}),
    "refunds": refund_calls.RESOURCE,
    "disputes": dispute_calls.RESOURCE,
    "invoices": Resource(
        "invoice",
        "invoice",
        "invoice",
        {**_CUSTOMER, "status": Choice("draft", "open", "paid", "uncollectible", "void"), "subscription": NotHere()},
    ),
    "invoice_payments": Resource(
        "invoice_payment",
        "invoice payment",
        "invoice_payment",
        {
            "invoice": _TEXT,
            "status": Choice("canceled", "open", "paid"),
            "payment": Fields({"payment_intent": _TEXT, "type": _TEXT}),
        },
    ),
    "events": event_list.RESOURCE,
    "payment_methods": Resource("payment_method", "PaymentMethod", "payment_method", can_be_listed=False),
    "balance_transactions": Resource("balance_transaction", "balance transaction", can_be_listed=False),
    "products": Resource("product", "product", can_be_listed=False),
    "prices": Resource("price", "price", "price", can_be_listed=False),
}
_EXPAND: dict[str, Kind] = {"expand": Items(Text())}
_PATH = re.compile(r"/v1/(checkout/sessions|[a-z_]+)(?:/([^/]+))?(?:/([a-z_]+))?/?\Z")


def operate(sandbox: Sandbox, call: Call) -> JsonObject:
    """Does what a call asks. Raises StripeFault."""
    found = _PATH.match(call.path)
    resource = RESOURCES.get(found[1]) if found else None
    if found is None or resource is None:
        raise unrecognized_url(call.method, call.path)
    collection, identifier, verb = found[1], found[2] and unquote(found[2]), found[3]
    shape = f"{call.method} {collection}{'/id' if identifier else ''}{'/' + verb if verb else ''}"
    operation = _OPERATIONS.get(shape)
    if operation is not None:
        return operation(sandbox, call, identifier or "")
    if call.method == "GET" and verb is None:
        if identifier is not None:
            return _retrieve(sandbox, call, resource, identifier)
        if resource.can_be_listed:
            return _list(sandbox, call, resource)
    raise unrecognized_url(call.method, call.path)


def _retrieve(sandbox: Sandbox, call: Call, resource: Resource, identifier: str) -> JsonObject:
    given = Fields(_EXPAND).read(call.form)
    sandbox.let_time_pass()
    return expanded(sandbox.state, one(sandbox, resource, identifier), given.get("expand") or [])


def _list(sandbox: Sandbox, call: Call, resource: Resource) -> JsonObject:
    given = Fields({**PAGING, **resource.filters}).read(call.form)
    sandbox.let_time_pass()
    known = sandbox.state.kind(resource.kind)
    created = given.get("created") or {}
    chosen = [
        each for each in reversed(known.values()) if within(each["created"], created) and _passes(each, given, resource)
    ]
    url = call.path.rstrip("/")
    result = page(chosen, given, resource.noun, url, known)
    return expanded(sandbox.state, result, given.get("expand") or [])


def _passes(subject: JsonObject, given: JsonObject, resource: Resource) -> bool:
    for name in resource.filters:
        value = given.get(name)
        if value is None:
            continue
        if isinstance(value, dict):
            inside = subject.get(name) or {}
            if any(inside.get(key) != inner for key, inner in value.items()):
                return False
        elif subject.get(name) != value:
            return False
    return True


def _create_customer(sandbox: Sandbox, call: Call, identifier: str) -> JsonObject:
    given = customers.CREATE.read(call.form)
    paths = expand_paths(given)
    customer = customers.new_customer(sandbox.state, given)
    result = expanded_or_undone(sandbox, customer, paths)
    sandbox.tell("customer.created", customer, request=call.request)
    return result


def _update_customer(sandbox: Sandbox, call: Call, identifier: str) -> JsonObject:
    customer = one(sandbox, RESOURCES["customers"], identifier)
    given = customers.UPDATE.read(call.form)
    paths = expand_paths(given)
    expanded(sandbox.state, customer, paths)
    before = customers.change_customer(customer, given)
    if before:
        sandbox.tell("customer.updated", customer, previous=before, request=call.request)
    return expanded(sandbox.state, customer, paths)


def _delete_customer(sandbox: Sandbox, call: Call, identifier: str) -> JsonObject:
    customer = one(sandbox, RESOURCES["customers"], identifier)
    Fields({}).read(call.form)
    del sandbox.state.kind("customer")[identifier]
    sandbox.tell("customer.deleted", customer, request=call.request)
    return {"id": identifier, "object": "customer", "deleted": True}


def _create_session(sandbox: Sandbox, call: Call, identifier: str) -> JsonObject:
    given = session_parameters.CREATE.read(call.form)
    paths = expand_paths(given)
    session_parameters.check(sandbox.state, given)
    session = new_session(sandbox.state, given, sandbox.base_url, sandbox.config.account_name)
    return expanded_or_undone(sandbox, session, paths)


def _expire_session(sandbox: Sandbox, call: Call, identifier: str) -> JsonObject:
    given = Fields(_EXPAND).read(call.form)
    sandbox.let_time_pass()
    session = one(sandbox, RESOURCES["checkout/sessions"], identifier)
    check_can_expire(session)
    expanded(sandbox.state, session, given.get("expand") or [])
    sandbox.expire(session, request=call.request)
    return expanded(sandbox.state, session, given.get("expand") or [])


def _list_line_items(sandbox: Sandbox, call: Call, identifier: str) -> JsonObject:
    session = one(sandbox, RESOURCES["checkout/sessions"], identifier)
    given = Fields({name: kind for name, kind in PAGING.items() if name != "created"}).read(call.form)
    lines = sandbox.state.line_items[session["id"]]
    known = {line["id"]: line for line in reversed(lines)}
    result = page(lines, given, "line item", f"/v1/checkout/sessions/{identifier}/line_items", known)
    return expanded(sandbox.state, result, given.get("expand") or [])


def _refuse_update(sandbox: Sandbox, call: Call, identifier: str) -> JsonObject:
    one(sandbox, RESOURCES["checkout/sessions"], identifier)
    raise invalid("The local sandbox does not update Checkout Sessions.")


_OPERATIONS: dict[str, Operation] = {
    "POST customers": _create_customer,
    "POST customers/id": _update_customer,
    "DELETE customers/id": _delete_customer,
    "POST checkout/sessions": _create_session,
    "POST checkout/sessions/id": _refuse_update,
    "POST checkout/sessions/id/expire": _expire_session,
    "GET checkout/sessions/id/line_items": _list_line_items,
    **event_list.OPERATIONS,
    **refund_calls.OPERATIONS,
    **dispute_calls.OPERATIONS,
}
