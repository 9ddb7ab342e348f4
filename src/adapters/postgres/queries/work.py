"""Events and jobs."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, case, false, func, literal_column, null, or_, select
from sqlalchemy import update as sql_update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Boolean, Double, Interval, Text

from adapters.postgres import tables
from adapters.postgres.queries.kit import ONE, query, table, word

# Events

events = table(tables.EventRow)
kept = ("id", "type", "api_version", "created_at", "state", "error", "body")
query(
    "events.keep",
    insert(events)
    .values({name: bindparam(name) for name in kept})
    .on_conflict_do_nothing(index_elements=["id"])
    .returning(events.c.id),
)
query("events.add", insert(events).values({name: bindparam(name) for name in kept}))
query(
    "events.parked",
    select(events).where(events.c.id == bindparam("the_id"), events.c.state == word("parked")).with_for_update(),
)
query(
    "events.kept",
    select(events.c.id).where(events.c.id == func.any(bindparam("ids", type_=ARRAY(Text)))),
)
query(
    "events.settle",
    sql_update(events)
    .where(events.c.id == bindparam("the_id"))
    .values(state=bindparam("new_state"), error=bindparam("new_error")),
)

# Jobs

jobs = table(tables.JobRow)


def in_seconds(name: str) -> ColumnElement[datetime]:
    """The database's time, a parameter's seconds from now."""
    return func.now() + bindparam(name, type_=Double) * literal_column("interval '1 second'", Interval)


def put_back(final: ColumnElement[bool]) -> dict[str, object]:
    """The columns of a job that failed: ready again later, or dead when that is `final` or its attempts are used up."""
    dead = or_(final, jobs.c.attempts >= jobs.c.attempts_max)
    return {
        "state": case((dead, word("dead")), else_=word("ready")),
        "finished_at": case((dead, func.now())),
        "run_at": in_seconds("retry_after_seconds"),
        "last_error": bindparam("the_error"),
        "lease": null(),
        "leased_until": null(),
    }


held = and_(jobs.c.id == bindparam("the_id"), jobs.c.lease == bindparam("the_lease"))
due = (
    select(jobs.c.id)
    .where(jobs.c.state == word("ready"), jobs.c.run_at <= func.now())
    .where(jobs.c.kind == func.any(bindparam("kinds", type_=ARRAY(Text))))
    .order_by(jobs.c.run_at, jobs.c.id)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
query(
    "jobs.enqueue",
    insert(jobs)
    .values({name: bindparam(name) for name in ("kind", "subject", "attempts_max")})
    .values(run_at=in_seconds("delay_seconds"))
    .on_conflict_do_nothing(constraint="uq_jobs_once"),
)
query(
    "jobs.done",
    sql_update(jobs)
    .where(held)
    .values(state=word("done"), finished_at=func.now(), lease=null(), leased_until=null(), last_error=null())
    .returning(jobs.c.id),
    guards="the lease of the job",
)
query(
    "jobs.claim",
    sql_update(jobs)
    .where(jobs.c.id == due.c.id)
    .values(
        state=word("leased"),
        attempts=jobs.c.attempts + ONE,
        lease=tables.job_leases.next_value(),
        leased_until=in_seconds("lease_seconds"),
    )
    .returning(
        jobs.c.id, jobs.c.kind, jobs.c.subject, jobs.c.attempts, jobs.c.attempts_max, jobs.c.lease, jobs.c.run_at
    ),
)
query(
    "jobs.fail",
    sql_update(jobs).where(held).values(put_back(bindparam("final", type_=Boolean))).returning(jobs.c.id),
)
query(
    "jobs.reap",
    sql_update(jobs)
    .where(jobs.c.state == word("leased"), jobs.c.leased_until < func.now())
    .values(put_back(false()))
    .returning(jobs.c.id),
)

# Which installation this is

query("installation.id", select(table(tables.InstallationRow).c.id))

# Cursors

cursors = table(tables.CursorRow)
cursor = insert(cursors).values({name: bindparam(name) for name in ("name", "at")})
query("cursors.of", select(cursors.c.at).where(cursors.c.name == bindparam("name")))
query(
    "cursors.save",
    cursor.on_conflict_do_update(
        index_elements=["name"], set_={"at": cursor.excluded.at}, where=cursors.c.at < cursor.excluded.at
    ),
)
