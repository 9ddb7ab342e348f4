"""The counts of what is stored in memory."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from adapters.memory.jobs import JobRow
from adapters.memory.store import MemoryStore
from adapters.memory.unit_of_work import Cursor
from application.catch_up import CURSOR
from application.ports.counts import JobCount, PaymentCount, StoreCounts
from application.ports.jobs import JobKind, JobState
from application.ports.store import EventState
from domain.payment import UNFINISHED, Payment, PaymentStatus

WAITING = UNFINISHED | {PaymentStatus.REVIEW}


class MemoryCounts:
    """The port Counts."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def taken(self, *, begun_since: datetime) -> StoreCounts:
        payments, jobs = self._store.payments(), self._store.jobs.rows
        parked = [event for event in self._store.events() if event.state is EventState.PARKED]
        dead = {row.job.subject for row in jobs if (row.job.kind, row.state) == (JobKind.RETRY_EVENT, JobState.DEAD)}
        cursor = self._store.rows.get((Cursor, CURSOR))
        return StoreCounts(
            waiting=_counted(payment for payment in payments if payment.status in WAITING),
            begun=_counted(payment for payment in payments if payment.created_at >= begun_since),
            jobs=tuple(counted for kind in sorted(JobKind) if (counted := self._of_kind(kind)) != JobCount(kind=kind)),
            parked_events=len(parked),
            dead_events=sum(event.id in dead for event in parked),
            parked_seconds=self._since(event.received_at for event in parked),
            caught_up_at=cast("Cursor", cursor.value).at if cursor is not None else None,
        )

    def _of_kind(self, kind: JobKind) -> JobCount:
        def standing(state: JobState) -> list[JobRow]:
            return [row for row in self._store.jobs.rows if row.job.kind is kind and row.state == state]

        ready = standing(JobState.READY)
        return JobCount(
            kind=kind,
            ready=len(ready),
            leased=len(standing(JobState.LEASED)),
            dead=len(standing(JobState.DEAD)),
            late_seconds=self._since(row.run_at for row in ready),
        )

    def _since(self, instants: Iterable[datetime]) -> float:
        now = self._store.clock.now()
        return max(timedelta(0), now - min(instants, default=now)).total_seconds()


def _counted(payments: Iterable[Payment]) -> tuple[PaymentCount, ...]:
    counts = Counter((payment.status, payment.amount.currency) for payment in payments)
    return tuple(
        PaymentCount(status=status, currency=currency, count=count) for (status, currency), count in counts.items()
    )
