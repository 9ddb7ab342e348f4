"""The two stores under one contract, and what a test must do beside the ports: look at the audit, let time pass, see who waits."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, Protocol

import asyncpg
from msgspec import Struct

from adapters.memory.counts import MemoryCounts
from adapters.memory.history import (
    MemoryBillingHistory,
    MemoryEntitlements,
    MemoryOpenReturns,
    MemoryReadiness,
    MemoryReturnedCharges,
    MemoryUnderReview,
    MemoryUnfinished,
)
from adapters.memory.idempotency import MemoryIdempotencyKeys
from adapters.memory.kept import MemoryKeptEvents, MemoryKnownJobs, MemoryRetention
from adapters.memory.store import MemoryStore
from adapters.memory.tallies import MemoryTallies
from adapters.memory.turns import MemoryTurns
from adapters.memory.unit_of_work import MemoryUnitOfWork
from adapters.memory.world import MemoryClock
from adapters.postgres.counts import PostgresCounts
from adapters.postgres.database import Database
from adapters.postgres.entitlements import PostgresEntitlements
from adapters.postgres.history import PostgresBillingHistory
from adapters.postgres.idempotency import PostgresIdempotencyKeys
from adapters.postgres.jobs import PostgresJobQueue
from adapters.postgres.kept import PostgresKeptEvents, PostgresKnownJobs, PostgresRetention
from adapters.postgres.open_returns import PostgresOpenReturns, PostgresReturnedCharges
from adapters.postgres.schema import PostgresReadiness
from adapters.postgres.tallies import PostgresTallies
from adapters.postgres.turns import PostgresTurns
from adapters.postgres.under_review import PostgresUnderReview
from adapters.postgres.unfinished import PostgresUnfinished
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from application.ports.counts import Counts
from application.ports.idempotency import IdempotencyKeys
from application.ports.jobs import JobQueue
from application.ports.reads import (
    BillingHistory,
    Entitlements,
    KeptEvents,
    KnownJobs,
    OpenReturns,
    Readiness,
    ReturnedCharges,
    UnderReview,
    Unfinished,
)
from application.ports.retention import Retention
from application.ports.store import BeginWork
from application.ports.tallies import Tallies
from application.ports.turns import Turns
from domain.audit import Cause

PATIENCE_SECONDS: Final = 10.0


class AuditLine(Struct, frozen=True):
    """One audit row, as any store keeps it."""

    entity: str
    entity_id: str
    from_status: str | None
    to_status: str
    cause: Cause


class JobLine(Struct, frozen=True):
    """Where one job stands."""

    kind: str
    subject: str
    state: str
    attempts: int
    last_error: str | None


class Store(Protocol):
    """A store with everything that a contract test needs of it."""

    @property
    def begin(self) -> BeginWork: ...
    @property
    def queue(self) -> JobQueue: ...
    @property
    def history(self) -> BillingHistory: ...
    @property
    def entitlements(self) -> Entitlements: ...
    @property
    def unfinished(self) -> Unfinished: ...
    @property
    def open_returns(self) -> OpenReturns: ...
    @property
    def returned_charges(self) -> ReturnedCharges: ...
    @property
    def under_review(self) -> UnderReview: ...
    @property
    def kept_events(self) -> KeptEvents: ...
    @property
    def known_jobs(self) -> KnownJobs: ...
    @property
    def retention(self) -> Retention: ...
    @property
    def idempotency_keys(self) -> IdempotencyKeys: ...
    @property
    def tallies(self) -> Tallies: ...
    @property
    def turns(self) -> Turns: ...
    @property
    def readiness(self) -> Readiness: ...
    @property
    def counts(self) -> Counts: ...

    async def audit(self) -> list[AuditLine]:
        """The audit, oldest row first."""
        ...

    async def jobs(self) -> list[JobLine]:
        """All jobs, in the order of their making."""
        ...

    async def events(self) -> list[tuple[str, str, str | None]]:
        """Id, state and error of every kept event."""
        ...

    async def pass_time(self, seconds: float) -> None:
        """Let time pass for the jobs, their leases, the events, the idempotency keys, the tallies and the turns."""
        ...

    async def until_waiting(self, works: int) -> None:
        """Return when that many works wait for another's lock."""
        ...


class StoreInMemory:
    """The store in memory."""

    def __init__(self) -> None:
        self.clock = MemoryClock()
        self.store = MemoryStore(self.clock)
        self.queue = self.store.jobs
        self.history = MemoryBillingHistory(self.store)
        self.entitlements = MemoryEntitlements(self.store)
        self.unfinished = MemoryUnfinished(self.store)
        self.open_returns = MemoryOpenReturns(self.store)
        self.returned_charges = MemoryReturnedCharges(self.store)
        self.under_review = MemoryUnderReview(self.store)
        self.kept_events = MemoryKeptEvents(self.store)
        self.known_jobs = MemoryKnownJobs(self.store)
        self.retention = MemoryRetention(self.store)
        self.idempotency_keys = MemoryIdempotencyKeys(self.store)
        self.tallies = MemoryTallies(self.clock)
        self.turns = MemoryTurns(self.clock)
        self.readiness = MemoryReadiness()
        self.counts = MemoryCounts(self.store)

    def begin(self) -> MemoryUnitOfWork:
        return MemoryUnitOfWork(self.store)

    async def audit(self) -> list[AuditLine]:
        return [
            AuditLine(row.entity, row.entity_id, row.from_status, row.to_status, row.cause) for row in self.store.audit
        ]

    async def jobs(self) -> list[JobLine]:
        return [
            JobLine(row.job.kind, row.job.subject, row.state, row.attempts, row.last_error)
            for row in self.store.jobs.rows
        ]

    async def events(self) -> list[tuple[str, str, str | None]]:
        return [(event.id, event.state, event.error) for event in self.store.events()]

    async def pass_time(self, seconds: float) -> None:
        self.clock.pass_time(timedelta(seconds=seconds))

    async def until_waiting(self, works: int) -> None:
        for _ in range(50):
            await asyncio.sleep(0)


class StoreInPostgres:
    """The store in Postgres. `observer` is a connection of the test's own."""

    def __init__(self, database: Database, observer: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.database = database
        self.observer = observer
        self.queue = PostgresJobQueue(database)
        self.history = PostgresBillingHistory(database)
        self.entitlements = PostgresEntitlements(database)
        self.unfinished = PostgresUnfinished(database)
        self.open_returns = PostgresOpenReturns(database)
        self.returned_charges = PostgresReturnedCharges(database)
        self.under_review = PostgresUnderReview(database)
        self.kept_events = PostgresKeptEvents(database)
        self.known_jobs = PostgresKnownJobs(database)
        self.retention = PostgresRetention(database)
        self.idempotency_keys = PostgresIdempotencyKeys(database)
        self.tallies = PostgresTallies(database)
        self.turns = PostgresTurns(database)
        self.readiness = PostgresReadiness(database)
        self.counts = PostgresCounts(database)

    def begin(self) -> PostgresUnitOfWork:
        return PostgresUnitOfWork(self.database)

    async def audit(self) -> list[AuditLine]:
        rows = await self.observer.fetch("SELECT * FROM audit ORDER BY id")
        return [
            AuditLine(
                row["entity"],
                row["entity_id"],
                row["from_status"],
                row["to_status"],
                Cause(why=row["why"], actor=row["actor"], event_id=row["event_id"]),
            )
            for row in rows
        ]

    async def jobs(self) -> list[JobLine]:
        rows = await self.observer.fetch("SELECT kind, subject, state, attempts, last_error FROM jobs ORDER BY id")
        return [JobLine(*row) for row in rows]

    async def events(self) -> list[tuple[str, str, str | None]]:
        rows = await self.observer.fetch("SELECT id, state, error FROM events ORDER BY id")
        return [(row["id"], row["state"], row["error"]) for row in rows]

    async def pass_time(self, seconds: float) -> None:
        await self.observer.execute(
            "UPDATE jobs SET run_at = run_at - make_interval(secs => $1), "
            "leased_until = leased_until - make_interval(secs => $1), "
            "finished_at = finished_at - make_interval(secs => $1)",
            seconds,
        )
        await self.observer.execute("UPDATE events SET received_at = received_at - make_interval(secs => $1)", seconds)
        await self.observer.execute(
            "UPDATE idempotency_keys SET claimed_at = claimed_at - make_interval(secs => $1), "
            "leased_until = leased_until - make_interval(secs => $1)",
            seconds,
        )
        await self.observer.execute("UPDATE rate_tallies SET told_at = told_at - make_interval(secs => $1)", seconds)
        await self.observer.execute("UPDATE turns SET until = until - make_interval(secs => $1)", seconds)

    async def until_waiting(self, works: int) -> None:
        async def enough() -> bool:
            waiting = await self.observer.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return bool(waiting >= works)

        await until(enough)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():
            await asyncio.sleep(0.002)
