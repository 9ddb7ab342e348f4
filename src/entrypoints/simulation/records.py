"""Stripe's own lists, as one replica reads them."""

from datetime import datetime, timedelta
from typing import Final, TypeVar

from application.ports.gateway import CheckoutSession
from application.ports.records import Page
from domain.returns import Dispute, Refund
from entrypoints.simulation.deliveries import Deliveries
from entrypoints.simulation.gateway import SimulatedGateway
from entrypoints.simulation.stripe import Stripe

Item = TypeVar("Item")

PAGE_SIZE: Final = 5
"""Small, so that lists of a few have pages."""

EVENTS_KEPT: Final = timedelta(days=30)


class SimulatedRecords:
    """The port ProviderRecords of one replica."""

    def __init__(self, gateway: SimulatedGateway, stripe: Stripe, deliveries: Deliveries) -> None:
        self._gateway = gateway
        self._stripe = stripe
        self._deliveries = deliveries

    async def events(self, since: datetime, *, after: str | None = None) -> Page[bytes]:
        def act() -> Page[bytes]:
            oldest = max(since, self._stripe.now() - EVENTS_KEPT).replace(microsecond=0)
            return page([event.body for event in self._deliveries.events.values() if event.created >= oldest], after)

        return await self._gateway.call("list events", act)

    async def checkouts(self, since: datetime, *, after: str | None = None) -> Page[CheckoutSession]:
        def act() -> Page[CheckoutSession]:
            stripe = self._stripe
            return page(
                [stripe.told(one, asked=True) for one in stripe.sessions.values() if one.created_at >= since], after
            )

        return await self._gateway.call("list checkouts", act)

    async def refunds(self, since: datetime, *, after: str | None = None) -> Page[Refund]:
        refunds = self._stripe.charges.refunds
        return await self._gateway.call(
            "list refunds", lambda: page([one for one in refunds.values() if one.created_at >= since], after)
        )

    async def disputes(self, since: datetime, *, after: str | None = None) -> Page[Dispute]:
        disputes = self._stripe.charges.disputes
        return await self._gateway.call(
            "list disputes", lambda: page([one for one in disputes.values() if one.created_at >= since], after)
        )


def page(oldest_first: list[Item], after: str | None) -> Page[Item]:
    """A page of a list that is read from its newest item on."""
    newest_first = oldest_first[::-1]
    start = int(after or 0)
    end = start + PAGE_SIZE
    return Page(items=tuple(newest_first[start:end]), next=str(end) if end < len(newest_first) else None)
