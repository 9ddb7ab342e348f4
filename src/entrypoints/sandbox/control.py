"""The control API: JSON in and out, for tests and demonstrations; nothing of it exists at Stripe.

GET  /_control/health                  {"ok": true}
GET  /_control/quiet                   200 when no delivery waits or is held, else 409;
                                       {"quiet", "waiting", "held", "delivered", "lost", "given_up"}
POST /_control/reset                   forgets every object, key, fault, delivery and setting
GET  /_control/settings                {"webhook_url", "webhook_secret", "unsupported_currencies", "refunds_begin", "clock_ahead_seconds",
                                       "paused"}
POST /_control/settings                changes any of the first four; webhook_url null stops sending; refunds_begin: succeeded, pending
                                       or requires_action; a restart forgets the first two
POST /_control/clock                   {"advance_seconds": n}: moves the sandbox's time ahead (signatures keep the real time)
GET  /_control/faults                  {"api": [...], "deliveries": [...]}: what still waits for its call or event
POST /_control/faults/api              one fault (see faults.ApiFault), or a list of them; {"added": [...]}
POST /_control/faults/deliveries       one fault (see faults.DeliveryFault), or a list of them; {"added": [...]}
DELETE /_control/faults                forgets the faults
GET  /_control/requests                ?method= &path= (with *); {"data": [{"at", "method", "path", "idempotency_key", "status",
                                       "request_id", "replayed", "fault"}]}, oldest first
DELETE /_control/requests              forgets the requests seen
GET  /_control/deliveries              ?event= &type= (with *); {"data": [{"id", "event_id", "event_type", "state", "due_at", "fault",
                                       "attempts": [{"at", "seconds", "status", "error"}], ...}]}, oldest first
POST /_control/deliveries/pause        no try begins any more
POST /_control/deliveries/resume       goes on
POST /_control/deliveries/release      sends what a hold fault keeps, the last one first; {"released": n}
POST /_control/deliveries/hurry        makes every waiting retry due now; {"hurried": n}
GET  /_control/events                  ?type= (with *); {"data": [event, ...]}, oldest first
POST /_control/events/{id}/resend      delivers an event again; the delivery
POST /_control/sessions/{id}/pay       {"card_number", "email", "name"}, all optional; {"outcome", "message", "session"}, where outcome
                                       is paid, processing, declined, authenticate or closed (so for all verbs of a session)
POST /_control/sessions/{id}/decline   {"card_number"} optional, 4000000000000002 without
POST /_control/sessions/{id}/authenticate  {"succeeds": true}: the 3-D Secure step
POST /_control/sessions/{id}/delay     starts a delayed payment: complete and unpaid
POST /_control/sessions/{id}/settle    the delayed payment succeeds
POST /_control/sessions/{id}/fail      the delayed payment fails
POST /_control/sessions/{id}/expire    the session expires as if its time had come
POST /_control/payments/{id}/refund    {"amount", "reason", "metadata", "status"}, all optional: a refund from the dashboard of the
                                       payment of a session, intent or charge; status is the first one; the refund
POST /_control/refunds/{id}/succeed    an open refund is paid out; the refund
POST /_control/refunds/{id}/fail       {"failure_reason"} optional: the bank sends it back, also after it succeeded; the refund
POST /_control/payments/{id}/dispute   {"amount", "reason", "inquiry"}, all optional: the bank disputes the payment; the dispute
POST /_control/disputes/{id}/win       the bank decides for the merchant; so lose against; either ends an inquiry; the dispute
POST /_control/disputes/{id}/escalate  an inquiry becomes a chargeback over what was not refunded; the dispute
"""

from fnmatch import fnmatchcase
from typing import Literal

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import FromQuery, RawBody
from msgspec import UNSET, Struct, UnsetType

from entrypoints.sandbox import control_actions, control_money
from entrypoints.sandbox.banks import let_banks_decide
from entrypoints.sandbox.control_bodies import several, told
from entrypoints.sandbox.faults import ApiFault, DeliveryFault
from entrypoints.sandbox.money import CURRENCIES
from entrypoints.sandbox.sandbox import Sandbox, SeenRequest
from entrypoints.sandbox.wire import JsonObject

Box = NamedDependency[Sandbox]


class Settings(Struct, forbid_unknown_fields=True):
    """What can be set at run time."""

    webhook_url: str | UnsetType | None = UNSET
    webhook_secret: str | UnsetType = UNSET
    unsupported_currencies: list[str] | UnsetType = UNSET
    refunds_begin: Literal["succeeded", "pending", "requires_action"] | UnsetType = UNSET


class Advance(Struct, forbid_unknown_fields=True):
    """How far the clock goes ahead."""

    advance_seconds: float


@get("/health", sync_to_thread=False)
def health() -> dict[str, bool]:
    """Says that the sandbox is up."""
    return {"ok": True}


@get("/quiet", sync_to_thread=False)
def quiet(sandbox: Box) -> Response[JsonObject]:
    """Whether every delivery has come to its end."""
    states = ("waiting", "held", "delivered", "lost", "given_up")
    counts = {state: sandbox.deliveries.count(state) for state in states}
    is_quiet = counts["waiting"] == 0 and counts["held"] == 0
    return Response({"quiet": is_quiet, **counts}, status_code=200 if is_quiet else 409)


@post("/reset", status_code=200, sync_to_thread=False)
def reset(sandbox: Box) -> JsonObject:
    """Starts over."""
    sandbox.reset()
    return {"ok": True}


@get("/settings", sync_to_thread=False)
def show_settings(sandbox: Box) -> JsonObject:
    """What is set now."""
    return _settings(sandbox)


def _settings(sandbox: Sandbox) -> JsonObject:
    return {
        "webhook_url": sandbox.deliveries.webhook_url,
        "webhook_secret": sandbox.deliveries.webhook_secret,
        "unsupported_currencies": sandbox.state.unsupported_currencies,
        "refunds_begin": sandbox.state.refunds_begin,
        "clock_ahead_seconds": sandbox.state.clock_ahead_seconds,
        "paused": sandbox.deliveries.paused,
    }


@post("/settings", status_code=200, sync_to_thread=False)
def change_settings(body: RawBody, sandbox: Box) -> JsonObject:
    """Changes what is given."""
    given = told(body, Settings)
    if given.unsupported_currencies is not UNSET:
        lowered = [one.lower() for one in given.unsupported_currencies]
        unknown = [one for one in lowered if one not in CURRENCIES]
        if unknown:
            raise HTTPException(status_code=400, detail=f"no such currency: {unknown[0]}")
        sandbox.state.unsupported_currencies = lowered
    if given.refunds_begin is not UNSET:
        sandbox.state.refunds_begin = given.refunds_begin
    if given.webhook_url is not UNSET:
        sandbox.deliveries.webhook_url = given.webhook_url
    if given.webhook_secret is not UNSET:
        sandbox.deliveries.webhook_secret = given.webhook_secret
    sandbox.changed()
    return _settings(sandbox)


@post("/clock", status_code=200, sync_to_thread=False)
def move_clock(body: RawBody, sandbox: Box) -> JsonObject:
    """Lets time pass at once."""
    seconds = told(body, Advance).advance_seconds
    if not 0 <= seconds <= 10 * 366 * 86_400:
        raise HTTPException(status_code=400, detail="advance_seconds: from 0 to ten years")
    sandbox.state.clock_ahead_seconds += seconds
    sandbox.let_time_pass()
    let_banks_decide(sandbox)
    sandbox.changed()
    return {"now": int(sandbox.state.now())}


@get("/faults", sync_to_thread=False)
def list_faults(sandbox: Box) -> dict[str, list[ApiFault] | list[DeliveryFault]]:
    """What still waits for its call or event."""
    return {"api": sandbox.faults.api, "deliveries": sandbox.faults.delivery}


@post("/faults/api", status_code=201, sync_to_thread=False)
def add_api_faults(body: RawBody, sandbox: Box) -> dict[str, list[ApiFault]]:
    """One more, or several."""
    added = several(body, ApiFault)
    sandbox.faults.api.extend(added)
    return {"added": added}


@post("/faults/deliveries", status_code=201, sync_to_thread=False)
def add_delivery_faults(body: RawBody, sandbox: Box) -> dict[str, list[DeliveryFault]]:
    """One more, or several."""
    added = several(body, DeliveryFault)
    sandbox.faults.delivery.extend(added)
    return {"added": added}


@delete("/faults", status_code=200, sync_to_thread=False)
def clear_faults(sandbox: Box) -> JsonObject:
    """Forgets them."""
    sandbox.faults.clear()
    return {"ok": True}


@get("/requests", sync_to_thread=False)
def list_requests(
    sandbox: Box, method: FromQuery[str] = "*", path: FromQuery[str] = "*"
) -> dict[str, list[SeenRequest]]:
    """The API requests seen, oldest first."""
    seen = [one for one in sandbox.requests if fnmatchcase(one.method, method) and fnmatchcase(one.path, path)]
    return {"data": seen}


@delete("/requests", status_code=200, sync_to_thread=False)
def forget_requests(sandbox: Box) -> JsonObject:
    """Forgets them."""
    sandbox.requests.clear()
    return {"ok": True}


control = Router(
    "/_control",
    route_handlers=[
        health,
        quiet,
        reset,
        show_settings,
        change_settings,
        move_clock,
        list_faults,
        add_api_faults,
        add_delivery_faults,
        clear_faults,
        list_requests,
        forget_requests,
        *control_actions.HANDLERS,
        *control_money.HANDLERS,
    ],
)
