"""What the provider has on record since some time: for when its events did not reach us."""

from datetime import datetime
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from application.ports.gateway import CheckoutSession
from domain.returns import Dispute, Refund

Item = TypeVar("Item")


class Page(Struct, Generic[Item], frozen=True):
    """Some of what is on record, newest first. `next` leads to the page after it; null when there is none."""

    items: tuple[Item, ...]
    next: str | None = None


class ProviderRecords(Protocol):
    """Lists of all that the provider keeps, made at `since` (UTC) or later. `after` is the `next` of the page before.

    Each call raises ProviderUnavailable when it may be tried again, and ProviderRefused when that is of no use.
    """

    async def events(self, since: datetime, *, after: str | None = None) -> Page[bytes]:
        """The bodies of events, of the kinds that concern us. The provider keeps them for 30 days."""
        ...

    async def checkouts(self, since: datetime, *, after: str | None = None) -> Page[CheckoutSession]:
        """Hosted checkouts for one payment each, whoever opened them."""
        ...

    async def refunds(self, since: datetime, *, after: str | None = None) -> Page[Refund]:
        """Refunds, of whatever charge."""
        ...

    async def disputes(self, since: datetime, *, after: str | None = None) -> Page[Dispute]:
        """Disputes, of whatever charge."""
        ...
