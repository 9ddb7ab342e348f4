"""Jobs in Postgres: written with their cause, claimed with SKIP LOCKED under a lease, fenced by the lease's number.

The database's clock alone counts, so that replicas whose clocks differ agree on what is due and whose lease has ended.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, bindparam, case, false, func, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Boolean, Double, Interval, Text

from adapters.postgres import tables
from adapters.postgres.database import Database
from adapters.postgres.statements import Statement, table
from adapters.postgres.transaction import PostgresTransaction, Write
from application.ports.jobs import ClaimedJob, JobKind, NewJob

jobs = table(tables.JobRow)
ERROR_LENGTH_MAX: Final = 2000


def in_seconds(name: str) -> ColumnElement[datetime]:
    """The database's time, a parameter's seconds from now."""
    return func.now() + bindparam(name, type_=Double) * literal_column("interval '1 second'", Interval)


def word(state: str) -> ColumnElement[str]:
    """A state as a constant of the SQL, so that the partial indexes on it can serve."""
    return literal_column(f"'{state}'", Text)


ENQUEUE: Final = Statement(
    insert(jobs)
    .values(
        kind=bindparam("kind"),
        subject=bindparam("subject"),
        attempts_max=bindparam("attempts_max"),
        run_at=in_seconds("delay_seconds"),
    )
    .on_conflict_do_nothing(constraint="uq_jobs_once")
)
held = and_(jobs.c.id == bindparam("the_id"), jobs.c.lease == bindparam("the_lease"))
done = (
    update(jobs)
    .where(held)
    .values(state=word("done"), finished_at=func.now(), lease=None, leased_until=None, last_error=None)
)
DONE: Final = Statement(done.returning(jobs.c.id), guards="the lease of the job")

due = (
    select(jobs.c.id)
    .where(jobs.c.state == word("ready"), jobs.c.run_at <= func.now())
    .where(jobs.c.kind == func.any(bindparam("kinds", type_=ARRAY(Text))))
    .order_by(jobs.c.run_at, jobs.c.id)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
CLAIM: Final = Statement(
    update(jobs)
    .where(jobs.c.id == due.c.id)
    .values(
        state=word("leased"),
        attempts=jobs.c.attempts + 1,
        lease=tables.job_leases.next_value(),
        leased_until=in_seconds("lease_seconds"),
    )
    .returning(
        jobs.c.id, jobs.c.kind, jobs.c.subject, jobs.c.attempts, jobs.c.attempts_max, jobs.c.lease, jobs.c.run_at
    )
)


def put_back(final: ColumnElement[bool]) -> dict[str, object]:
    """The columns of a job that failed: ready again later, or dead when that is `final` or its attempts are used up."""
    dead = or_(final, jobs.c.attempts >= jobs.c.attempts_max)
    return {
        "state": case((dead, word("dead")), else_=word("ready")),
        "finished_at": case((dead, func.now())),
        "run_at": in_seconds("retry_after_seconds"),
        "last_error": bindparam("the_error"),
        "lease": None,
        "leased_until": None,
    }


FAIL: Final = Statement(
    update(jobs).where(held).values(put_back(bindparam("final", type_=Boolean))).returning(jobs.c.id)
)
REAP: Final = Statement(
    update(jobs)
    .where(jobs.c.state == word("leased"), jobs.c.leased_until < func.now())
    .values(put_back(false()))
    .returning(jobs.c.id)
)


class PostgresWorkJobs:
    """The port Jobs: jobs as part of a unit of work."""

    def __init__(self, transaction: PostgresTransaction) -> None:
        self._transaction = transaction

    def enqueue(self, job: NewJob) -> None:
        values = {
            "kind": job.kind.value,
            "subject": job.subject,
            "attempts_max": job.attempts_max,
            "delay_seconds": job.delay_seconds,
        }
        self._transaction.note(("jobs", job.kind, job.subject), Write(ENQUEUE, values))

    def complete(self, job: ClaimedJob) -> None:
        self._transaction.note(("jobs", job.id), Write(DONE, {"the_id": job.id, "the_lease": job.lease}))


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
