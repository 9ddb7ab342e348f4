"""The control API's part that moves money back: refunds from the dashboard, and what banks make of them."""

from typing import Literal

from litestar import post
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import FromPath, RawBody
from msgspec import Struct

from entrypoints.sandbox import refunds
from entrypoints.sandbox.control_bodies import told
from entrypoints.sandbox.errors import StripeFault
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.wire import JsonObject, new_id

Box = NamedDependency[Sandbox]


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


HANDLERS = (refund_payment, decide_refund)
