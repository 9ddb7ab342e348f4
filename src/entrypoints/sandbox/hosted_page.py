"""The page where buyers pay: plain HTML without scripts, made on the server, and visibly a sandbox."""

import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response, get, post
from litestar.datastructures import State as AppState
from litestar.di import NamedDependency
from litestar.params import FromPath

from entrypoints.sandbox.cards import CARDS, PROMINENT, digits, is_card_number
from entrypoints.sandbox.checkout import Outcome, authenticate, pay, settle, start_delayed
from entrypoints.sandbox.money import written
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.wire import JsonObject

_HERE = Path(__file__).parent
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["money"] = written
_STYLE = (_HERE / "static" / "sandbox.css").read_bytes()

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
FORM_BYTES_MAX = 20_000
Page = Response[str]
AnyRequest = Request[None, None, AppState]


@get("/assets/sandbox.css", sync_to_thread=False)
def style() -> Response[bytes]:
    """The style sheet of all pages."""
    return Response(_STYLE, media_type="text/css", headers={"X-Content-Type-Options": "nosniff"})


@get("/c/pay/{session_id:str}", sync_to_thread=False)
def show(session_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Page:
    """The page of a session as it stands."""
    sandbox.let_time_pass()
    session = sandbox.state.find("checkout.session", session_id)
    return missing() if session is None else _page(sandbox, session)


@post("/c/pay/{session_id:str}", status_code=200)
async def submit(request: AnyRequest, session_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Page:
    """A button was pressed: `action` is pay, delayed, expire, authenticate, fail_authentication, settle or fail."""
    body = await request.body()
    session = sandbox.state.find("checkout.session", session_id)
    if session is None:
        return missing()
    fields = _fields(body)
    action = "pay" if fields.get("test_card") else fields.get("action", "")
    if action == "expire":
        sandbox.let_time_pass()
        if session["status"] == "open":
            sandbox.expire(session)
            sandbox.changed()
        return _page(sandbox, session)
    outcome = _act(sandbox, session, action, fields)
    if isinstance(outcome, str):
        return _page(sandbox, session, fault=outcome, fields=fields, status=422)
    return await _after(sandbox, session, outcome, fields)


def _act(sandbox: Sandbox, session: JsonObject, action: str, fields: dict[str, str]) -> Outcome | str:
    """Does it. Returns the outcome, or what the buyer has to correct first."""
    if action in ("authenticate", "fail_authentication"):
        return authenticate(sandbox, session, succeeds=action == "authenticate")
    if action in ("settle", "fail"):
        return settle(sandbox, session, succeeds=action == "settle")
    if action not in ("pay", "delayed"):
        return "Choose how to pay."
    email, name = fields.get("email") or None, fields.get("card_name") or None
    if email is not None and not re.match(r"[^@\s]+@[^@\s]+\.[^@\s.]+\Z", email):
        return "Your email is invalid."
    if action == "delayed":
        return start_delayed(sandbox, session, email=email, name=name)
    number = digits(fields.get("test_card") or fields.get("card_number", ""))
    wrong = None if session["amount_total"] == 0 or session["status"] != "open" else _wrong_card(number, fields)
    return wrong or pay(sandbox, session, number, email=email, name=name)


def _wrong_card(number: str, fields: dict[str, str]) -> str | None:
    """What Checkout says about a card before it is tried. Fields that a script leaves out are not judged."""
    if not number:
        return "Your card number is incomplete."
    if not is_card_number(number):
        return "Your card number is invalid."
    if fields.get("test_card"):
        return None
    expiry, code = fields.get("card_expiry", ""), fields.get("card_cvc", "")
    if expiry:
        found = re.match(r"(0?[1-9]|1[0-2])\s*/?\s*(?:20)?(\d\d)\Z", expiry.strip())
        if not found:
            return "Your card's expiration date is incomplete."
        today = datetime.now(UTC)
        if (2000 + int(found[2]), int(found[1])) < (today.year, today.month):
            return "Your card's expiration date is in the past."
    if code and not re.match(r"\d{4}\Z" if number.startswith("3") else r"\d{3,4}\Z", code.strip()):
        return "Your card's security code is incomplete."
    return None


async def _after(sandbox: Sandbox, session: JsonObject, outcome: Outcome, fields: dict[str, str]) -> Page:
    if outcome.event_id is not None:
        await sandbox.deliveries.wait_for_success(outcome.event_id, sandbox.config.redirect_wait_seconds)
        return Response("", status_code=303, headers={**HEADERS, "Location": success_address(session)})
    if outcome.result == "declined" and session["status"] == "open":
        return _page(sandbox, session, fault=outcome.message, fields=fields, status=402)
    if outcome.result == "closed" and session["status"] != "open":
        return _page(sandbox, session, status=409)
    return Response("", status_code=303, headers={**HEADERS, "Location": f"/c/pay/{session['id']}"})


def success_address(session: JsonObject) -> str:
    """Where the buyer goes after paying, with the session's id in place of the placeholder."""
    address: str = session["success_url"]
    for placeholder in ("{CHECKOUT_SESSION_ID}", "%7BCHECKOUT_SESSION_ID%7D"):
        address = address.replace(placeholder, session["id"])
    return address.encode("ascii", "ignore").decode()


def _fields(body: bytes) -> dict[str, str]:
    if len(body) > FORM_BYTES_MAX:
        return {}
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        return {}


def _page(
    sandbox: Sandbox,
    session: JsonObject,
    *,
    fault: str | None = None,
    fields: dict[str, str] | None = None,
    status: int = 200,
) -> Page:
    notes = sandbox.state.notes[session["id"]]
    common = {"session": session, "merchant": session["branding_settings"]["display_name"]}
    if session["status"] != "open":
        intent = sandbox.state.find("payment_intent", session["payment_intent"])
        common["is_undecided"] = intent is not None and intent["status"] == "processing"
        return render("closed.html", status, **common, success_address=success_address(session))
    if notes.awaited_card is not None:
        return render("authenticate.html", status, **common, last4=notes.awaited_card[-4:])
    customer = sandbox.state.find("customer", session["customer"])
    cancel = session["cancel_url"] and session["cancel_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
    return render(
        "pay.html",
        status,
        **common,
        lines=sandbox.state.line_items[session["id"]],
        known_email=customer["email"] if customer else session["customer_email"],
        cancel_address=cancel,
        fault=fault,
        fields=fields or {},
        cards=[CARDS[number] for number in PROMINENT],
        more_cards=[card for card in CARDS.values() if card.number not in PROMINENT],
        ends=datetime.fromtimestamp(session["expires_at"], UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


def missing() -> Page:
    """The page for an address that leads nowhere."""
    return render("missing.html", 404)


def render(name: str, status: int, **values: object) -> Page:
    """One of the templates as an answer."""
    text = _TEMPLATES.get_template(name).render(**values)
    return Response(text, status_code=status, media_type="text/html", headers=HEADERS)
