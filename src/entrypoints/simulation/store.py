"""The store in memory at the end of a line that breaks, and its reads that wait instead of finding nothing again and again."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

from adapters.memory.history import MemoryOpenReturns, MemoryUnfinished
from adapters.memory.kept import MemoryRetention
from adapters.memory.store import Key, MemoryStore
from adapters.memory.transaction import Trip
from adapters.memory.unit_of_work import MemoryUnitOfWork
from application.errors import TryAgain
from application.ports.jobs import ClaimedJob, JobKind
from application.ports.store import Customer
from application.reconcile import Reconciliation
from domain.payment import Payment
from domain.returns import Dispute, Refund
from entrypoints.simulation.chance import Fault
from entrypoints.simulation.loop import wake
from entrypoints.simulation.replica import Replica

SLOW = (0.5, 6.0)
"""How long a slow database takes, in seconds."""


class Watcher(Protocol):
    """Told of every commit, in the moment in which it becomes true."""

    def committed(self, who: str, at: datetime, changed: dict[Key, object]) -> None:
        """Look at what has changed."""
        ...

    def reconciled(self, found: Reconciliation, at: datetime) -> None:
        """A run has come to its end."""
        ...

    def failed(self, job: ClaimedJob, error: str) -> None:
        """Look at why a job failed."""
        ...


class Bell:
    """Rung whenever something was committed."""

    def __init__(self) -> None:
        self._listening: dict[asyncio.Future[None], None] = {}

    def ring(self) -> None:
        """Wake everybody who listens."""
        for future in self._listening:
            wake(future)
        self._listening.clear()

    async def heard(self, seconds: float | None) -> None:
        """Return when it rings, or after some time."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._listening[future] = None
        timer = loop.call_later(seconds, wake, future) if seconds is not None else None
        try:
            await future
        finally:
            self._listening.pop(future, None)
            if timer is not None:
                timer.cancel()


class Server(Struct):
    """The machine that the store runs on."""

    is_away: bool = False


class Line:
    """The way of one replica to the store."""

    def __init__(self, replica: Replica, store: MemoryStore, server: Server, bell: Bell, watcher: Watcher) -> None:
        self._server = server
        self.replica = replica
        self.store = store
        self.bell = bell
        self.watcher = watcher

    async def message(self, what: str) -> None:
        """A message on its way, sometimes for long."""
        if self.replica.chance.strikes(Fault.STORE_SLOW):
            await self.replica.message(what, *SLOW)
        else:
            await self.replica.message(what)

    def may_break(self, fault: Fault, what: str) -> None:
        """Raise TryAgain when the fault happens."""
        if self._server.is_away:
            raise TryAgain(Fault.STORE_OUTAGE.value)
        if self.replica.chance.strikes(fault):
            self.replica.trace.note(self.replica.name, fault.name, what)
            raise TryAgain(fault.value)

    async def statement(self, what: str) -> None:
        """A statement that is a transaction of its own, on its way to the store."""
        await self.message(what)
        self.may_break(Fault.STORE_REFUSES, what)

    async def answer(self, what: str) -> None:
        """Its answer on the way back. What it did is done."""
        self.bell.ring()
        self.may_break(Fault.COMMIT_UNKNOWN, what)
        await self.message(what)


FAULTS: Final = {
    Trip.BEGIN: Fault.STORE_REFUSES,
    Trip.READ: Fault.STORE_DROPS,
    Trip.WRITE: Fault.STORE_DROPS,
    Trip.COMMIT: Fault.COMMIT_LOST,
}


class SimulatedUnitOfWork(MemoryUnitOfWork):
    """A unit of work of one replica."""

    def __init__(self, line: Line) -> None:
        super().__init__(line.store)
        self._line = line
        self._broken = False
        line.replica.open[self] = None

    async def trip(self, trip: Trip) -> None:
        if trip is Trip.ANSWER:
            await self._line.answer("commit")
            return
        await self._line.message(trip)
        if self._broken:
            raise TryAgain("the connection is lost")
        try:
            self._line.may_break(FAULTS[trip], trip)
        except TryAgain:
            self.abandon()
            raise

    def abandon(self) -> None:
        """The store undoes what the lost connection had open."""
        self._broken = True
        self.release()

    def release(self) -> None:
        super().release()
        self._line.replica.open.pop(self, None)

    def _apply(self) -> None:
        changed = dict(self._writes)
        super()._apply()
        replica = self._line.replica
        self._line.watcher.committed(replica.name, replica.clock.now(), changed)


class SimulatedQueue:
    """The port JobQueue of one replica. Where there is nothing to do it waits, so that no time is spent on asking again."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._jobs = line.store.jobs
        self._closed = False

    def close(self) -> None:
        """Answer whoever waits for work that there is none."""
        self._closed = True
        self._line.bell.ring()

    async def claim(self, kinds: frozenset[JobKind], *, limit: int, lease_seconds: float) -> list[ClaimedJob]:
        while True:
            await self._line.statement("claim")
            claimed = await self._jobs.claim(kinds, limit=limit, lease_seconds=lease_seconds)
            if claimed:
                await self._line.answer("claimed")
            if claimed or self._closed:
                return claimed
            await self._until(lambda: [row.run_at for row in self._jobs.rows if row.state == "ready"])

    async def complete(self, job: ClaimedJob) -> bool:
        await self._line.statement("complete")
        done = await self._jobs.complete(job)
        await self._line.answer("completed")
        return done

    async def fail(self, job: ClaimedJob, error: str, *, retry_after_seconds: float | None) -> bool:
        await self._line.statement("fail")
        self._line.replica.trace.note(self._line.replica.name, "job failed", f"{job.kind} {job.subject}: {error}")
        self._line.watcher.failed(job, error)
        failed = await self._jobs.fail(job, error, retry_after_seconds=retry_after_seconds)
        await self._line.answer("failed")
        return failed

    async def reap(self, *, retry_after_seconds: float) -> int:
        while True:
            await self._line.statement("reap")
            lost = await self._jobs.reap(retry_after_seconds=retry_after_seconds)
            if lost:
                await self._line.answer("reaped")
                return lost
            await self._until(lambda: [row.leased_until for row in self._jobs.rows if row.leased_until is not None])

    async def _until(self, moments: Callable[[], list[datetime]]) -> None:
        """Wait for the first of some moments of the store's clock, which every commit may change."""
        while not self._closed:
            first = min(moments(), default=None)
            left = (first - self._line.store.clock.now()).total_seconds() + 0.001 if first is not None else None
            if left is not None and left <= 0:
                return
            await self._line.bell.heard(left)


class SimulatedUnfinished:
    """The port Unfinished of one replica."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._read = MemoryUnfinished(line.store)

    async def page(self, *, after: Payment | None, limit: int) -> list[Payment]:
        await self._line.statement("unfinished payments")
        return await self._read.page(after=after, limit=limit)

    async def customers(self, *, since: datetime, until: datetime) -> list[Customer]:
        await self._line.statement("unfinished customers")
        return await self._read.customers(since=since, until=until)


class SimulatedOpenReturns:
    """The port OpenReturns of one replica."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._read = MemoryOpenReturns(line.store)

    async def page(self, *, made_until: datetime, after: Refund | Dispute | None, limit: int) -> list[Refund | Dispute]:
        await self._line.statement("open returns")
        return await self._read.page(made_until=made_until, after=after, limit=limit)


class SimulatedRetention:
    """The port Retention of one replica."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._retention = MemoryRetention(line.store)

    async def strip_bodies(self, *, days: int, limit: int) -> int:
        await self._line.statement("strip bodies")
        return await self._answered(await self._retention.strip_bodies(days=days, limit=limit))

    async def forget_events(self, *, days: int, limit: int) -> int:
        await self._line.statement("forget events")
        return await self._answered(await self._retention.forget_events(days=days, limit=limit))

    async def forget_jobs(self, *, days: int, limit: int) -> int:
        await self._line.statement("forget jobs")
        return await self._answered(await self._retention.forget_jobs(days=days, limit=limit))

    async def _answered(self, forgotten: int) -> int:
        if forgotten:
            await self._line.answer("forgotten")
        return forgotten
