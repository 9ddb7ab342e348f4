"""What stands where in the store, counted: what an operator's dashboard shows of it."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from application.ports.jobs import JobKind
from domain.payment import PaymentStatus


class PaymentCount(Struct, frozen=True, kw_only=True):
    """How many payments stand in a state and were asked for in a currency (ISO 4217, lower case)."""

    status: PaymentStatus
    currency: str
    count: int


class JobCount(Struct, frozen=True, kw_only=True):
    """The jobs of a kind that are not finished. late_seconds: how long the one that has been due for longest has waited, 0 for none."""

    kind: JobKind
    ready: int = 0
    leased: int = 0
    dead: int = 0
    late_seconds: float = 0.0


class StoreCounts(Struct, frozen=True, kw_only=True):
    """The counts at about one moment. What is not named stands at none.

    waiting: the payments of any age that are PENDING, PROCESSING or in REVIEW.
    begun: the payments of some time, by where they stand now; of very many only the newest.
    dead_events: those of the parked events whose tries are used up.
    parked_seconds: since when the oldest parked event has been here.
    caught_up_at: up to when (UTC) the provider's lists have been gone through; null when they never were.
    """

    waiting: tuple[PaymentCount, ...]
    begun: tuple[PaymentCount, ...]
    jobs: tuple[JobCount, ...]
    parked_events: int
    dead_events: int
    parked_seconds: float
    caught_up_at: datetime | None


class Counts(Protocol):
    """Counts what is stored, at a price that does not grow with what is finished and kept."""

    async def taken(self, *, begun_since: datetime) -> StoreCounts:
        """The counts now; `begun` since an instant (UTC). Raises TryAgain when the store is away."""
        ...
