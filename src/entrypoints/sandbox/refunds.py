"""Refunds: made by call or in the dashboard, then decided by the bank, with the events that Stripe sends for each step."""

import copy

from entrypoints.sandbox.cards import paying_card
from entrypoints.sandbox.errors import already_refunded, charged_back, invalid, nothing_to_refund
from entrypoints.sandbox.ledger import book_refund, book_refund_failure
from entrypoints.sandbox.metadata import merge_metadata, set_metadata
from entrypoints.sandbox.money import written_in_refusals
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.state import RefundFate, State
from entrypoints.sandbox.wire import JsonObject, new_id

_OPEN = ("pending", "requires_action")
_PENDING_REASONS = {"pending": "processing"}


def make_refund(
    sandbox: Sandbox, charge: JsonObject, given: JsonObject, *, request: JsonObject | None, status: str | None = None
) -> JsonObject:
    """A refund of a charge. Raises StripeFault (400), before any effect.

    given: amount in minor units (all that is left when absent), reason, metadata. status: the first one, when not the usual.
    The charge counts a pending refund as well, so that no second one can take the same money.
    """
    amount = _refundable(sandbox.state, charge, given.get("amount"))
    first, fate = (status, None) if status else _beginning(sandbox, charge)
    refund = sandbox.state.add(_new_refund(sandbox.state, charge, given, amount, first))
    if first != "requires_action":
        refund["balance_transaction"] = book_refund(sandbox.state, refund, charge)["id"]
    if fate is not None:
        sandbox.state.refund_fates[refund["id"]] = fate
    sandbox.tell("refund.created", refund, request=request)
    before = _count(charge, amount)
    sandbox.tell("charge.refunded", charge, previous=before, request=request)
    return refund


def give_reference(sandbox: Sandbox, refund: JsonObject) -> None:
    """The card network names its reference for a refund that succeeded: a change without consequence, told all the same."""
    card = refund.get("destination_details", {}).get("card")
    if refund["status"] == "succeeded" and card is not None and card["reference_status"] == "pending":
        before = {"destination_details": {"card": {"reference": None, "reference_status": "pending"}}}
        card.update(reference=f"{sandbox.state.now():.0f}00"[:12], reference_status="available")
        _tell_changed(sandbox, refund, before)
    sandbox.changed()


def succeed(sandbox: Sandbox, refund: JsonObject) -> bool:
    """The bank pays out a refund that was open. Returns whether it was."""
    if refund["status"] not in _OPEN:
        return False
    sandbox.state.refund_fates.pop(refund["id"], None)
    before = _move(refund, "succeeded")
    if refund["balance_transaction"] is None:
        charge = sandbox.state.kind("charge")[refund["charge"]]
        refund["balance_transaction"] = book_refund(sandbox.state, refund, charge)["id"]
        before["balance_transaction"] = None
    _tell_changed(sandbox, refund, before)
    give_reference(sandbox, refund)
    return True


def fail(sandbox: Sandbox, refund: JsonObject, reason: str = "expired_or_canceled_card") -> bool:
    """The bank sends a refund back, days after it succeeded perhaps. Returns whether it could.

    The money is the merchant's again, and the charge can be refunded anew.
    """
    if refund["status"] not in ("succeeded", *_OPEN):
        return False
    sandbox.state.refund_fates.pop(refund["id"], None)
    before = _move(refund, "failed")
    refund["failure_reason"] = reason
    before["failure_reason"] = None
    if refund["balance_transaction"] is not None:
        refund["failure_balance_transaction"] = book_refund_failure(sandbox.state, refund)["id"]
        before["failure_balance_transaction"] = None
    _count(sandbox.state.kind("charge")[refund["charge"]], -refund["amount"])
    sandbox.tell("refund.updated", refund, previous=before)
    sandbox.tell("refund.failed", refund, previous=before)
    sandbox.tell("charge.refund.updated", refund, previous=before)
    sandbox.changed()
    return True


def cancel(sandbox: Sandbox, refund: JsonObject, *, request: JsonObject | None) -> None:
    """Takes an open refund back. Raises StripeFault (400) for any other."""
    if refund["status"] not in _OPEN:
        raise invalid("Canceling this refund is unsupported.")
    sandbox.state.refund_fates.pop(refund["id"], None)
    before = _move(refund, "canceled")
    if refund["balance_transaction"] is not None:
        refund["failure_balance_transaction"] = book_refund_failure(sandbox.state, refund)["id"]
        before["failure_balance_transaction"] = None
    _count(sandbox.state.kind("charge")[refund["charge"]], -refund["amount"])
    _tell_changed(sandbox, refund, before, request)


def change_metadata(sandbox: Sandbox, refund: JsonObject, given: JsonObject, *, request: JsonObject | None) -> None:
    """The only thing about a refund that a call can change."""
    before: JsonObject = {}
    if "metadata" in given:
        merge_metadata(refund, given["metadata"], before)
    if before:
        _tell_changed(sandbox, refund, before, request)


def fail_open_refunds(sandbox: Sandbox, charge: JsonObject) -> None:
    """A chargeback overtakes the refunds that were not paid out yet."""
    for refund in list(sandbox.state.kind("refund").values()):
        if refund["charge"] == charge["id"] and refund["status"] in _OPEN:
            fail(sandbox, refund, "charge_for_pending_refund_disputed")


def settle_due_refunds(sandbox: Sandbox) -> None:
    """Decides the refunds whose time has come."""
    now = sandbox.state.now()
    for refund_id, fate in list(sandbox.state.refund_fates.items()):
        if fate.at is not None and fate.at <= now:
            refund = sandbox.state.kind("refund")[refund_id]
            if fate.succeeds:
                succeed(sandbox, refund)
            else:
                fail(sandbox, refund)


def refundable_charge(state: State, intent: JsonObject) -> JsonObject:
    """The charge that paid an intent. Raises StripeFault (400) when none did."""
    charge = state.find("charge", intent["latest_charge"])
    if charge is None or charge["status"] != "succeeded":
        raise nothing_to_refund(intent["id"])
    return charge


def _refundable(state: State, charge: JsonObject, wanted: int | None) -> int:
    if charge["status"] != "succeeded":
        raise nothing_to_refund(charge["payment_intent"])
    disputes = [one for one in state.kind("dispute").values() if one["charge"] == charge["id"]]
    if not all(one["is_charge_refundable"] for one in disputes):
        raise charged_back(charge["id"])
    left: int = charge["amount"] - charge["amount_refunded"]
    if left <= 0:
        raise already_refunded(charge["id"])
    if wanted is not None and wanted > left:
        limit = "unrefunded amount on charge" if charge["amount_refunded"] else "charge amount"
        shown, rest = (written_in_refusals(amount, charge["currency"]) for amount in (wanted, left))
        raise invalid(f"Refund amount ({shown}) is greater than {limit} ({rest})", "amount")
    return left if wanted is None else wanted


def _beginning(sandbox: Sandbox, charge: JsonObject) -> tuple[str, RefundFate | None]:
    details = charge["payment_method_details"]
    card = paying_card(details["card"]["last4"]) if details["type"] == "card" else None
    if card is None or card.refund is None:
        return sandbox.state.refunds_begin, None
    delay = sandbox.config.async_delay_seconds
    succeeds = card.refund == "succeeds_later"
    fate = RefundFate(succeeds, None if delay is None else sandbox.state.now() + delay)
    return "pending" if succeeds else "succeeded", fate


def _new_refund(state: State, charge: JsonObject, given: JsonObject, amount: int, status: str) -> JsonObject:
    refund: JsonObject = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": int(state.now()),
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "metadata": set_metadata(given),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": given.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }
    if charge["payment_method_details"]["type"] == "card":
        card = {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"}
        refund["destination_details"] = {"card": card, "type": "card"}
    if status in _PENDING_REASONS:
        refund["pending_reason"] = _PENDING_REASONS[status]
    return refund


def _move(refund: JsonObject, status: str) -> JsonObject:
    before = {"status": refund["status"]}
    if "pending_reason" in refund:
        before["pending_reason"] = refund.pop("pending_reason")
    refund["status"] = status
    return before


def _count(charge: JsonObject, amount: int) -> JsonObject:
    """Counts what was refunded, or gives it back when negative. Returns what was before."""
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    return {key: value for key, value in before.items() if charge[key] != value}


def _tell_changed(sandbox: Sandbox, refund: JsonObject, before: JsonObject, request: JsonObject | None = None) -> None:
    """The event, and its twin of the times before there was a refund.updated."""
    for event_type in ("refund.updated", "charge.refund.updated"):
        sandbox.tell(event_type, refund, previous=copy.deepcopy(before), request=request)
    sandbox.changed()
