"""What operators see of events and jobs in memory, and what is forgotten of them."""

from datetime import timedelta
from typing import cast

from msgspec.structs import replace

from adapters.memory.idempotency import KeptKey
from adapters.memory.store import Key, MemoryStore
from application.ports.jobs import JobKind, JobRecord, JobState
from application.ports.reads import AuditRecord, KeptEvent, WantedEvents
from application.ports.store import EventState, StoredEvent

FORGETTABLE = frozenset({JobState.DONE, JobState.DISCARDED})


class MemoryKeptEvents:
    """The port KeptEvents."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def page(self, wanted: WantedEvents, *, limit: int, before: StoredEvent | None = None) -> list[KeptEvent]:
        newest_first = sorted(self._store.events(), key=_place, reverse=True)
        older = [event for event in newest_first if before is None or _place(event) < _place(before)]
        kept = (self._with_retry(replace(event, body=None)) for event in older)
        return [found for found in kept if _is_wanted(found, wanted)][:limit]

    async def one(self, event_id: str) -> KeptEvent | None:
        row = self._store.rows.get((StoredEvent, event_id))
        return self._with_retry(cast("StoredEvent", row.value)) if row is not None else None

    async def caused(self, event_id: str) -> list[AuditRecord]:
        return [
            AuditRecord(
                at=row.at,
                entity=row.entity,
                entity_id=row.entity_id,
                from_status=row.from_status,
                to_status=row.to_status,
                why=row.cause.why,
                actor=row.cause.actor,
            )
            for row in self._store.audit
            if row.cause.event_id == event_id
        ]

    def _with_retry(self, event: StoredEvent) -> KeptEvent:
        key = (JobKind.RETRY_EVENT, event.id)
        retries = (row.record() for row in self._store.jobs.rows if (row.job.kind, row.job.subject) == key)
        return KeptEvent(event=event, retry=next(retries, None))


def _place(event: StoredEvent) -> tuple[object, str]:
    return event.received_at, event.id


def _is_wanted(kept: KeptEvent, wanted: WantedEvents) -> bool:
    return (
        wanted.state in (None, kept.event.state)
        and (kept.dead or not wanted.dead)
        and wanted.type in (None, kept.event.type)
        and (wanted.since is None or kept.event.received_at >= wanted.since)
    )


class MemoryKnownJobs:
    """The port KnownJobs."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def page(
        self, state: JobState, *, kind: JobKind | None = None, limit: int, before: int | None = None
    ) -> list[JobRecord]:
        found = [
            row.record()
            for row in reversed(self._store.jobs.rows)
            if row.state == state and kind in (None, row.job.kind) and (before is None or row.id < before)
        ]
        return found[:limit]

    async def one(self, job_id: int) -> JobRecord | None:
        return next((row.record() for row in self._store.jobs.rows if row.id == job_id), None)


class MemoryRetention:
    """The port Retention."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def strip_bodies(self, *, days: int, limit: int) -> int:
        old = [event for event in self._old_events(days) if event.body is not None][:limit]
        for event in old:
            key: Key = (StoredEvent, event.id)
            self._store.rows[key] = replace(self._store.rows[key], value=replace(event, body=None))
        return len(old)

    async def forget_events(self, *, days: int, limit: int) -> int:
        old = self._old_events(days)[:limit]
        for event in old:
            del self._store.rows[StoredEvent, event.id]
        return len(old)

    async def forget_jobs(self, *, days: int, limit: int) -> int:
        before = self._store.clock.now() - timedelta(days=days)
        parked = {event.id for event in self._store.events() if event.state is EventState.PARKED}
        old = [
            row
            for row in self._store.jobs.rows
            if row.job.kind is JobKind.RETRY_EVENT
            and row.state in FORGETTABLE
            and row.job.subject not in parked
            and row.finished_at is not None
            and row.finished_at < before
            and not self._store.locks.is_held(self._store.jobs.row_key(row.id))
        ]
        for row in old[:limit]:
            self._store.jobs.rows.remove(row)
        return len(old[:limit])

    async def forget_answers(self, *, days: int, limit: int) -> int:
        before = self._store.clock.now() - timedelta(days=days)
        kept = cast("list[KeptKey]", self._store.all(KeptKey))
        old = sorted((one for one in kept if one.claimed_at < before), key=lambda one: one.claimed_at)[:limit]
        for one in old:
            del self._store.rows[one.where]
        return len(old)

    def _old_events(self, days: int) -> list[StoredEvent]:
        """The oldest first, without those that are parked or in the hands of a work."""
        before = self._store.clock.now() - timedelta(days=days)
        return [
            event
            for event in sorted(self._store.events(), key=_place)
            if event.received_at < before
            and event.state is not EventState.PARKED
            and not self._store.locks.is_held((StoredEvent, event.id))
        ]
