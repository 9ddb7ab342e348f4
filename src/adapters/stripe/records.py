"""Stripe's own lists of events, sessions, refunds and disputes."""

import json
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from adapters.stripe.calls import PAGE_MAX, StripeCalls, read, told, understood
from adapters.stripe.events import CHARGE_REFUNDED, DISPUTES, OURS, REFUNDS
from adapters.stripe.returns import StripeDispute, StripeRefund
from adapters.stripe.sessions import CHARGES_OF_LIST, Session
from application.errors import ProviderUnavailable
from application.ports.gateway import CheckoutSession
from application.ports.records import Page
from domain.returns import Dispute, Refund

if TYPE_CHECKING:
    from stripe.params import DisputeListParams, EventListParams, RefundListParams
    from stripe.params.checkout import SessionListParams

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Row = TypeVar("Row")

TYPES: Final = sorted(OURS | REFUNDS | DISPUTES | {CHARGE_REFUNDED})
"""The kinds of events that concern us; Stripe takes up to 20 in one question."""


class StripeRecords:
    """The port ProviderRecords."""

    def __init__(self, calls: StripeCalls) -> None:
        self._calls = calls

    async def events(self, since: datetime, *, after: str | None = None) -> Page[bytes]:
        params: EventListParams = {"created": {"gte": seconds(since)}, "types": TYPES, "limit": PAGE_MAX}
        if after is not None:
            params["starting_after"] = after
        answer = await self._calls.call("events.list", lambda client: client.v1.events.list_async(params))
        return page_of(answer, [json.dumps(event).encode() for event in answer.get("data", [])])

    async def checkouts(self, since: datetime, *, after: str | None = None) -> Page[CheckoutSession]:
        params: SessionListParams = {"created": {"gte": seconds(since)}, "limit": PAGE_MAX, "expand": [CHARGES_OF_LIST]}
        if after is not None:
            params["starting_after"] = after
        answer = await self._calls.call(
            "checkout.sessions.list", lambda client: client.v1.checkout.sessions.list_async(params)
        )
        # Other products of the same account sell in other modes.
        return page_of(answer, each(answer, Session, lambda row: understood(row) if row.mode == "payment" else None))

    async def refunds(self, since: datetime, *, after: str | None = None) -> Page[Refund]:
        params: RefundListParams = {"created": {"gte": seconds(since)}, "limit": PAGE_MAX}
        if after is not None:
            params["starting_after"] = after
        answer = await self._calls.call("refunds.list", lambda client: client.v1.refunds.list_async(params))
        return page_of(answer, each(answer, StripeRefund, understood))

    async def disputes(self, since: datetime, *, after: str | None = None) -> Page[Dispute]:
        params: DisputeListParams = {"created": {"gte": seconds(since)}, "limit": PAGE_MAX}
        if after is not None:
            params["starting_after"] = after
        answer = await self._calls.call("disputes.list", lambda client: client.v1.disputes.list_async(params))
        asked_at = datetime.now(UTC)
        return page_of(answer, each(answer, StripeDispute, lambda row: told(row, asked_at)))


def seconds(instant: datetime) -> int:
    """An instant as Stripe writes it."""
    return int(instant.timestamp())


def each(
    answer: dict[str, Any], kind: type[Row], meaning: Callable[[Row], Item | None]
) -> list[Item | None]:  # Any: JSON
    """What each row of a list means. One that cannot be read, perhaps of another product, is logged and holds up no other."""
    found: list[Item | None] = []
    for row in answer.get("data") or []:
        try:
            found.append(meaning(read(row, kind)))
        except ProviderUnavailable:
            log.error(
                "a row of Stripe's list cannot be read: %s", row.get("id") if isinstance(row, dict) else type(row)
            )
    return found


def page_of(answer: dict[str, Any], items: Iterable[Item | None]) -> Page[Item]:  # Any: JSON
    """The items of an answer, without those that are none of ours, and the place at which the next page begins."""
    rows = answer.get("data") or []
    more = bool(answer.get("has_more")) and bool(rows)
    return Page(items=tuple(item for item in items if item is not None), next=rows[-1]["id"] if more else None)
