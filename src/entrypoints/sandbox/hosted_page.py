"""The page where buyers pay: plain HTML without scripts, made on the server, and visibly a sandbox."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response, get, post
from litestar.datastructures import State as AppState
from litestar.di import NamedDependency
from litestar.params import FromPath
from markupsafe import Markup

from entrypoints.sandbox.buyer_form import Fault, Fields, fields_of, grouped, kind, shown_again, wrong_card, wrong_email
from entrypoints.sandbox.cards import CARDS, PROMINENT, digits
from entrypoints.sandbox.checkout import Outcome, authenticate, pay, settle, start_delayed
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.wire import JsonObject
from entrypoints.sandbox.words import Reader, phrase, reader_of

_HERE = Path(__file__).parent
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["grouped"] = grouped
_TEMPLATES.filters["kind"] = kind
_TEMPLATES.filters["apart"] = Markup("<bdi>{}</bdi>").format
_STYLE = (_HERE / "static" / "sandbox.css").read_bytes()
_AT_HAND = PROMINENT[:4]
_OTHERS = [*PROMINENT[4:], *(number for number in CARDS if number not in PROMINENT)]

# Browsers hold redirects after a form to form-action too, and success_url may lead anywhere.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self' http: https:; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_ANYBODY = Reader()
INDEX_LENGTH = 20
STATES = {
    "open": phrase("Open"),
    "complete": phrase("Paid"),
    "refunded": phrase("Refunded"),
    "partly_refunded": phrase("Refunded in part"),
    "disputed": phrase("Disputed"),
    "processing": phrase("Waits for the bank"),
    "failed": phrase("Failed"),
    "expired": phrase("Expired"),
}
Page = Response[str]
AnyRequest = Request[None, None, AppState]


@get("/assets/sandbox.css", sync_to_thread=False)
def style() -> Response[bytes]:
    """The style sheet of all pages."""
    return Response(_STYLE, media_type="text/css", headers={"X-Content-Type-Options": "nosniff"})


@get("/", sync_to_thread=False)
def index(request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Page:
    """The newest checkouts, each with its page: where delayed payments are let succeed or fail."""
    sandbox.let_time_pass()
    reader = reader_for(request, None)
    sessions = list(sandbox.state.kind("checkout.session").values())[: -INDEX_LENGTH - 1 : -1]
    states = {session["id"]: reader.say(STATES[_state(sandbox, session)]) for session in sessions}
    return render("index.html", 200, reader, sessions=sessions, states=states)


def _state(sandbox: Sandbox, session: JsonObject) -> str:
    status: str = session["status"]
    if status == "complete" and session["payment_status"] == "unpaid":
        return "processing" if _is_undecided(sandbox, session) else "failed"
    intent = sandbox.state.find("payment_intent", session["payment_intent"])
    charge = sandbox.state.find("charge", intent["latest_charge"]) if intent else None
    if status != "complete" or charge is None:
        return status
    if charge["amount_refunded"]:
        return "refunded" if charge["refunded"] else "partly_refunded"
    return "disputed" if charge["disputed"] else status


def _is_undecided(sandbox: Sandbox, session: JsonObject) -> bool:
    """Whether a delayed payment waits for somebody to let it succeed or fail."""
    intent = sandbox.state.find("payment_intent", session["payment_intent"])
    return intent is not None and intent["status"] == "processing"


@get("/c/pay/{session_id:str}", sync_to_thread=False)
def show(request: AnyRequest, session_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Page:
    """The page of a session as it stands."""
    sandbox.let_time_pass()
    session = sandbox.state.find("checkout.session", session_id)
    reader = reader_for(request, session)
    return missing(reader) if session is None else _page(sandbox, session, reader)


@post("/c/pay/{session_id:str}", status_code=200)
async def submit(request: AnyRequest, session_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Page:
    """A button was pressed: `action` is pay, delayed, expire, authenticate, fail_authentication, settle or fail."""
    body = await request.body()
    session = sandbox.state.find("checkout.session", session_id)
    reader = reader_for(request, session)
    if session is None:
        return missing(reader)
    fields = fields_of(body)
    action = "pay" if fields.get("test_card") else fields.get("action", "")
    if action == "expire":
        sandbox.let_time_pass()
        if session["status"] == "open":
            sandbox.expire(session)
            sandbox.changed()
        return _page(sandbox, session, reader)
    outcome = _act(sandbox, session, action, fields)
    if isinstance(outcome, Fault):
        return _page(sandbox, session, reader, fault=outcome, fields=fields, status=422)
    return await _after(sandbox, session, reader, outcome, fields)


def reader_for(request: AnyRequest, session: JsonObject | None) -> Reader:
    """Who reads the page of a session, or one that belongs to none."""
    return reader_of(session["locale"] if session else None, request.headers.get("accept-language", ""))


def _act(sandbox: Sandbox, session: JsonObject, action: str, fields: Fields) -> Outcome | Fault:
    """Does it. Returns the outcome, or what the buyer has to correct first."""
    if action in ("authenticate", "fail_authentication"):
        return authenticate(sandbox, session, succeeds=action == "authenticate")
    if action in ("settle", "fail"):
        return settle(sandbox, session, succeeds=action == "settle")
    if action not in ("pay", "delayed"):
        return Fault(phrase("Choose how to pay."))
    email, name = fields.get("email") or None, fields.get("card_name") or None
    if wrong := wrong_email(email):
        return wrong
    if action == "delayed":
        return start_delayed(sandbox, session, email=email, name=name)
    number = digits(fields.get("test_card") or fields.get("card_number", ""))
    is_tried = session["amount_total"] != 0 and session["status"] == "open"
    wrong = wrong_card(number, fields) if is_tried else None
    return wrong or pay(sandbox, session, number, email=email, name=name)


async def _after(sandbox: Sandbox, session: JsonObject, reader: Reader, outcome: Outcome, fields: Fields) -> Page:
    if outcome.event_id is not None:
        await sandbox.deliveries.wait_for_success(outcome.event_id, sandbox.config.redirect_wait_seconds)
        return Response("", status_code=303, headers={**HEADERS, "Location": success_address(session)})
    if outcome.result == "declined" and session["status"] == "open":
        return _page(sandbox, session, reader, fault=Fault(outcome.message or ""), fields=fields, status=402)
    if outcome.result == "closed" and session["status"] != "open":
        return _page(sandbox, session, reader, status=409)
    return Response("", status_code=303, headers={**HEADERS, "Location": f"/c/pay/{session['id']}"})


def success_address(session: JsonObject) -> str:
    """Where the buyer goes after paying, with the session's id in place of the placeholder."""
    return _with_id(session["success_url"], session).encode("ascii", "ignore").decode()


def _with_id(address: str, session: JsonObject) -> str:
    for placeholder in ("{CHECKOUT_SESSION_ID}", "%7BCHECKOUT_SESSION_ID%7D"):
        address = address.replace(placeholder, session["id"])
    return address


def _page(
    sandbox: Sandbox,
    session: JsonObject,
    reader: Reader,
    *,
    fault: Fault | None = None,
    fields: Fields | None = None,
    status: int = 200,
) -> Page:
    notes = sandbox.state.notes[session["id"]]
    common = {
        "session": session,
        "merchant": session["branding_settings"]["display_name"],
        "cancel_address": session["cancel_url"] and _with_id(session["cancel_url"], session),
    }
    if session["status"] != "open":
        common["is_undecided"] = _is_undecided(sandbox, session)
        return render("closed.html", status, reader, **common, success_address=success_address(session))
    if notes.awaited_card is not None:
        return render("authenticate.html", status, reader, **common, last4=notes.awaited_card[-4:])
    customer = sandbox.state.find("customer", session["customer"])
    return render(
        "pay.html",
        status,
        reader,
        **common,
        lines=_lines(sandbox, session),
        known_email=customer["email"] if customer else session["customer_email"],
        known_name=customer["name"] if customer else None,
        fault=fault,
        fields=shown_again(fields or {}),
        cards=[CARDS[number] for number in _AT_HAND],
        more_cards=[CARDS[number] for number in _OTHERS],
    )


def _lines(sandbox: Sandbox, session: JsonObject) -> list[JsonObject]:
    """The line items, each with what its product is described as."""
    products = sandbox.state.kind("product")
    items: list[JsonObject] = sandbox.state.line_items[session["id"]]
    return [{**item, "details": products[item["price"]["product"]]["description"]} for item in items]


def missing(reader: Reader = _ANYBODY) -> Page:
    """The page for an address that leads nowhere."""
    return render("missing.html", 404, reader)


def render(name: str, status: int, reader: Reader = _ANYBODY, **values: object) -> Page:
    """One of the templates as an answer."""
    own = {"_": reader.say, "amount": reader.amount, "moment": reader.moment, "language": reader.language}
    text = _TEMPLATES.get_template(name).render(own, **values)
    headers = {**HEADERS, "Content-Language": reader.language}
    return Response(text, status_code=status, media_type="text/html", headers=headers)
