"""What a provider in memory has on record."""

from datetime import datetime

from adapters.memory.gateway import MemoryGateway
from application.ports.gateway import CheckoutSession, ProviderEvent
from application.ports.records import Page
from domain.returns import Dispute, Refund

PAGE_SIZE = 2
"""Small, so that lists of a few have pages."""


class MemoryRecords:
    """The port ProviderRecords: the gateway's sessions, refunds and disputes, and the events that a test lets the provider make."""

    def __init__(self, gateway: MemoryGateway) -> None:
        self._gateway = gateway
        self.made: list[ProviderEvent] = []

    async def events(self, since: datetime, *, after: str | None = None) -> Page[bytes]:
        await self._gateway.called("events")
        newest_first = [event for event in reversed(self.made) if event.created >= since.replace(microsecond=0)]
        start = int(after or 0)
        more = len(newest_first) > start + PAGE_SIZE
        return Page(
            items=tuple(event.body for event in newest_first[start : start + PAGE_SIZE]),
            next=str(start + PAGE_SIZE) if more else None,
        )

    async def checkouts(self, since: datetime, *, after: str | None = None) -> Page[CheckoutSession]:
        await self._gateway.called("checkouts")
        return Page(items=tuple(self._gateway.sessions.values()))

    async def refunds(self, since: datetime, *, after: str | None = None) -> Page[Refund]:
        await self._gateway.called("refunds")
        return Page(items=tuple(refund for refund in self._gateway.refunds.values() if refund.created_at >= since))

    async def disputes(self, since: datetime, *, after: str | None = None) -> Page[Dispute]:
        await self._gateway.called("disputes")
        return Page(items=tuple(found for found in self._gateway.disputes.values() if found.created_at >= since))
