"""Disputes: opened by banks, answered with evidence, then won or lost, with the events that Stripe sends for each step."""

from entrypoints.sandbox import refunds
from entrypoints.sandbox.cards import Claim
from entrypoints.sandbox.errors import invalid
from entrypoints.sandbox.ledger import book_reversal, book_withdrawal
from entrypoints.sandbox.metadata import merge_metadata
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.state import State
from entrypoints.sandbox.wire import JsonObject, new_id

TEXTS = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
    "uncategorized_text",
)
FILES = (
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
)
CLOSED = ("won", "lost", "warning_closed")
DAY_SECONDS = 86_400
_UNDER_REVIEW = {"needs_response": "under_review", "warning_needs_response": "warning_under_review"}
_REASON_CODES = {"fraudulent": "10.4", "product_not_received": "13.1"}
_INQUIRY_CODE = "10"


def raise_claims(sandbox: Sandbox, charge: JsonObject, claims: tuple[Claim, ...]) -> None:
    """Opens the disputes of a test card, before anybody hears that its payment succeeded."""
    for place, claim in enumerate(claims):
        share = charge["amount"] * (place + 1) // len(claims) - charge["amount"] * place // len(claims)
        open_dispute(sandbox, charge, claim, share)


def open_dispute(sandbox: Sandbox, charge: JsonObject, claim: Claim, amount: int) -> JsonObject:
    """A new dispute over an amount in minor units. A chargeback takes the money at once, an inquiry only asks."""
    dispute = sandbox.state.add(_new_dispute(sandbox.state, charge, claim, amount))
    charge["disputed"] = True
    if not claim.is_inquiry:
        _withdraw(sandbox.state, dispute)
    sandbox.tell("charge.dispute.created", dispute)
    if not claim.is_inquiry:
        sandbox.tell("charge.dispute.funds_withdrawn", dispute)
        refunds.fail_open_refunds(sandbox, charge)
    sandbox.changed()
    return dispute


def is_inquiry(dispute: JsonObject) -> bool:
    """Whether a bank only asks so far."""
    return str(dispute["status"]).startswith("warning_")


def check_is_open(dispute: JsonObject) -> None:
    """Refuses to touch a dispute that was decided. Raises StripeFault (400)."""
    if dispute["status"] in CLOSED:
        raise invalid("This dispute is already closed")


def answer(sandbox: Sandbox, dispute: JsonObject, given: JsonObject, *, request: JsonObject | None) -> None:
    """Takes evidence and metadata. Evidence goes to the bank at once, unless `submit` is false: then it is kept for later."""
    before: JsonObject = {}
    if "metadata" in given:
        merge_metadata(dispute, given["metadata"], before)
    evidence, details = given.get("evidence") or {}, dispute["evidence_details"]
    new = {name: value for name, value in evidence.items() if dispute["evidence"][name] != value}
    if new:
        before["evidence"] = {name: dispute["evidence"][name] for name in new}
        dispute["evidence"].update(new)
    is_submitted = given.get("submit", "evidence" in given)
    changed: JsonObject = {}
    if "evidence" in given or is_submitted:
        changed["has_evidence"] = True
    if is_submitted:
        changed["submission_count"] = details["submission_count"] + 1
        _move(dispute, _UNDER_REVIEW.get(str(dispute["status"]), str(dispute["status"])), before)
    if changed_before := {name: details[name] for name, value in changed.items() if details[name] != value}:
        before["evidence_details"] = changed_before
        details.update(changed)
    if before:
        sandbox.tell("charge.dispute.updated", dispute, previous=before, request=request)
        _tell_charge(sandbox, dispute, request)
    sandbox.changed()


def follow_evidence(sandbox: Sandbox, dispute: JsonObject) -> None:
    """What the bank makes of the texts that decide disputes in Stripe's test mode."""
    text = dispute["evidence"]["uncategorized_text"]
    if dispute["evidence_details"]["submission_count"] == 0 or dispute["status"] in CLOSED:
        return
    if text in ("winning_evidence", "losing_evidence"):
        decide(sandbox, dispute, is_won=text == "winning_evidence")
    elif text == "escalate_inquiry_evidence":
        escalate(sandbox, dispute)


def decide(sandbox: Sandbox, dispute: JsonObject, *, is_won: bool) -> bool:
    """The bank's verdict; an inquiry ends without one. Returns whether the dispute was open."""
    if dispute["status"] in CLOSED:
        return False
    before: JsonObject = {}
    if is_inquiry(dispute):
        _move(dispute, "warning_closed", before)
    elif is_won:
        _move(dispute, "won", before)
        dispute["is_charge_refundable"] = True
        dispute["balance_transactions"].append(book_reversal(sandbox.state, dispute))
        sandbox.tell("charge.dispute.funds_reinstated", dispute)
    else:
        _move(dispute, "lost", before)
    sandbox.tell("charge.dispute.closed", dispute, previous=before)
    sandbox.changed()
    return True


def accept(sandbox: Sandbox, dispute: JsonObject, *, request: JsonObject | None) -> None:
    """The merchant gives in: a chargeback is lost, an inquiry closed. Raises StripeFault (400) when it was closed before."""
    check_is_open(dispute)
    before: JsonObject = {}
    _move(dispute, "warning_closed" if is_inquiry(dispute) else "lost", before)
    sandbox.tell("charge.dispute.closed", dispute, previous=before, request=request)
    _tell_charge(sandbox, dispute, request)
    sandbox.changed()


def escalate(sandbox: Sandbox, dispute: JsonObject) -> bool:
    """An inquiry becomes a chargeback over what was not refunded meanwhile. Returns whether it could."""
    charge = sandbox.state.kind("charge")[dispute["charge"]]
    left = charge["amount"] - charge["amount_refunded"]
    if not is_inquiry(dispute) or dispute["status"] in CLOSED or left <= 0:
        return False
    before: JsonObject = {"is_charge_refundable": True}
    _move(dispute, "needs_response", before)
    if dispute["amount"] > left:
        before["amount"], dispute["amount"] = dispute["amount"], left
    dispute["is_charge_refundable"] = False
    if card := dispute.get("payment_method_details", {}).get("card"):
        card.update(case_type="chargeback", network_reason_code=_REASON_CODES.get(dispute["reason"]))
    _withdraw(sandbox.state, dispute)
    sandbox.tell("charge.dispute.updated", dispute, previous=before)
    sandbox.tell("charge.dispute.funds_withdrawn", dispute)
    refunds.fail_open_refunds(sandbox, charge)
    sandbox.changed()
    return True


def _withdraw(state: State, dispute: JsonObject) -> None:
    dispute["balance_transactions"].append(book_withdrawal(state, dispute))


def _move(dispute: JsonObject, status: str, before: JsonObject) -> None:
    if dispute["status"] != status:
        before["status"], dispute["status"] = dispute["status"], status


def _tell_charge(sandbox: Sandbox, dispute: JsonObject, request: JsonObject | None) -> None:
    """Stripe tells of the charge as well, though nothing that it shows of it has changed."""
    charge = sandbox.state.kind("charge")[dispute["charge"]]
    sandbox.tell("charge.updated", charge, previous={}, request=request)


def _new_dispute(state: State, charge: JsonObject, claim: Claim, amount: int) -> JsonObject:
    now = int(state.now())
    buyer = {
        "customer_email_address": charge["billing_details"]["email"],
        "customer_name": charge["billing_details"]["name"],
    }
    dispute: JsonObject = {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys((*TEXTS, *FILES)), **buyer, "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": (now // DAY_SECONDS + 9) * DAY_SECONDS - 1,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": claim.is_inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": claim.reason,
        "status": "warning_needs_response" if claim.is_inquiry else "needs_response",
    }
    card = charge["payment_method_details"].get("card")
    if card is not None:
        details = {
            "brand": card["brand"],
            "case_type": "inquiry" if claim.is_inquiry else "chargeback",
            "network": card["network"],
            "network_reason_code": _INQUIRY_CODE if claim.is_inquiry else _REASON_CODES[claim.reason],
        }
        dispute["payment_method_details"] = {"card": details, "type": "card"}
    return dispute
