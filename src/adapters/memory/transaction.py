"""One transaction over the store in memory: reads see what is committed, writes wait for the commit and build on what was read."""

import asyncio
from collections.abc import Callable, Hashable
from types import TracebackType
from typing import Self, TypeVar, cast

from adapters.memory.store import LOCK_SECONDS_MAX, NEVER_WRITTEN, AuditRow, Key, MemoryStore, Versioned
from application.errors import Conflict, TryAgain
from application.ports.jobs import ClaimedJob, NewJob
from domain.audit import Cause

Value = TypeVar("Value")


class MemoryTransaction:
    """Leaving without commit() undoes everything. Locks are held until the end."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self._seen: dict[Key, Versioned] = {}
        self._writes: dict[Key, object] = {}
        self._audit: list[AuditRow] = []
        self._refusals: dict[str, str] = {}
        self._jobs: list[NewJob] = []
        self._done: list[ClaimedJob] = []
        self._held: list[asyncio.Lock] = []

    async def __aenter__(self) -> Self:
        await asyncio.sleep(0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    async def commit(self) -> None:
        """Make everything that was noted true at once, or raise Conflict and change nothing."""
        await asyncio.sleep(0)
        try:
            self._check()
            self._apply()
        finally:
            self._release()

    async def read(self, kind: type[Value], key: Hashable, *, lock: bool = False) -> Value | None:
        """The committed value, or the one noted in this work."""
        where = cast("Key", (kind, key))
        if lock:
            await self.lock(where)
        await asyncio.sleep(0)
        if where in self._writes:
            return cast("Value", self._writes[where])
        row = self._seen[where] = self.store.rows.get(where, NEVER_WRITTEN)
        return cast("Value | None", row.value)

    def stored(self, kind: type[Value]) -> list[Value]:
        """Every committed value of a kind."""
        return cast("list[Value]", self.store.all(kind))

    async def lock(self, key: Key) -> None:
        """Wait until no other work holds the key, and hold it."""
        lock = self.store.locks[key]
        if lock in self._held:
            return
        try:
            async with asyncio.timeout(LOCK_SECONDS_MAX):
                await lock.acquire()
        except TimeoutError as error:
            raise TryAgain("waited too long for another work") from error
        self._held.append(lock)

    def write(self, kind: type, key: Hashable, value: object) -> None:
        """Note a value, unless it is the one that was read."""
        where: Key = (kind, key)
        if where in self._writes or value != self._seen.get(where, NEVER_WRITTEN).value:
            self._writes[where] = value

    def change(self, kind: type[Value], key: Hashable, how: Callable[[Value], Value]) -> None:
        """Note a value made from the one that was read or noted in this work."""
        where: Key = (kind, key)
        known = self._writes[where] if where in self._writes else self.store.rows[where].value
        self._writes[where] = how(cast("Value", known))

    def refusals(self) -> frozenset[str]:
        """The committed refusals."""
        return frozenset(self.store.refused_currencies)

    def note_move(self, entity: str, entity_id: object, before: str | None, after: str, cause: Cause) -> None:
        """Note a change of state for the audit."""
        if before != after:
            row = AuditRow(entity=entity, entity_id=str(entity_id), from_status=before, to_status=after, cause=cause)
            self._audit.append(row)

    def note_remark(self, entity: str, entity_id: object, status: str, cause: Cause) -> None:
        """Note something for the audit that changes no state."""
        row = AuditRow(entity=entity, entity_id=str(entity_id), from_status=status, to_status=status, cause=cause)
        self._audit.append(row)

    def note_refusal(self, currency: str, reason: str) -> None:
        """Note a refused currency."""
        self._refusals.setdefault(currency, reason)

    def note_job(self, job: NewJob) -> None:
        """Note a job to do."""
        self._jobs.append(job)

    def note_done(self, job: ClaimedJob) -> None:
        """Note a job that is done."""
        self._done.append(job)

    def _check(self) -> None:
        for key, value in self._writes.items():
            if self.store.rows.get(key, NEVER_WRITTEN).version != self._seen.get(key, NEVER_WRITTEN).version:
                raise Conflict(f"another writer changed {key[0].__name__} {key[1]} first")
            self.store.check(key, value, self._writes)
        for job in self._done:
            self.store.jobs.check_lease(job)

    def _apply(self) -> None:
        for key, value in self._writes.items():
            written = Versioned(value, self._seen.get(key, NEVER_WRITTEN).version + 1)
            self._seen[key] = self.store.rows[key] = written
        self.store.audit += self._audit
        for currency, reason in self._refusals.items():
            self.store.refused_currencies.setdefault(currency, reason)
        for job in self._jobs:
            self.store.jobs.add(job)
        for done in self._done:
            self.store.jobs.finish(done)
        self._writes, self._audit, self._refusals, self._jobs, self._done = {}, [], {}, [], []

    def _release(self) -> None:
        for lock in self._held:
            lock.release()
        self._held.clear()
