"""The list of events: what a service that missed some asks for. Stripe keeps them for 30 days."""

from fnmatch import fnmatchcase

from entrypoints.sandbox.calls import Call, Operation, Resource
from entrypoints.sandbox.errors import invalid, no_such
from entrypoints.sandbox.expand import expanded
from entrypoints.sandbox.lists import PAGING, page, within
from entrypoints.sandbox.parameters import Fields, Flag, Items, Text
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.state import State
from entrypoints.sandbox.wire import JsonObject

KEPT_SECONDS = 30 * 86_400
RESOURCE = Resource("event", "event")
_LIST = Fields({**PAGING, "delivery_success": Flag(), "type": Text(), "types": Items(Text(), 20)})
_RETRIEVE = Fields({"expand": Items(Text())})


def _known(state: State) -> dict[str, JsonObject]:
    """The events that Stripe still has, oldest first."""
    limit = state.now() - KEPT_SECONDS
    return {identifier: event for identifier, event in state.kind("event").items() if event["created"] > limit}


def _retrieve(sandbox: Sandbox, call: Call, identifier: str) -> JsonObject:
    given = _RETRIEVE.read(call.form)
    sandbox.let_time_pass()
    event = _known(sandbox.state).get(identifier)
    if event is None:
        raise no_such(RESOURCE.noun, identifier[:255], RESOURCE.param)
    return expanded(sandbox.state, event, given.get("expand") or [])


def _list(sandbox: Sandbox, call: Call, identifier: str) -> JsonObject:
    given = _LIST.read(call.form)
    if given.get("type") and given.get("types"):
        raise invalid("You may only specify one of these parameters: type, types.", "type")
    sandbox.let_time_pass()
    known = _known(sandbox.state)
    chosen = [event for event in reversed(known.values()) if _is_asked_for(event, given)]
    result = page(chosen, given, RESOURCE.noun, "/v1/events", known)
    return expanded(sandbox.state, result, given.get("expand") or [])


def _is_asked_for(event: JsonObject, given: JsonObject) -> bool:
    patterns = given.get("types") or [given.get("type") or "*"]
    delivered = given.get("delivery_success")
    return (
        within(event["created"], given.get("created") or {})
        and any(fnmatchcase(event["type"], pattern) for pattern in patterns)
        and (delivered is None or delivered == (event["pending_webhooks"] == 0))
    )


OPERATIONS: dict[str, Operation] = {"GET events": _list, "GET events/id": _retrieve}
