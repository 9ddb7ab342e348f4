"""What buyers, banks and time do to a Checkout Session, with the events that Stripe sends for it, in their causal order."""

from dataclasses import dataclass
from typing import Literal

from entrypoints.sandbox import disputes, invoices
from entrypoints.sandbox.cards import DELAYED_REFUSED, NOT_AUTHENTICATED, Card, Decline, card_of
from entrypoints.sandbox.customers import new_customer
from entrypoints.sandbox.ledger import book_charge
from entrypoints.sandbox.payments import (
    decide_charge,
    decline_error,
    new_charge,
    new_payment_intent,
    new_payment_method,
)
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.sessions import buyer_details, close
from entrypoints.sandbox.state import SessionNotes
from entrypoints.sandbox.wire import JsonObject


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt. event_id: the checkout.session.completed that a redirect waits for."""

    result: Literal["paid", "processing", "declined", "authenticate", "closed"]
    message: str | None = None
    event_id: str | None = None


def pay(
    sandbox: Sandbox, session: JsonObject, card_number: str, *, email: str | None = None, name: str | None = None
) -> Outcome:
    """One press of "Pay" with a card. Of several at the same time exactly one pays."""
    sandbox.let_time_pass()
    if session["status"] != "open":
        return Outcome("closed")
    _note_buyer(sandbox, session, email, name)
    _take_customer(sandbox, session)
    if session["amount_total"] == 0:
        return _complete_free(sandbox, session)
    card = card_of(card_number)
    intent = _intent(sandbox, session)
    if card.asks:
        _ask_to_authenticate(sandbox, session, intent, card)
        return Outcome("authenticate")
    return _charge(sandbox, session, intent, card, card.decline)


def authenticate(sandbox: Sandbox, session: JsonObject, *, succeeds: bool) -> Outcome:
    """The end of the 3-D Secure step that a card asked for."""
    sandbox.let_time_pass()
    notes = sandbox.state.notes[session["id"]]
    if session["status"] != "open" or notes.awaited_card is None:
        return Outcome("closed")
    card = card_of(notes.awaited_card)
    notes.awaited_card = None
    intent = _intent(sandbox, session)
    if succeeds:
        return _charge(sandbox, session, intent, card, card.decline)
    method = sandbox.state.kind("payment_method")[intent["payment_method"]]
    return _decline(sandbox, intent, method, None, NOT_AUTHENTICATED)


def start_delayed(
    sandbox: Sandbox, session: JsonObject, *, email: str | None = None, name: str | None = None
) -> Outcome:
    """A bank debit: the session is complete at once, the money is decided later by `settle`."""
    sandbox.let_time_pass()
    if session["status"] != "open":
        return Outcome("closed")
    _note_buyer(sandbox, session, email, name)
    _take_customer(sandbox, session)
    if session["amount_total"] == 0:
        return _complete_free(sandbox, session)
    notes = sandbox.state.notes[session["id"]]
    intent = _intent(sandbox, session)
    method = new_payment_method(sandbox.state, None, session)
    charge = new_charge(sandbox.state, intent, method, None, session, sandbox.base_url)
    intent.update(
        status="processing",
        payment_method=method["id"],
        latest_charge=charge["id"],
        next_action=None,
        last_payment_error=None,
    )
    sandbox.tell("charge.pending", charge)
    sandbox.tell("payment_intent.processing", intent)
    close(session, "complete")
    delay = sandbox.config.async_delay_seconds
    notes.settle_at = None if delay is None else sandbox.state.now() + delay
    event = sandbox.tell("checkout.session.completed", session)
    sandbox.changed()
    return Outcome("processing", event_id=event["id"])


def settle(sandbox: Sandbox, session: JsonObject, *, succeeds: bool) -> Outcome:
    """The bank decides about a delayed payment."""
    if session["status"] != "complete" or session["payment_status"] != "unpaid":
        return Outcome("closed")
    intent = sandbox.state.kind("payment_intent")[session["payment_intent"]]
    if intent["status"] != "processing":
        return Outcome("closed")
    charge = sandbox.state.kind("charge")[intent["latest_charge"]]
    sandbox.state.notes[session["id"]].settle_at = None
    decide_charge(charge, None if succeeds else DELAYED_REFUSED)
    if not succeeds:
        method = sandbox.state.kind("payment_method")[intent["payment_method"]]
        outcome = _decline(sandbox, intent, method, charge, DELAYED_REFUSED)
        sandbox.tell("checkout.session.async_payment_failed", session)
        sandbox.changed()
        return outcome
    sandbox.tell("charge.succeeded", charge)
    intent.update(status="succeeded", amount_received=intent["amount"])
    sandbox.tell("payment_intent.succeeded", intent)
    session["payment_status"] = "paid"
    steps = _invoice(sandbox, session, intent)
    sandbox.tell("checkout.session.async_payment_succeeded", session)
    _tell_all(sandbox, steps)
    _book(sandbox, charge)
    sandbox.changed()
    return Outcome("paid")


def settle_due(sandbox: Sandbox) -> None:
    """Settles the delayed payments whose time has come."""
    now = sandbox.state.now()
    for session_id, notes in list(sandbox.state.notes.items()):
        if notes.settle_at is not None and notes.settle_at <= now:
            settle(sandbox, sandbox.state.kind("checkout.session")[session_id], succeeds=True)


def _note_buyer(sandbox: Sandbox, session: JsonObject, email: str | None, name: str | None) -> None:
    details = session["customer_details"] or {}
    known = email or details.get("email") or "buyer@example.com"
    session["customer_details"] = buyer_details(known, name or details.get("name"))
    notes = sandbox.state.notes[session["id"]]
    notes.buyer_email, notes.buyer_name = known, name


def _intent(sandbox: Sandbox, session: JsonObject) -> JsonObject:
    known = sandbox.state.find("payment_intent", session["payment_intent"])
    if known is not None:
        return known
    notes = sandbox.state.notes[session["id"]]
    intent = new_payment_intent(sandbox.state, session, notes.payment_intent_data)
    session["payment_intent"] = intent["id"]
    sandbox.tell("payment_intent.created", intent)
    return intent


def _ask_to_authenticate(sandbox: Sandbox, session: JsonObject, intent: JsonObject, card: Card) -> None:
    method = new_payment_method(sandbox.state, card, session)
    intent.update(
        status="requires_action",
        payment_method=method["id"],
        last_payment_error=None,
        next_action={"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}},
    )
    sandbox.state.notes[session["id"]].awaited_card = card.number
    sandbox.tell("payment_intent.requires_action", intent)
    sandbox.changed()


def _charge(sandbox: Sandbox, session: JsonObject, intent: JsonObject, card: Card, decline: Decline | None) -> Outcome:
    sandbox.state.notes[session["id"]].awaited_card = None
    method = new_payment_method(sandbox.state, card, session)
    charge = new_charge(sandbox.state, intent, method, card, session, sandbox.base_url)
    decide_charge(charge, decline)
    if decline is not None:
        return _decline(sandbox, intent, method, charge, decline)
    sandbox.tell("charge.succeeded", charge)
    disputes.raise_claims(sandbox, charge, card.claims)
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        payment_method=method["id"],
        next_action=None,
        last_payment_error=None,
    )
    sandbox.tell("payment_intent.succeeded", intent)
    close(session, "complete")
    session["payment_status"] = "paid"
    steps = _invoice(sandbox, session, intent)
    event = sandbox.tell("checkout.session.completed", session)
    _tell_all(sandbox, steps)
    _book(sandbox, charge)
    sandbox.changed()
    return Outcome("paid", event_id=event["id"])


def _complete_free(sandbox: Sandbox, session: JsonObject) -> Outcome:
    close(session, "complete")
    session["payment_status"] = "no_payment_required"
    steps = _invoice(sandbox, session, None)
    event = sandbox.tell("checkout.session.completed", session)
    _tell_all(sandbox, steps)
    sandbox.changed()
    return Outcome("paid", event_id=event["id"])


def _decline(
    sandbox: Sandbox, intent: JsonObject, method: JsonObject, charge: JsonObject | None, decline: Decline
) -> Outcome:
    if charge is not None:
        intent["latest_charge"] = charge["id"]
        sandbox.tell("charge.failed", charge)
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        last_payment_error=decline_error(decline, charge, method),
    )
    sandbox.tell("payment_intent.payment_failed", intent)
    sandbox.changed()
    return Outcome("declined", decline.message)


def _take_customer(sandbox: Sandbox, session: JsonObject) -> None:
    """Makes the customer of a buyer who has none, at the first attempt, where the session asks for one."""
    if session["customer"] is None and session["customer_creation"] == "always":
        details = session["customer_details"]
        customer = new_customer(sandbox.state, {"email": details["email"], "name": details["name"]})
        session["customer"] = customer["id"]
        sandbox.tell("customer.created", customer)


def _invoice(sandbox: Sandbox, session: JsonObject, intent: JsonObject | None) -> list[tuple[str, JsonObject]]:
    """Makes the paid invoice. Returns what must be told of it, each as it was at that step."""
    if not session["invoice_creation"]["enabled"]:
        return []
    notes: SessionNotes = sandbox.state.notes[session["id"]]
    invoice = invoices.draft_invoice(sandbox.state, session, notes.invoice_data)
    steps = [("invoice.created", _as_is(invoice))]
    invoices.finalize(sandbox.state, invoice, sandbox.base_url)
    steps.append(("invoice.finalized", _as_is(invoice)))
    payment = invoices.pay(sandbox.state, invoice, intent)
    session["invoice"] = invoice["id"]
    if intent is not None:
        intent["payment_details"] = {"customer_reference": None, "order_reference": invoice["id"]}
    steps += [("invoice.paid", invoice), ("invoice.payment_succeeded", invoice)]
    return steps if payment is None else [*steps, ("invoice_payment.paid", payment)]


def _as_is(invoice: JsonObject) -> JsonObject:
    return {**invoice, "status_transitions": dict(invoice["status_transitions"])}


def _tell_all(sandbox: Sandbox, steps: list[tuple[str, JsonObject]]) -> None:
    for event_type, subject in steps:
        sandbox.tell(event_type, subject)


def _book(sandbox: Sandbox, charge: JsonObject) -> None:
    charge["balance_transaction"] = book_charge(sandbox.state, charge)["id"]
    sandbox.tell("charge.updated", charge, previous={"balance_transaction": None})
