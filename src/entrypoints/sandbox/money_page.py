"""The page of a payment, as a dashboard would show it: where a developer refunds it, and plays the bank that fails or disputes."""

from collections.abc import Callable
from decimal import Decimal

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from entrypoints.sandbox import disputes, refunds
from entrypoints.sandbox.buyer_form import Fault, Fields, fields_of
from entrypoints.sandbox.cards import FRAUD, INQUIRY
from entrypoints.sandbox.errors import StripeFault
from entrypoints.sandbox.hosted_page import HEADERS, AnyRequest, Page, missing, reader_for, render
from entrypoints.sandbox.money import decimals
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.wire import JsonObject, new_id
from entrypoints.sandbox.words import Reader, phrase

REFUND_STATES = {
    "succeeded": phrase("Refunded"),
    "pending": phrase("Waits for the bank"),
    "requires_action": phrase("Waits for the buyer"),
    "failed": phrase("Failed"),
    "canceled": phrase("Taken back"),
}
DISPUTE_STATES = {
    "needs_response": phrase("Waits for an answer"),
    "under_review": phrase("The bank is deciding"),
    "won": phrase("Won"),
    "lost": phrase("Lost"),
    "warning_needs_response": phrase("The bank asks"),
    "warning_under_review": phrase("The bank is deciding"),
    "warning_closed": phrase("Closed"),
}
REASONS = {
    "fraudulent": phrase("Not paid by the holder of the card"),
    "product_not_received": phrase("Nothing was received"),
}
_WRONG_AMOUNT = Fault(phrase("Fill in an amount up to what is left."), "amount")
_TOO_LATE = Fault(phrase("That is not possible any more: see how the payment stands now."))
_DECISIONS: dict[str, tuple[str, Callable[[Sandbox, JsonObject], bool]]] = {
    "succeed_refund": ("refund", refunds.succeed),
    "fail_refund": ("refund", refunds.fail),
    "win_dispute": ("dispute", lambda sandbox, dispute: disputes.decide(sandbox, dispute, is_won=True)),
    "lose_dispute": ("dispute", lambda sandbox, dispute: disputes.decide(sandbox, dispute, is_won=False)),
    "escalate_dispute": ("dispute", disputes.escalate),
}


@get("/payments/{session_id:str}", sync_to_thread=False)
def show_payment(request: AnyRequest, session_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Page:
    """A payment as it stands."""
    session, charge = _paid(sandbox, session_id)
    reader = reader_for(request, session)
    if session is None or charge is None:
        return missing(reader)
    return _page(sandbox, session, charge, reader)


@post("/payments/{session_id:str}", status_code=200)
async def change_payment(request: AnyRequest, session_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Page:
    """A button was pressed: refund, dispute, or one of the decisions, whose value is the id that it is about."""
    fields = fields_of(await request.body())
    session, charge = _paid(sandbox, session_id)
    reader = reader_for(request, session)
    if session is None or charge is None:
        return missing(reader)
    fault = _act(sandbox, charge, fields)
    if fault is not None:
        return _page(sandbox, session, charge, reader, fault=fault, typed=fields.get("amount", ""))
    return Response("", status_code=303, headers={**HEADERS, "Location": f"/payments/{session['id']}"})


def _paid(sandbox: Sandbox, session_id: str) -> tuple[JsonObject | None, JsonObject | None]:
    """A session and the charge that paid it, as far as there are such."""
    session = sandbox.state.find("checkout.session", session_id)
    intent = sandbox.state.find("payment_intent", session["payment_intent"]) if session else None
    charge = sandbox.state.find("charge", intent["latest_charge"]) if intent else None
    return session, charge if charge is not None and charge["status"] == "succeeded" else None


def _act(sandbox: Sandbox, charge: JsonObject, fields: Fields) -> Fault | None:
    """Does it. Returns what stood in the way."""
    if "refund" in fields:
        return _refund(sandbox, charge, fields)
    if "dispute" in fields:
        if not _can_be_disputed(sandbox, charge):
            return _TOO_LATE
        amount = charge["amount"] - charge["amount_refunded"]
        disputes.open_dispute(sandbox, charge, INQUIRY if fields["dispute"] == "inquiry" else FRAUD, amount)
        return None
    for name, (kind, decide) in _DECISIONS.items():
        subject = sandbox.state.find(kind, fields.get(name))
        if subject is not None and subject["charge"] == charge["id"]:
            return None if decide(sandbox, subject) else _TOO_LATE
    return _TOO_LATE


def _refund(sandbox: Sandbox, charge: JsonObject, fields: Fields) -> Fault | None:
    amount = None
    if fields["refund"] == "part":
        amount = _minor(fields.get("amount", ""), charge["currency"])
        if amount is None:
            return _WRONG_AMOUNT
    request = {"id": new_id("req"), "idempotency_key": None}
    try:
        refund = refunds.make_refund(sandbox, charge, {"amount": amount}, request=request)
    except StripeFault as refused:
        return _WRONG_AMOUNT if refused.error.get("param") == "amount" else _TOO_LATE
    refunds.give_reference(sandbox, refund)
    return None


def _minor(text: str, currency: str) -> int | None:
    """What was typed, in minor units: "120", "120.5" and "120,50" of mad are 12000 and 12050. None where it is no amount."""
    try:
        scaled = Decimal(text.strip().replace(",", ".")).scaleb(decimals(currency))
    except ArithmeticError:
        return None
    is_whole = scaled.is_finite() and scaled == scaled.to_integral_value()
    return int(scaled) if is_whole and 0 < scaled < 10**12 else None


def _can_be_disputed(sandbox: Sandbox, charge: JsonObject) -> bool:
    is_whole = charge["amount_refunded"] == charge["amount"]
    return not is_whole and all(one["status"] in disputes.CLOSED for one in _of(sandbox, "dispute", charge))


def _of(sandbox: Sandbox, kind: str, charge: JsonObject) -> list[JsonObject]:
    """What belongs to a charge, newest first."""
    return [one for one in reversed(sandbox.state.kind(kind).values()) if one["charge"] == charge["id"]]


def _page(
    sandbox: Sandbox,
    session: JsonObject,
    charge: JsonObject,
    reader: Reader,
    *,
    fault: Fault | None = None,
    typed: str = "",
) -> Page:
    found = _of(sandbox, "dispute", charge)
    is_held = not all(one["is_charge_refundable"] for one in found)
    return render(
        "payment.html",
        200 if fault is None else 422 if fault.field else 409,
        reader,
        session=session,
        charge=charge,
        left=0 if is_held else charge["amount"] - charge["amount_refunded"],
        refunds=_of(sandbox, "refund", charge),
        disputes=found,
        closed=disputes.CLOSED,
        can_be_disputed=_can_be_disputed(sandbox, charge),
        refund_states=REFUND_STATES,
        dispute_states=DISPUTE_STATES,
        reasons=REASONS,
        fault=fault,
        typed=typed,
    )
