"""Where members land after the hosted checkout. These pages state what is true, never what their address claims."""

import re
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery

from application.cancel_checkout import CancelCheckout
from application.follow_checkout import FollowCheckout, FollowedCheckout
from domain.payment import PaymentId, PaymentStatus
from domain.returns import DisputeStatus
from entrypoints.http.pages.payment import payment_path
from entrypoints.http.pages.visitor import OPTIONS, PageRequest, checked_form, pages_of, reader_of

SESSION_ID: Final = re.compile(r"cs_(?:test|live)_[A-Za-z0-9_]{1,200}", re.ASCII)
"""Anything else cannot be a checkout, and is not looked for."""

P = PaymentStatus


class Outcome(StrEnum):
    """What there is to tell about a checkout."""

    PAID = "paid"
    PAID_TWICE = "paid_twice"
    PROCESSING = "processing"
    UNKNOWN = "unknown"
    UNPAID = "unpaid"
    OVER = "over"
    FAILED = "failed"
    REVIEW = "review"
    REFUNDED = "refunded"
    TAKEN_BACK = "taken_back"


ENDED: Final = {
    P.EXPIRED: Outcome.OVER,
    P.CANCELLED: Outcome.OVER,
    P.FAILED: Outcome.FAILED,
    P.PROCESSING: Outcome.PROCESSING,
    P.REVIEW: Outcome.REVIEW,
    P.REFUNDED: Outcome.REFUNDED,
}
WAITING: Final = frozenset({Outcome.PROCESSING, Outcome.UNKNOWN})
"""Outcomes that may change while the member looks: the page looks again by itself."""


@get("/payment/success", **OPTIONS)
async def success_page(
    request: PageRequest, follow_checkout: NamedDependency[FollowCheckout], session_id: FromQuery[str] = ""
) -> Response[str]:
    """Paid and until when, still being processed, or not paid."""
    member = reader_of(request)
    if not SESSION_ID.fullmatch(session_id):
        raise NotFoundException
    return landing(request, await follow_checkout.of_session(member.user_id, session_id))


@get("/payment/cancel", **OPTIONS)
async def cancel_page(
    request: PageRequest, follow_checkout: NamedDependency[FollowCheckout], payment_id: FromQuery[str] = ""
) -> Response[str]:
    """Whether anything was charged, and how to go on."""
    member = reader_of(request)
    return landing(request, await follow_checkout.of_payment(member.user_id, payment_id_of(payment_id)))


@post("/payment/cancel", **OPTIONS)
async def give_up(request: PageRequest, cancel_checkout: NamedDependency[CancelCheckout]) -> Response[Any]:
    """Give a checkout up, then tell what became of it."""
    member = reader_of(request)
    fields = await checked_form(request)
    payment = await cancel_checkout(member.user_id, payment_id_of(fields.get("payment_id", "")))
    pages = pages_of(request)
    return pages.see_other(pages.link(f"/payment/cancel?payment_id={payment.id}"))


def payment_id_of(text: str) -> PaymentId:
    """A payment's id. Raises NotFoundException for what cannot be one."""
    try:
        return PaymentId(UUID(text))
    except ValueError as error:
        raise NotFoundException from error


def outcome_of(followed: FollowedCheckout) -> Outcome:
    """What there is to tell."""
    payment = followed.payment
    if payment.status in ENDED:
        return ENDED[payment.status]
    taken_back = followed.period is not None and followed.period.taken_back_at is not None
    if taken_back and payment.dispute is DisputeStatus.LOST:
        return Outcome.TAKEN_BACK
    if payment.is_paid:
        return Outcome.PAID if followed.period is not None else Outcome.PAID_TWICE
    return Outcome.UNPAID if followed.certain else Outcome.UNKNOWN


def landing(request: PageRequest, followed: FollowedCheckout) -> Response[str]:
    """The page of an outcome."""
    member, payment = reader_of(request), followed.payment
    outcome = outcome_of(followed)
    return pages_of(request).page(
        request,
        "landing.html",
        outcome=outcome.value,
        payment=payment,
        period=followed.period,
        period_over=followed.period_over,
        waiting=outcome in WAITING,
        may_go_on=outcome in (Outcome.UNPAID, Outcome.UNKNOWN),
        pay_path=payment_path(member),
    )
