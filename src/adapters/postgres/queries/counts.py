"""What stands where, counted along partial indexes and the newest end of a key: never a whole table that only grows."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, literal_column, select, union_all
from sqlalchemy.types import Double, Integer

from adapters.postgres import tables
from adapters.postgres.queries.kit import query, table, word
from domain.payment import UNFINISHED

payments, events, jobs = table(tables.PaymentRow), table(tables.EventRow), table(tables.JobRow)


def by_state(*conditions: ColumnElement[bool]) -> Select[Any]:  # Any: columns of several types
    """How many payments of a condition stand where."""
    counted = func.count().label("count")
    return (
        select(payments.c.status, payments.c.currency, counted)
        .where(*conditions)
        .group_by(payments.c.status, payments.c.currency)
    )


def seconds_since(instant: ColumnElement[datetime]) -> ColumnElement[float]:
    """How long ago that was, by the database's clock; 0 for null and for what lies ahead."""
    age = func.extract("epoch", func.now() - instant).cast(Double)
    return func.greatest(literal_column("0::float8", Double), age)


# The words make each half match the condition of its partial index.
query(
    "counts.waiting",
    union_all(
        by_state(payments.c.status.in_([word(status) for status in sorted(UNFINISHED)])),
        by_state(payments.c.status == word("REVIEW")),
    ),
)
# Ids order by the time of their making: the newest are one end of the primary key.
newest = (
    select(payments.c.status, payments.c.currency)
    .where(payments.c.id >= bindparam("first_id", type_=payments.c.id.type))
    .order_by(payments.c.id.desc())
    .limit(bindparam("at_most", type_=Integer))
    .subquery("newest")
)
query(
    "counts.begun",
    select(newest.c.status, newest.c.currency, func.count().label("count")).group_by(
        newest.c.status, newest.c.currency
    ),
)


def unfinished(state: str) -> Select[Any]:  # Any: columns of several types
    """How many jobs of each kind are in a state, and how long the earliest of them has been due."""
    late = seconds_since(func.min(jobs.c.run_at)).label("late_seconds")
    return (
        select(jobs.c.kind, word(state).label("state"), func.count().label("count"), late)
        .where(jobs.c.state == word(state))
        .group_by(jobs.c.kind)
    )


query("counts.jobs", union_all(*(unfinished(state) for state in ("ready", "leased", "dead"))))
given_up = exists().where(
    jobs.c.kind == word("retry_event"), jobs.c.subject == events.c.id, jobs.c.state == word("dead")
)
query(
    "counts.events",
    select(
        func.count().label("parked"),
        func.count().filter(given_up).label("dead"),
        seconds_since(func.min(events.c.received_at)).label("parked_seconds"),
    ).where(events.c.state == word("parked")),
)
