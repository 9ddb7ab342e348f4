"""One transaction over the store in memory, as one over Postgres is.

Reads see what is committed at that moment, locks wait, and what was noted is sent at commit in one statement: rows that were read
carry their version, keys wait for whoever is just adding the same one, and all becomes true at once.
"""

import asyncio
from collections.abc import Callable, Hashable
from enum import StrEnum
from types import TracebackType
from typing import Self, TypeVar, cast

from adapters.memory.locks import Strength
from adapters.memory.store import (
    NEVER_WRITTEN,
    AuditRow,
    Key,
    MemoryStore,
    Versioned,
    referable,
    referred_to,
    unique_keys,
)
from application.errors import Conflict
from application.ports.jobs import ClaimedJob, JobRecord, JobState, NewJob
from domain.audit import Cause

Value = TypeVar("Value")


class Trip(StrEnum):
    """The moments at which a transaction and its store exchange a message: where others come between, and where lines break."""

    BEGIN = "begin"
    READ = "read"
    WRITE = "write"
    COMMIT = "commit"
    ANSWER = "answer"


class MemoryTransaction:
    """Leaving without commit() undoes everything. Locks are held until the end."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self._seen: dict[Key, Versioned] = {}
        self._writes: dict[Key, object] = {}
        self._sent: dict[Key, object] = {}
        self._put: dict[Key, object] = {}
        self._audit: list[AuditRow] = []
        self._refusals: dict[str, str] = {}
        self._puts: dict[Key, Callable[[object], object]] = {}
        self._jobs: list[NewJob] = []
        self._done: list[ClaimedJob] = []
        self._moved_jobs: list[tuple[JobRecord, JobState]] = []

    async def __aenter__(self) -> Self:
        await self.trip(Trip.BEGIN)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    async def trip(self, trip: Trip) -> None:
        """Let others come between. ANSWER comes after the effect of a commit, all others before theirs."""
        await asyncio.sleep(0)

    async def commit(self) -> None:
        """Make everything that was noted true at once, or raise Conflict and change nothing."""
        try:
            if self._writes or self._puts or self._jobs or self._done or self._moved_jobs or self._refusals:
                await self.trip(Trip.WRITE)
                await self._send()
            await self.trip(Trip.COMMIT)
            self._apply()
        finally:
            self.release()
        await self.trip(Trip.ANSWER)

    async def read(self, kind: type[Value], key: Hashable, *, lock: bool = False) -> Value | None:
        """The value noted or read in this work, else the committed one, which `lock` keeps as it is until the end of this work."""
        where: Key = (kind, key)
        if where in self._writes:
            return cast("Value", self._writes[where])
        if self._seen.get(where, NEVER_WRITTEN).version == 0:
            return await self.read_again(kind, key, lock=lock)
        return cast("Value", self._seen[where].value)

    async def read_again(self, kind: type[Value], key: Hashable, *, lock: bool = False) -> Value | None:
        """The committed value as it is now, whatever was read before; as noted in this work, if it was."""
        where: Key = (kind, key)
        await self.trip(Trip.READ)
        if lock and where in self.store.rows:
            await self.store.locks.take(self, where)
        if where in self._writes:
            return cast("Value", self._writes[where])
        row = self._seen[where] = self.store.rows.get(where, NEVER_WRITTEN)
        return cast("Value | None", row.value)

    async def read_first(
        self, kind: type[Value], fits: Callable[[Value], bool], place: Callable[[Value], Hashable]
    ) -> Value | None:
        """The first of the values that fit, locked: the candidates of this moment in order of `place`, each looked at again once locked."""
        await self.trip(Trip.READ)
        found = [
            (place(cast("Value", value)), str(key[1]), key)
            for key, value in self._visible().items()
            if key[0] is kind and fits(cast("Value", value))
        ]
        for _, _, where in sorted(found, key=lambda one: one[:2]):
            await self.store.locks.take(self, where)
            value = self._visible()[where]
            if fits(cast("Value", value)):
                if where in self._writes:
                    return cast("Value", self._writes[where])
                self._seen[where] = self.store.rows[where]
                return cast("Value", value)
        return None

    async def read_all(self, fits: Callable[[object], bool]) -> list[object]:
        """Every committed value that fits, in the order of its writing."""
        await self.trip(Trip.READ)
        found = {key: row for key, row in self.store.rows.items() if fits(row.value)}
        self._seen |= {key: row for key, row in found.items() if key not in self._writes}
        return [row.value for row in found.values()]

    async def lock_job(self, job_id: int) -> None:
        """Keep a job as it is until the end of this work."""
        await self.trip(Trip.READ)
        await self.store.locks.take(self, self.store.jobs.row_key(job_id))

    async def put(self, kind: type[Value], key: Hashable, how: Callable[[Value | None], Value]) -> Value:
        """Write a row at once, made from the one that is there: whoever does the same waits for the end of this work."""
        where: Key = (kind, key)
        await self.trip(Trip.READ)
        await self.store.locks.take(self, where)
        row = self.store.rows.get(where, NEVER_WRITTEN)
        value = how(cast("Value | None", self._writes.get(where, row.value)))
        self._seen[where] = row
        self._writes[where] = self._put[where] = value
        return value

    def write(self, kind: type, key: Hashable, value: object) -> None:
        """Note a value, unless it is the one that was read."""
        where: Key = (kind, key)
        if where in self._writes or value != self._seen.get(where, NEVER_WRITTEN).value:
            self._writes[where] = value

    def change(self, kind: type[Value], key: Hashable, how: Callable[[Value], Value]) -> None:
        """Note a value made from the one that was read or noted in this work."""
        where: Key = (kind, key)
        known = self._writes[where] if where in self._writes else self._seen[where].value
        self._writes[where] = how(cast("Value", known))

    def note_put(self, kind: type[Value], key: Hashable, how: Callable[[Value | None], Value]) -> None:
        """Note a value that is made at commit from whatever is stored by then. `how` may raise Conflict."""
        self._puts[kind, key] = cast("Callable[[object], object]", how)

    def refusals(self) -> frozenset[str]:
        """The committed refusals."""
        return frozenset(self.store.refused_currencies)

    def note_move(self, entity: str, entity_id: object, before: str | None, after: str, cause: Cause) -> None:
        """Note a change of state for the audit."""
        if before != after:
            self.note_cause(entity, entity_id, before, after, cause)

    def note_cause(self, entity: str, entity_id: object, before: str | None, after: str, cause: Cause) -> None:
        """Note for the audit what was done with something, even where its state is the same as before."""
        row = AuditRow(
            at=self.store.clock.now(),
            entity=entity,
            entity_id=str(entity_id),
            from_status=before,
            to_status=after,
            cause=cause,
        )
        self._audit.append(row)

    def note_remark(self, entity: str, entity_id: object, status: str, cause: Cause) -> None:
        """Note something for the audit that changes no state."""
        self.note_cause(entity, entity_id, status, status, cause)

    def note_refusal(self, currency: str, reason: str) -> None:
        """Note a refused currency."""
        self._refusals.setdefault(currency, reason)

    def note_job(self, job: NewJob) -> None:
        """Note a job to do."""
        self._jobs.append(job)

    def note_done(self, job: ClaimedJob) -> None:
        """Note a job that is done."""
        self._done.append(job)

    def note_moved_job(self, job: JobRecord, state: JobState, cause: Cause) -> None:
        """Note that a job is revived or discarded."""
        self._moved_jobs.append((job, state))
        self.note_cause("job", job.id, job.state, state, cause)

    def release(self) -> None:
        """Give back every lock."""
        self.store.locks.release(self)

    def _visible(self) -> dict[Key, object]:
        """What a statement of this work sees: what is committed, and what this work has written at once."""
        return {key: row.value for key, row in self.store.rows.items()} | self._put

    async def _send(self) -> None:
        """What Postgres does with the one statement: changes of what was read first, then what is new, then what that refers to."""
        self._sent = {}
        new = [key for key in self._writes if self._seen.get(key, NEVER_WRITTEN).version == 0]
        for key in self._writes:
            if key not in new:
                await self._send_change(key)
        for done in self._done:
            self.store.jobs.check_lease(done)
            await self.store.locks.take(self, self.store.jobs.row_key(done.id))
            self.store.jobs.check_lease(done)
        for record, _ in self._moved_jobs:
            await self.store.locks.take(self, self.store.jobs.row_key(record.id))
            self.store.jobs.check_state(record)
        for key in new:
            await self._send_new(key)
        for key in self._puts:
            await self.store.locks.take(self, key)
        for job in self._jobs:
            await self.store.locks.take(self, ("uq_jobs_once", job.kind, job.subject))
        for key, value in self._writes.items():
            for other in referred_to(value, self._seen.get(key, NEVER_WRITTEN).value):
                await self._refer(other)

    async def _send_change(self, key: Key) -> None:
        value, seen = self._writes[key], self._seen[key]
        keys, keys_before = unique_keys(value), unique_keys(seen.value)
        self._check_version(key)
        strength = Strength.CHANGED if referable(keys) == referable(keys_before) else Strength.EXCLUSIVE
        await self.store.locks.take(self, key, strength)
        self._check_version(key)
        for changed in keys_before - keys:
            await self.store.locks.take(self, changed)
        await self._send_keys(key, keys - keys_before)

    async def _send_new(self, key: Key) -> None:
        await self.store.locks.take(self, key)
        self._check_version(key)
        await self._send_keys(key, unique_keys(self._writes[key]))

    async def _send_keys(self, key: Key, keys: frozenset[tuple[str, Hashable]]) -> None:
        for unique in sorted(keys, key=str):
            await self.store.locks.take(self, unique)
            self.store.check(key, unique, self._sent)
        self._sent[key] = self._writes[key]

    async def _refer(self, other: Key) -> None:
        if other in self._writes and other not in self.store.rows:
            return
        if other in self.store.rows:
            await self.store.locks.take(self, other, Strength.SHARED)
        if other not in self.store.rows:
            raise Conflict(f"there is no {other[0].__name__} {other[1]} to refer to", constraint="fk")

    def _check_version(self, key: Key) -> None:
        if self.store.rows.get(key, NEVER_WRITTEN).version != self._seen.get(key, NEVER_WRITTEN).version:
            raise Conflict(f"another writer changed {key[0].__name__} {key[1]} first")

    def _apply(self) -> None:
        made = {key: how(self.store.rows.get(key, NEVER_WRITTEN).value) for key, how in self._puts.items()}
        for key, value in self._writes.items():
            written = Versioned(value, self._seen.get(key, NEVER_WRITTEN).version + 1)
            self._seen[key] = self.store.rows[key] = written
        for key, value in made.items():
            self.store.rows[key] = Versioned(value, self.store.rows.get(key, NEVER_WRITTEN).version + 1)
        self.store.audit += self._audit
        for currency, reason in self._refusals.items():
            self.store.refused_currencies.setdefault(currency, reason)
        for job in self._jobs:
            self.store.jobs.add(job)
        for done in self._done:
            self.store.jobs.finish(done)
        for record, state in self._moved_jobs:
            self.store.jobs.move(record, state)
        self._writes, self._puts, self._audit, self._refusals = {}, {}, [], {}
        self._jobs, self._done, self._moved_jobs = [], [], []
