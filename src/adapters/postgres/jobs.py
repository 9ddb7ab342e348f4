"""Jobs in Postgres: written with their cause, claimed with SKIP LOCKED under a lease, fenced by the lease's number.

The database's clock alone counts, so that replicas whose clocks differ agree on what is due and whose lease has ended.
"""

from collections.abc import Callable
from typing import Final

from adapters.postgres.audit import note
from adapters.postgres.database import Database
from adapters.postgres.rows import job_of
from adapters.postgres.statements import STATEMENTS, Statement
from adapters.postgres.transaction import PostgresTransaction, Write
from application.ports.jobs import ClaimedJob, JobKind, JobRecord, JobState, NewJob
from domain.audit import Cause

ERROR_LENGTH_MAX: Final = 2000
ENQUEUE: Final = STATEMENTS["jobs.enqueue"]
DONE: Final = STATEMENTS["jobs.done"]
CLAIM: Final = STATEMENTS["jobs.claim"]
FAIL: Final = STATEMENTS["jobs.fail"]
FIND: Final = STATEMENTS["jobs.find"]
OF: Final = STATEMENTS["jobs.of"]
REVIVE: Final = STATEMENTS["jobs.revive"]
DISCARD: Final = STATEMENTS["jobs.discard"]
REAP: Final = STATEMENTS["jobs.reap"]


class PostgresWorkJobs:
    """The port Jobs: jobs as part of a unit of work."""

    def __init__(self, transaction: PostgresTransaction, ring: Callable[[], None] | None = None) -> None:
        """ring: tells workers of jobs that are due at once, after the commit."""
        self._transaction = transaction
        self._ring = ring

    def enqueue(self, job: NewJob) -> None:
        values = {
            "kind": job.kind.value,
            "subject": job.subject,
            "attempts_max": job.attempts_max,
            "delay_seconds": job.delay_seconds,
        }
        self._transaction.note_first(("jobs", job.kind, job.subject), Write(ENQUEUE, values))
        if self._ring is not None and job.delay_seconds == 0:
            self._transaction.then(self._ring)

    def complete(self, job: ClaimedJob) -> None:
        self._transaction.note(("jobs", job.id), Write(DONE, {"the_id": job.id, "the_lease": job.lease}))

    async def find(self, job_id: int) -> JobRecord | None:
        row = await self._transaction.row(FIND, {"the_id": job_id})
        return job_of(row) if row is not None else None

    async def of(self, kind: JobKind, subject: str) -> JobRecord | None:
        row = await self._transaction.row(OF, {"the_kind": kind.value, "the_subject": subject})
        return job_of(row) if row is not None else None

    def revive(self, job: JobRecord, cause: Cause) -> None:
        self._move(job, REVIVE, JobState.READY, cause)

    def discard(self, job: JobRecord, cause: Cause) -> None:
        self._move(job, DISCARD, JobState.DISCARDED, cause)

    def _move(self, job: JobRecord, statement: Statement, state: JobState, cause: Cause) -> None:
        self._transaction.note(("jobs", job.id), Write(statement, {"the_id": job.id}))
        note(self._transaction, "job", job.id, job.state, state, cause)


class PostgresJobQueue:
    """The port JobQueue: the worker's side. Each call is one statement and its own transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, kinds: frozenset[JobKind], *, limit: int, lease_seconds: float) -> list[ClaimedJob]:
        values = {"kinds": sorted(kind.value for kind in kinds), "at_most": limit, "lease_seconds": lease_seconds}
        rows = await self._database.rows(CLAIM, values)
        return [
            ClaimedJob(
                id=row["id"],
                kind=JobKind(row["kind"]),
                subject=row["subject"],
                attempt=row["attempts"],
                attempts_max=row["attempts_max"],
                lease=row["lease"],
            )
            for row in sorted(rows, key=lambda row: (row["run_at"], row["id"]))
        ]

    async def complete(self, job: ClaimedJob) -> bool:
        return bool(await self._database.rows(DONE, {"the_id": job.id, "the_lease": job.lease}))

    async def fail(self, job: ClaimedJob, error: str, *, retry_after_seconds: float | None) -> bool:
        values = {
            "the_id": job.id,
            "the_lease": job.lease,
            "the_error": error[:ERROR_LENGTH_MAX],
            "final": retry_after_seconds is None,
            "retry_after_seconds": float(retry_after_seconds or 0),
        }
        return bool(await self._database.rows(FAIL, values))

    async def reap(self, *, retry_after_seconds: float) -> int:
        values = {
            "retry_after_seconds": float(retry_after_seconds),
            "the_error": "the lease ended: the worker died or hung",
        }
        return len(await self._database.rows(REAP, values))
