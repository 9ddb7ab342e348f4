"""The billing history of the member who asks."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import FromPath, QueryParameter

from application.list_payments import PAGE_SIZE, PAGE_SIZE_MAX, HistoryPage, ListPayments
from application.ports.reads import WantedPayments
from application.show_payment import ShowPayment
from domain.payment import PaymentId, PaymentStatus
from entrypoints.http.bodies import PaymentBody, PaymentList
from entrypoints.http.described import BEARER, answer, problems
from entrypoints.http.examples import PAYMENT, PAYMENTS
from entrypoints.http.identity import CallerRequest

PATH: Final = "/api/v1/payments"
CURSORS: Final = ("starting_after", "ending_before")
STARTING_AFTER: Final = "The id of the last payment of a page: the older ones that follow it"
ENDING_BEFORE: Final = "The id of the first payment of a page: the newer ones right before it"

CREATED_FROM: Final = "created[gte]"
CREATED_BEFORE: Final = "created[lt]"
DATE_TIME: Final = {"format": "date-time"}
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


@get(
    PATH,
    operation_id="listPayments",
    summary="List payments",
    tags=["Payments"],
    security=BEARER,
    responses={200: answer(PAYMENTS, "One page of the member's payments"), **problems(400, 401, 429)},
)
async def list_payments(
    request: CallerRequest,
    list_payments: NamedDependency[ListPayments],
    limit: Annotated[
        int, QueryParameter(ge=1, le=PAGE_SIZE_MAX, description="How many payments a page has at most")
    ] = PAGE_SIZE,
    starting_after: Annotated[UUID | None, QueryParameter(description=STARTING_AFTER)] = None,
    ending_before: Annotated[UUID | None, QueryParameter(description=ENDING_BEFORE)] = None,
    status: Annotated[PaymentStatus | None, QueryParameter(description="Only payments of this status")] = None,
    created_gte: Annotated[
        str | None,
        QueryParameter(name=CREATED_FROM, schema_extra=DATE_TIME, description="Only payments begun then or later"),
    ] = None,
    created_lt: Annotated[
        str | None,
        QueryParameter(name=CREATED_BEFORE, schema_extra=DATE_TIME, description="Only payments begun before"),
    ] = None,
) -> Response[PaymentList]:
    """The member's own payments, newest first. A page does not shift while new payments arrive; `Link` leads to those beside it."""
    page = await list_payments(
        request.user.user_id,
        limit=limit,
        starting_after=PaymentId(starting_after) if starting_after is not None else None,
        ending_before=PaymentId(ending_before) if ending_before is not None else None,
        wanted=WantedPayments(
            status=status,
            created_from=moment(CREATED_FROM, created_gte),
            created_before=moment(CREATED_BEFORE, created_lt),
        ),
    )
    links = links_of(f"{request.app.state.app_url}{PATH}", request.query_params.multi_items(), page)
    return Response(
        PaymentList(url=PATH, has_more=page.has_more, data=[PaymentBody.of(record) for record in page.records]),
        headers={"link": ", ".join(links)} if links else {},
    )


def moment(name: str, text: str | None) -> datetime | None:
    """An instant (UTC) out of an address. Raises ValidationException; also without an offset, which would be anybody's guess, and for
    what lies outside the years 1 to 9999.
    """
    try:
        return msgspec.convert(text, Moment).astimezone(UTC) if text is not None else None
    except (msgspec.ValidationError, OverflowError) as error:
        raise ValidationException(f"{name}: a time as RFC 3339 has it, such as 2026-01-15T12:00:00Z") from error


def links_of(address: str, query: Iterable[tuple[str, str]], page: HistoryPage) -> list[str]:
    """Where the pages beside a page are, as a Link header has it (RFC 8288): the same query with another cursor."""
    if not page.records:
        return []
    kept = [(name, value) for name, value in query if name not in CURSORS]
    first, last = page.records[0].payment.id, page.records[-1].payment.id
    beside = [
        ("prev", ("ending_before", str(first)), page.has_newer),
        ("next", ("starting_after", str(last)), page.has_older),
    ]
    return [
        f'<{address}?{urlencode([*kept, cursor])}>; rel="{relation}"'
        for relation, cursor, is_there in beside
        if is_there
    ]


@get(
    f"{PATH}/{{payment_id:uuid}}",
    operation_id="getPayment",
    summary="Get a payment",
    tags=["Payments"],
    security=BEARER,
    responses={200: answer(PAYMENT, "The payment"), **problems(400, 401, 404, 429)},
)
async def show_payment(
    request: CallerRequest, payment_id: FromPath[UUID], show_payment: NamedDependency[ShowPayment]
) -> PaymentBody:
    """One of the member's own payments."""
    return PaymentBody.of(await show_payment(request.user.user_id, PaymentId(payment_id)))
