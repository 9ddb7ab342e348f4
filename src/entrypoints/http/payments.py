"""The billing history of the member who asks."""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from application.list_payments import PAGE_SIZE, PAGE_SIZE_MAX, ListPayments
from application.show_payment import ShowPayment
from domain.payment import PaymentId, PaymentStatus
from entrypoints.http.bodies import PaymentBody, PaymentList
from entrypoints.http.described import BEARER, answer, problems
from entrypoints.http.examples import PAYMENT, PAYMENTS
from entrypoints.http.identity import CallerRequest

PATH = "/api/v1/payments"


@get(
    PATH,
    operation_id="listPayments",
    summary="List payments",
    tags=["Payments"],
    security=BEARER,
    responses={200: answer(PAYMENTS, "One page of the member's payments"), **problems(400, 401)},
)
async def list_payments(
    request: CallerRequest,
    list_payments: NamedDependency[ListPayments],
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE,
    starting_after: FromQuery[UUID | None] = None,
    status: FromQuery[PaymentStatus | None] = None,
) -> PaymentList:
    """The member's own payments, newest first. `starting_after` is the id of the last payment of the page before."""
    after = PaymentId(starting_after) if starting_after is not None else None
    page = await list_payments(request.user.user_id, limit=limit, starting_after=after, status=status)
    return PaymentList(url=PATH, has_more=page.has_more, data=[PaymentBody.of(record) for record in page.records])


@get(
    f"{PATH}/{{payment_id:uuid}}",
    operation_id="getPayment",
    summary="Get a payment",
    tags=["Payments"],
    security=BEARER,
    responses={200: answer(PAYMENT, "The payment"), **problems(400, 401, 404)},
)
async def show_payment(
    request: CallerRequest, payment_id: FromPath[UUID], show_payment: NamedDependency[ShowPayment]
) -> PaymentBody:
    """One of the member's own payments."""
    return PaymentBody.of(await show_payment(request.user.user_id, PaymentId(payment_id)))
