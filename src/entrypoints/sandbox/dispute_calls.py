"""The API's operations on disputes."""

from entrypoints.sandbox import disputes
from entrypoints.sandbox.calls import Call, Operation, Resource, expand_paths, one
from entrypoints.sandbox.expand import expanded
from entrypoints.sandbox.parameters import Anything, Fields, Flag, Metadata, NotHere, Text
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.wire import JsonObject

RESOURCE = Resource("dispute", "dispute", "dispute", {"charge": Text(), "payment_intent": Text()})
_EVIDENCE = Fields(
    {
        **dict.fromkeys(disputes.TEXTS, Text(20_000)),
        **dict.fromkeys((*disputes.FILES, "appeal", "enhanced_evidence"), NotHere()),
    }
)
_UPDATE = Fields(
    {
        "evidence": _EVIDENCE,
        "expand": Anything(),
        "intended_submission_method": NotHere(),
        "metadata": Metadata(),
        "submit": Flag(),
    }
)
_CLOSE = Fields({"expand": Anything()})


def _update(sandbox: Sandbox, call: Call, identifier: str) -> JsonObject:
    dispute = one(sandbox, RESOURCE, identifier)
    given = _UPDATE.read(call.form)
    paths = expand_paths(given)
    disputes.check_is_open(dispute)
    expanded(sandbox.state, dispute, paths)
    disputes.answer(sandbox, dispute, given, request=call.request)
    result = expanded(sandbox.state, dispute, paths)
    disputes.follow_evidence(sandbox, dispute)
    return result


def _close(sandbox: Sandbox, call: Call, identifier: str) -> JsonObject:
    dispute = one(sandbox, RESOURCE, identifier)
    paths = expand_paths(_CLOSE.read(call.form))
    expanded(sandbox.state, dispute, paths)
    disputes.accept(sandbox, dispute, request=call.request)
    return expanded(sandbox.state, dispute, paths)


OPERATIONS: dict[str, Operation] = {"POST disputes/id": _update, "POST disputes/id/close": _close}
