"""The control API's part that acts: on deliveries, on events, and on sessions in place of a buyer, a bank or time."""

from fnmatch import fnmatchcase

from litestar import get, post
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery, RawBody
from msgspec import Struct

from entrypoints.sandbox.cards import digits, is_card_number
from entrypoints.sandbox.checkout import Outcome, authenticate, pay, settle, start_delayed
from entrypoints.sandbox.control_bodies import told
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.state import Delivery
from entrypoints.sandbox.wire import JsonObject

Box = NamedDependency[Sandbox]


class Attempted(Struct, forbid_unknown_fields=True):
    """What a buyer would have typed."""

    card_number: str | None = None
    email: str | None = None
    name: str | None = None
    succeeds: bool = True


@get("/deliveries", sync_to_thread=False)
def list_deliveries(sandbox: Box, event: FromQuery[str] = "*", type: FromQuery[str] = "*") -> dict[str, list[Delivery]]:
    """All deliveries with their attempts, oldest first."""
    known = sandbox.state.deliveries.values()
    return {"data": [one for one in known if fnmatchcase(one.event_id, event) and fnmatchcase(one.event_type, type)]}


@post("/deliveries/{verb:str}", status_code=200, sync_to_thread=False)
def steer_deliveries(verb: FromPath[str], sandbox: Box) -> JsonObject:
    """pause, resume, release or hurry."""
    if verb == "pause":
        sandbox.deliveries.pause()
        return {"ok": True}
    if verb == "resume":
        sandbox.deliveries.resume()
        return {"ok": True}
    if verb == "release":
        return {"released": sandbox.deliveries.release()}
    if verb == "hurry":
        return {"hurried": sandbox.deliveries.hurry()}
    raise HTTPException(status_code=404, detail="pause, resume, release or hurry")


@get("/events", sync_to_thread=False)
def list_events(sandbox: Box, type: FromQuery[str] = "*") -> dict[str, list[JsonObject]]:
    """All events, oldest first."""
    return {"data": [one for one in sandbox.state.kind("event").values() if fnmatchcase(one["type"], type)]}


@post("/events/{event_id:str}/resend", status_code=200, sync_to_thread=False)
def resend_event(event_id: FromPath[str], sandbox: Box) -> Delivery:
    """Delivers an event once more."""
    event = sandbox.state.find("event", event_id)
    if event is None:
        raise HTTPException(status_code=404, detail="no such event")
    if sandbox.deliveries.webhook_url is None:
        raise HTTPException(status_code=409, detail="no webhook_url is set")
    delivery = sandbox.deliveries.resend(event)
    sandbox.changed()
    return delivery


@post("/sessions/{session_id:str}/{verb:str}", status_code=200, sync_to_thread=False)
def act_on_session(session_id: FromPath[str], verb: FromPath[str], body: RawBody, sandbox: Box) -> JsonObject:
    """What a buyer, a bank or time would do, without the page."""
    sandbox.let_time_pass()
    session = sandbox.state.find("checkout.session", session_id)
    if session is None:
        raise HTTPException(status_code=404, detail="no such session")
    outcome = _act(sandbox, session, verb, told(body, Attempted, Attempted()))
    if outcome is None:
        detail = "pay, decline, authenticate, delay, settle, fail or expire"
        raise HTTPException(status_code=404, detail=detail)
    return {"outcome": outcome.result, "message": outcome.message, "session": session}


def _act(sandbox: Sandbox, session: JsonObject, verb: str, given: Attempted) -> Outcome | None:
    if verb in ("pay", "decline"):
        usual = "4242424242424242" if verb == "pay" else "4000000000000002"
        number = digits(given.card_number or usual)
        if not is_card_number(number):
            raise HTTPException(status_code=400, detail="card_number: not a card number")
        return pay(sandbox, session, number, email=given.email, name=given.name)
    if verb == "authenticate":
        return authenticate(sandbox, session, succeeds=given.succeeds)
    if verb == "delay":
        return start_delayed(sandbox, session, email=given.email, name=given.name)
    if verb in ("settle", "fail"):
        return settle(sandbox, session, succeeds=verb == "settle")
    if verb == "expire":
        if session["status"] == "open":
            sandbox.expire(session)
            sandbox.changed()
        return Outcome("closed")
    return None


HANDLERS = (list_deliveries, steer_deliveries, list_events, resend_event, act_on_session)
