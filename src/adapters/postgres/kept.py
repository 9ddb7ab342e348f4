"""What operators see of events and jobs, and what is forgotten of them: a statement and a transaction each."""

from datetime import UTC, datetime
from typing import Final

from adapters.postgres.database import Database
from adapters.postgres.rows import Row, event_of, job_of
from adapters.postgres.statements import STATEMENTS, Statement
from application.ports.jobs import JobKind, JobRecord, JobState
from application.ports.reads import AuditRecord, KeptEvent, WantedEvents
from application.ports.store import StoredEvent

PAGE: Final = STATEMENTS["events.page"]
ONE: Final = STATEMENTS["events.one"]
CAUSED: Final = STATEMENTS["audit.of_event"]
JOBS: Final = STATEMENTS["jobs.page"]
JOB: Final = STATEMENTS["jobs.one"]
STRIP: Final = STATEMENTS["events.strip"]
FORGET_EVENTS: Final = STATEMENTS["events.forget"]
FORGET_JOBS: Final = STATEMENTS["jobs.forget"]
FORGET_ANSWERS: Final = STATEMENTS["idempotency_keys.forget"]

ALWAYS: Final = datetime(1, 1, 1, tzinfo=UTC)
NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)


def kept_event_of(row: Row, *, with_body: bool) -> KeptEvent:
    """An event and its retry from a row of both."""
    retry = job_of(row, "retry_") if row["retry_id"] is not None else None
    return KeptEvent(event=event_of(row, with_body=with_body), retry=retry)


class PostgresKeptEvents:
    """The port KeptEvents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: WantedEvents, *, limit: int, before: StoredEvent | None = None) -> list[KeptEvent]:
        values = {
            "state": "parked" if wanted.dead else wanted.state,
            "whole": not wanted.dead,
            "type": wanted.type,
            "since": wanted.since or ALWAYS,
            "before_received_at": before.received_at if before is not None else NEVER,
            "before_id": before.id if before is not None else "",
            "at_most": limit,
        }
        rows = await self._database.rows(PAGE, values)
        return [kept_event_of(row, with_body=False) for row in rows]

    async def one(self, event_id: str) -> KeptEvent | None:
        rows = await self._database.rows(ONE, {"the_id": event_id})
        return kept_event_of(rows[0], with_body=True) if rows else None

    async def caused(self, event_id: str) -> list[AuditRecord]:
        rows = await self._database.rows(CAUSED, {"the_id": event_id})
        return [AuditRecord(**{name: row[name] for name in AuditRecord.__struct_fields__}) for row in rows]


class PostgresKnownJobs:
    """The port KnownJobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, state: JobState, *, kind: JobKind | None = None, limit: int, before: int | None = None
    ) -> list[JobRecord]:
        values = {"state": state, "kind": kind, "at_most": limit, "before_id": before}
        return [job_of(row) for row in await self._database.rows(JOBS, values)]

    async def one(self, job_id: int) -> JobRecord | None:
        rows = await self._database.rows(JOB, {"the_id": job_id})
        return job_of(rows[0]) if rows else None


class PostgresRetention:
    """The port Retention."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def strip_bodies(self, *, days: int, limit: int) -> int:
        return await self._count(STRIP, days, limit)

    async def forget_events(self, *, days: int, limit: int) -> int:
        return await self._count(FORGET_EVENTS, days, limit)

    async def forget_jobs(self, *, days: int, limit: int) -> int:
        return await self._count(FORGET_JOBS, days, limit)

    async def forget_answers(self, *, days: int, limit: int) -> int:
        return await self._count(FORGET_ANSWERS, days, limit)

    async def _count(self, statement: Statement, days: int, limit: int) -> int:
        return len(await self._database.rows(statement, {"days": float(days), "at_most": limit}))
