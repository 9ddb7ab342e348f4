"""The control API's part that moves money back: refunds from the dashboard, disputes, and what banks make of both."""

from collections.abc import Callable
from functools import partial
from typing import Literal

from litestar import post
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import FromPath, RawBody
from msgspec import Struct

from entrypoints.sandbox import disputes, refunds
from entrypoints.sandbox.cards import Claim
from entrypoints.sandbox.control_bodies import told
from entrypoints.sandbox.errors import StripeFault
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.wire import JsonObject, new_id

Box = NamedDependency[Sandbox]
_VERDICTS: dict[str, Callable[[Sandbox, JsonObject], bool]] = {
    "win": partial(disputes.decide, is_won=True),
    "lose": partial(disputes.decide, is_won=False),
    "escalate": disputes.escalate,
}


class DashboardRefund(Struct, forbid_unknown_fields=True):
    """What somebody chose in the dashboard. amount: minor units, all that is left when None."""

    amount: int | None = None
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None
    metadata: dict[str, str] | None = None
    status: Literal["succeeded", "pending", "requires_action"] | None = None


class RefundVerdict(Struct, forbid_unknown_fields=True):
    """Why a refund fails."""

    failure_reason: Literal[
        "charge_for_pending_refund_disputed",
        "declined",
        "expired_or_canceled_card",
        "insufficient_funds",
        "lost_or_stolen_card",
        "merchant_request",
        "unknown",
    ] = "expired_or_canceled_card"


class OpenedDispute(Struct, forbid_unknown_fields=True):
    """What a bank says. amount: minor units, all that was not refunded when None."""

    amount: int | None = None
    reason: Literal["fraudulent", "product_not_received"] = "fraudulent"
    inquiry: bool = False


def dashboard_request() -> JsonObject:
    """What events say of something done in the dashboard: a request, but no key."""
    return {"id": new_id("req"), "idempotency_key": None}


def charge_named(sandbox: Sandbox, identifier: str) -> JsonObject:
    """The charge of a payment that is named by its session, intent or charge. Answers 404 when nothing was paid."""
    session = sandbox.state.find("checkout.session", identifier)
    intent = sandbox.state.find("payment_intent", session["payment_intent"] if session else identifier)
    charge = sandbox.state.find("charge", intent["latest_charge"] if intent else identifier)
    if charge is None or charge["status"] != "succeeded":
        raise HTTPException(status_code=404, detail="no such payment, or it was not paid")
    return charge


@post("/payments/{payment_id:str}/refund", status_code=200, sync_to_thread=False)
def refund_payment(payment_id: FromPath[str], body: RawBody, sandbox: Box) -> JsonObject:
    """Refunds as somebody in the dashboard does."""
    given = told(body, DashboardRefund, DashboardRefund())
    if given.amount is not None and given.amount < 1:
        raise HTTPException(status_code=400, detail="amount: at least 1")
    charge = charge_named(sandbox, payment_id)
    wanted = {"amount": given.amount, "reason": given.reason, "metadata": given.metadata}
    try:
        refund = refunds.make_refund(sandbox, charge, wanted, request=dashboard_request(), status=given.status)
    except StripeFault as refused:
        raise HTTPException(status_code=409, detail=str(refused)) from None
    refunds.give_reference(sandbox, refund)
    return refund


@post("/refunds/{refund_id:str}/{verb:str}", status_code=200, sync_to_thread=False)
def decide_refund(refund_id: FromPath[str], verb: FromPath[str], body: RawBody, sandbox: Box) -> JsonObject:
    """What the bank makes of a refund: succeed or fail, the latter also after it succeeded."""
    refund = sandbox.state.find("refund", refund_id)
    if refund is None or verb not in ("succeed", "fail"):
        raise HTTPException(status_code=404, detail="no such refund" if refund is None else "succeed or fail")
    reason = told(body, RefundVerdict, RefundVerdict()).failure_reason
    is_done = refunds.succeed(sandbox, refund) if verb == "succeed" else refunds.fail(sandbox, refund, reason)
    if not is_done:
        raise HTTPException(status_code=409, detail=f"the refund is {refund['status']}")
    return refund


@post("/payments/{payment_id:str}/dispute", status_code=200, sync_to_thread=False)
def dispute_payment(payment_id: FromPath[str], body: RawBody, sandbox: Box) -> JsonObject:
    """Disputes a payment, also one that was refunded: banks do not always know."""
    given = told(body, OpenedDispute, OpenedDispute())
    charge = charge_named(sandbox, payment_id)
    amount = given.amount
    if amount is None:
        amount = charge["amount"] - charge["amount_refunded"] or charge["amount"]
    if not 1 <= amount <= charge["amount"]:
        raise HTTPException(status_code=400, detail=f"amount: from 1 to {charge['amount']}")
    return disputes.open_dispute(sandbox, charge, Claim(given.reason, given.inquiry), amount)


@post("/disputes/{dispute_id:str}/{verb:str}", status_code=200, sync_to_thread=False)
def decide_dispute(dispute_id: FromPath[str], verb: FromPath[str], sandbox: Box) -> JsonObject:
    """What the bank makes of a dispute: win, lose or escalate."""
    dispute = sandbox.state.find("dispute", dispute_id)
    if dispute is None or verb not in _VERDICTS:
        detail = "no such dispute" if dispute is None else "win, lose or escalate"
        raise HTTPException(status_code=404, detail=detail)
    is_done = _VERDICTS[verb](sandbox, dispute)
    if not is_done:
        raise HTTPException(status_code=409, detail=f"the dispute is {dispute['status']}")
    return dispute


HANDLERS = (refund_payment, decide_refund, dispute_payment, decide_dispute)
