"""Events and jobs as operators see and move them, and what is forgotten of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    and_,
    any_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    tuple_,
)
from sqlalchemy import update as sql_update
from sqlalchemy.types import Boolean, Double, Interval, Text

from adapters.postgres import tables
from adapters.postgres.queries.kit import query, table, word

events, jobs, audit = table(tables.EventRow), table(tables.JobRow), table(tables.AuditRow)

# What operators see

retries = jobs.alias("retry")
shown = [column for column in events.c if column.name != "body"]
retry = [column.label(f"retry_{column.name}") for column in retries.c if column.name not in ("lease", "leased_until")]
with_retries = events.outerjoin(retries, and_(retries.c.kind == word("retry_event"), retries.c.subject == events.c.id))


def unless_null(name: str, type_: type[Text] | type[BigInteger], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition that counts only where its parameter is given. Planned for the parameters, what does not count costs nothing."""
    return or_(bindparam(name, type_=type_).is_(null()), condition)


query(
    "events.page",
    select(*shown, *retry)
    .select_from(with_retries)
    .where(unless_null("state", Text, events.c.state == bindparam("state", type_=Text)))
    .where(or_(bindparam("whole", type_=Boolean), retries.c.state == word("dead")))
    .where(unless_null("type", Text, events.c.type == bindparam("type", type_=Text)))
    .where(events.c.received_at >= bindparam("since"))
    .where(
        tuple_(events.c.received_at, events.c.id)
        < tuple_(bindparam("before_received_at", type_=DateTime(timezone=True)), bindparam("before_id", type_=Text))
    )
    .order_by(events.c.received_at.desc(), events.c.id.desc())
    .limit(bindparam("at_most")),
)
query(
    "events.one",
    select(*events.c, *retry).select_from(with_retries).where(events.c.id == bindparam("the_id")),
)
query("audit.of_event", select(audit).where(audit.c.event_id == bindparam("the_id")).order_by(audit.c.id))
query(
    "jobs.page",
    select(jobs)
    .where(jobs.c.state == bindparam("state"))
    .where(unless_null("kind", Text, jobs.c.kind == bindparam("kind", type_=Text)))
    .where(unless_null("before_id", BigInteger, jobs.c.id < bindparam("before_id", type_=BigInteger)))
    .order_by(jobs.c.id.desc())
    .limit(bindparam("at_most")),
)
query("jobs.one", select(jobs).where(jobs.c.id == bindparam("the_id")))

# What operators move

query("events.find", select(events).where(events.c.id == bindparam("the_id")).with_for_update())
query("jobs.find", select(jobs).where(jobs.c.id == bindparam("the_id")).with_for_update())
query(
    "jobs.of",
    select(jobs)
    .where(jobs.c.kind == bindparam("the_kind"), jobs.c.subject == bindparam("the_subject"))
    .with_for_update(),
)
finished = jobs.c.state.in_([word("done"), word("dead"), word("discarded")])
query(
    "jobs.revive",
    sql_update(jobs)
    .where(jobs.c.id == bindparam("the_id"), finished)
    .values(state=word("ready"), attempts=literal_column("0"), run_at=func.now(), finished_at=null())
    .returning(jobs.c.id),
    guards="the job",
)
query(
    "jobs.discard",
    sql_update(jobs)
    .where(jobs.c.id == bindparam("the_id"), jobs.c.state == word("dead"))
    .values(state=word("discarded"), finished_at=func.now())
    .returning(jobs.c.id),
    guards="the job",
)

# What is forgotten


def days_ago() -> ColumnElement[datetime]:
    """The database's time, a parameter's days ago."""
    return func.now() - bindparam("days", type_=Double) * literal_column("interval '1 day'", Interval)


def one_of_these(id: ColumnElement[Any], chosen: Select[Any]) -> ColumnElement[bool]:  # Any: ids of either type
    """Whether an id is among those of a query, which is run once and first: joined to it, Postgres may read the whole table for a batch."""
    return id == any_(func.array(chosen.scalar_subquery()))


unparked = events.c.state != word("parked")
with_old_body = (
    select(events.c.id)
    .where(unparked, events.c.body.is_not(null()), events.c.received_at < days_ago())
    .order_by(events.c.received_at)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
query(
    "events.strip",
    sql_update(events).where(one_of_these(events.c.id, with_old_body)).values(body=null()).returning(events.c.id),
)
old_events = (
    select(events.c.id)
    .where(unparked, events.c.received_at < days_ago())
    .order_by(events.c.received_at, events.c.id)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
query("events.forget", delete(events).where(one_of_these(events.c.id, old_events)).returning(events.c.id))
still_parked = exists().where(events.c.id == jobs.c.subject, events.c.state == word("parked"))
old_retries = (
    select(jobs.c.id)
    .where(jobs.c.kind == word("retry_event"), jobs.c.state.in_([word("done"), word("discarded")]), ~still_parked)
    .where(jobs.c.finished_at < days_ago())
    .order_by(jobs.c.finished_at)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
query("jobs.forget", delete(jobs).where(one_of_these(jobs.c.id, old_retries)).returning(jobs.c.id))
