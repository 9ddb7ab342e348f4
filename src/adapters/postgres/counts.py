"""The counts of what is stored: a few statements along partial indexes, which stay small however much is kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from adapters.ids import first_id_at
from adapters.postgres.database import Database
from adapters.postgres.rows import Row
from adapters.postgres.statements import STATEMENTS
from application.catch_up import CURSOR
from application.ports.counts import JobCount, PaymentCount, StoreCounts
from application.ports.jobs import JobKind
from domain.payment import PaymentStatus

WAITING: Final = STATEMENTS["counts.waiting"]
BEGUN: Final = STATEMENTS["counts.begun"]
JOBS: Final = STATEMENTS["counts.jobs"]
EVENTS: Final = STATEMENTS["counts.events"]
CAUGHT_UP: Final = STATEMENTS["cursors.of"]

BEGUN_MAX: Final = 100_000
"""So many payments of the asked time are looked at, the newest."""


class PostgresCounts:
    """The port Counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def taken(self, *, begun_since: datetime) -> StoreCounts:
        place = {"first_id": first_id_at(begun_since), "at_most": BEGUN_MAX}
        waiting = await self._database.rows(WAITING, {})
        begun = await self._database.rows(BEGUN, place)
        jobs = await self._database.rows(JOBS, {})
        (events,) = await self._database.rows(EVENTS, {})
        caught_up = await self._database.rows(CAUGHT_UP, {"name": CURSOR})
        return StoreCounts(
            waiting=tuple(payment_count_of(row) for row in waiting),
            begun=tuple(payment_count_of(row) for row in begun),
            jobs=tuple(job_count_of(kind, jobs) for kind in sorted({row["kind"] for row in jobs})),
            parked_events=events["parked"],
            dead_events=events["dead"],
            parked_seconds=events["parked_seconds"],
            caught_up_at=caught_up[0]["at"] if caught_up else None,
        )


def payment_count_of(row: Row) -> PaymentCount:
    """A count of payments from a row."""
    return PaymentCount(status=PaymentStatus(row["status"]), currency=row["currency"], count=row["count"])


def job_count_of(kind: str, rows: Sequence[Row]) -> JobCount:
    """The counts of a kind from the rows of all kinds and states."""
    own = {row["state"]: row for row in rows if row["kind"] == kind}
    counts = {state: row["count"] for state, row in own.items()}
    return JobCount(kind=JobKind(kind), late_seconds=own["ready"]["late_seconds"] if "ready" in own else 0.0, **counts)
