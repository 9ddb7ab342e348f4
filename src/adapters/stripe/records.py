"""Stripe's own lists of events, sessions, refunds and disputes."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from adapters.stripe.calls import PAGE_MAX, StripeCalls, read, told, understood
from adapters.stripe.events import CHARGE_REFUNDED, DISPUTES, OURS, REFUNDS
from adapters.stripe.returns import DisputeList, RefundList
from adapters.stripe.sessions import SessionList
from application.ports.gateway import CheckoutSession
from application.ports.records import Page
from domain.returns import Dispute, Refund

if TYPE_CHECKING:
    from stripe.params import DisputeListParams, EventListParams, RefundListParams
    from stripe.params.checkout import SessionListParams

Item = TypeVar("Item")

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
        answer = await self._calls.call(lambda client: client.v1.events.list_async(params))
        return page_of(answer, [json.dumps(event).encode() for event in answer.get("data", [])])

    async def checkouts(self, since: datetime, *, after: str | None = None) -> Page[CheckoutSession]:
        params: SessionListParams = {"created": {"gte": seconds(since)}, "limit": PAGE_MAX}
        if after is not None:
            params["starting_after"] = after
        answer = await self._calls.call(lambda client: client.v1.checkout.sessions.list_async(params))
        # Other products of the same account sell in other modes.
        return page_of(
            answer, [understood(session) for session in read(answer, SessionList).data if session.mode == "payment"]
        )

    async def refunds(self, since: datetime, *, after: str | None = None) -> Page[Refund]:
        params: RefundListParams = {"created": {"gte": seconds(since)}, "limit": PAGE_MAX}
        if after is not None:
            params["starting_after"] = after
        answer = await self._calls.call(lambda client: client.v1.refunds.list_async(params))
        return page_of(answer, [understood(refund) for refund in read(answer, RefundList).data])

    async def disputes(self, since: datetime, *, after: str | None = None) -> Page[Dispute]:
        params: DisputeListParams = {"created": {"gte": seconds(since)}, "limit": PAGE_MAX}
        if after is not None:
            params["starting_after"] = after
        answer = await self._calls.call(lambda client: client.v1.disputes.list_async(params))
        asked_at = datetime.now(UTC)
        return page_of(answer, [told(dispute, asked_at) for dispute in read(answer, DisputeList).data])


def seconds(instant: datetime) -> int:
    """An instant as Stripe writes it."""
    return int(instant.timestamp())


def page_of(answer: dict[str, Any], items: Iterable[Item | None]) -> Page[Item]:  # Any: JSON
    """The items of an answer, without those that are none of ours, and the place at which the next page begins."""
    rows = answer.get("data") or []
    more = bool(answer.get("has_more")) and bool(rows)
    return Page(items=tuple(item for item in items if item is not None), next=rows[-1]["id"] if more else None)
