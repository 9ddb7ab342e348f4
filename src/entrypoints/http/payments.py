"""The billing history of the member who asks."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from application.list_payments import PAGE_SIZE, PAGE_SIZE_MAX, HistoryPage, ListPayments
from application.ports.reads import WantedPayments
from application.show_payment import ShowPayment
from domain.payment import PaymentId, PaymentStatus
from entrypoints.http.bodies import PaymentBody, PaymentList
from entrypoints.http.described import BEARER, answer, problems
from entrypoints.http.examples import PAYMENT, PAYMENTS
from entrypoints.http.identity import CallerRequest
from entrypoints.http.parameters import PagedOperation, invalid_parameters, known_parameters

PATH: Final = "/api/v1/payments"
CURSORS: Final = ("starting_after", "ending_before")
STARTING_AFTER: Final = "The id of the last payment of a page: the older ones that follow it"
ENDING_BEFORE: Final = "The id of the first payment of a page: the newer ones right before it"

DATE_TIME: Final = {"format": "date-time"}
TICK: Final = timedelta(microseconds=1)
"""The next instant that can be stored: after one instant means from the next one on."""

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


def begun(comparison: str, description: str) -> QueryParameter:
    """The parameter that narrows a list by when a payment was begun."""
    return QueryParameter(name=f"created[{comparison}]", schema_extra=DATE_TIME, description=description)


@get(
    PATH,
    operation_id="listPayments",
    operation_class=PagedOperation,
    summary="List payments",
    tags=["Payments"],
    security=BEARER,
    guards=[known_parameters],
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
    created_gte: Annotated[str | None, begun("gte", "Only payments begun then or later")] = None,
    created_gt: Annotated[str | None, begun("gt", "Only payments begun later")] = None,
    created_lt: Annotated[str | None, begun("lt", "Only payments begun earlier")] = None,
    created_lte: Annotated[str | None, begun("lte", "Only payments begun then or earlier")] = None,
) -> Response[PaymentList]:
    """The member's own payments, newest first. A page does not shift while new payments arrive; `Link` leads to those beside it."""
    page = await list_payments(
        request.user.user_id,
        limit=limit,
        starting_after=PaymentId(starting_after) if starting_after is not None else None,
        ending_before=PaymentId(ending_before) if ending_before is not None else None,
        wanted=WantedPayments(
            status=status,
            created_from=max(
                given(moment("created[gte]", created_gte), moment("created[gt]", created_gt, TICK)), default=None
            ),
            created_before=min(
                given(moment("created[lt]", created_lt), moment("created[lte]", created_lte, TICK)), default=None
            ),
        ),
    )
    links = links_of(f"{request.app.state.app_url}{PATH}", request.query_params.multi_items(), page)
    return Response(
        PaymentList(url=PATH, has_more=page.has_more, data=[PaymentBody.of(record) for record in page.records]),
        headers={"link": ", ".join(links)} if links else {},
    )


def moment(name: str, text: str | None, ticks: timedelta = timedelta()) -> datetime | None:
    """An instant (UTC) out of an address, and so much later. Raises ValidationException; also without an offset from UTC, which would be
    anybody's guess, and for what lies outside the years 1 to 9999."""
    try:
        return msgspec.convert(text, Moment).astimezone(UTC) + ticks if text is not None else None
    except (msgspec.ValidationError, OverflowError) as error:
        raise invalid_parameters({name: "a time as RFC 3339 has it, such as 2026-01-15T12:00:00Z"}) from error


def given(*moments: datetime | None) -> list[datetime]:
    """Those that are there."""
    return [moment for moment in moments if moment is not None]


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
    guards=[known_parameters],
    responses={200: answer(PAYMENT, "The payment"), **problems(400, 401, 404, 429)},
)
async def show_payment(
    request: CallerRequest, payment_id: FromPath[UUID], show_payment: NamedDependency[ShowPayment]
) -> PaymentBody:
    """One of the member's own payments."""
    return PaymentBody.of(await show_payment(request.user.user_id, PaymentId(payment_id)))
