"""Every statement of the store, in SQLAlchemy Core on the declared tables: the source from which `statements.sql` is compiled.

Importing SQLAlchemy costs each start more than all the rest together, and compiling a statement costs a request more than sending
it. So it is done beforehand, by `make sql`; a test fails when the text is not what these queries compile to.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    Table,
    and_,
    bindparam,
    case,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    tuple_,
)
from sqlalchemy import update as sql_update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import Boolean, Double, Integer, Interval, Text

from adapters.postgres import tables
from adapters.postgres.statements import SQL_FILE, Statement, written
from domain.payment import UNFINISHED

QUERIES: Final[dict[str, tuple[Executable, str | None]]] = {}
"""Each query by name, with what it guards: what it must find one of when it is sent at commit."""


def query(name: str, statement: Executable, *, guards: str | None = None) -> None:
    """Name a query."""
    QUERIES[name] = (statement, guards)


def table(row: type[DeclarativeBase]) -> Table:
    """The table of a declared row."""
    return cast("Table", row.__table__)


def word(value: str) -> ColumnElement[str]:
    """A constant of the SQL, so that partial indexes on it can serve."""
    return literal_column(f"'{value}'", Text)


ONE: Final[ColumnElement[int]] = literal_column("1", Integer)


def insert_into(name: str, row: type[DeclarativeBase], names: Sequence[str] = ()) -> None:
    """Insert the named columns, by default all of them."""
    columns = names or [column.name for column in table(row).columns]
    query(name, insert(table(row)).values({column: bindparam(column) for column in columns}))


def update_versioned(name: str, row: type[DeclarativeBase], key: str, names: Sequence[str] = ()) -> None:
    """Update columns of the row that still has the version that was read, and count its version up.

    Parameters: the columns by their names, `the_key` and `seen_version`. Returns a row when there was one to change.
    """
    target = table(row)
    columns = names or [column.name for column in target.columns if column.name not in (key, "version")]
    changes: dict[str, Any] = {column: bindparam(column) for column in columns}  # Any: columns and parameters
    update = sql_update(target).where(
        target.c[key] == bindparam("the_key"), target.c.version == bindparam("seen_version")
    )
    query(
        name,
        update.values(changes | {"version": target.c.version + ONE}).returning(target.c.version),
        guards=target.name,
    )


def record(row: type[DeclarativeBase], key: str, *, lock: bool = False) -> None:
    """The three statements of a table whose rows have a key and a version."""
    target = table(row)
    by_key = select(target).where(target.c[key] == bindparam("the_key"))
    query(f"{target.name}.find", by_key.with_for_update() if lock else by_key)
    insert_into(f"{target.name}.add", row)
    update_versioned(f"{target.name}.save", row, key)


record(tables.CustomerRow, "user_id")
record(tables.CheckoutRow, "payment_id")
record(tables.InvoiceRow, "payment_id")
record(tables.MailRow, "key", lock=True)

# Payments

payments = table(tables.PaymentRow)
by_id = select(payments).where(payments.c.id == bindparam("the_id"))
of_session = payments.c.checkout_session_id == bindparam("session_id")
query("payments.get", by_id)
query("payments.get_locked", by_id.with_for_update())
query(
    "payments.of_session",
    select(payments)
    .where(or_(of_session, payments.c.id == bindparam("the_id", type_=payments.c.id.type)))
    .order_by(case((of_session, ONE), else_=literal_column("2")))
    .limit(ONE)
    .with_for_update(),
)
query(
    "payments.unfinished_of",
    select(payments)
    .where(payments.c.user_id == bindparam("user_id"))
    .where(or_(*(payments.c.status == word(status) for status in sorted(UNFINISHED))))
    .order_by(payments.c.status)
    .limit(ONE)
    .with_for_update(),
)
begun = (payments.c.created_at, payments.c.id)
query(
    "payments.unfinished",
    select(payments)
    .where(payments.c.status.in_([word(status) for status in sorted(UNFINISHED)]))
    .where(tuple_(*begun) > tuple_(*(bindparam(f"after_{part.name}", type_=part.type) for part in begun)))
    .order_by(*begun)
    .limit(bindparam("limit", type_=Integer)),
)
insert_into("payments.add", tables.PaymentRow)
update_versioned(
    "payments.save",
    tables.PaymentRow,
    "id",
    ("status", "checkout_session_id", "payment_intent_id", "paid_at", "refunded_minor", "dispute", "review"),
)

# Subscriptions

subscriptions, periods = table(tables.SubscriptionRow), table(tables.PeriodRow)


def in_order(name: str) -> ColumnElement[object]:
    """A column of the member's periods as an array, in the order of the periods."""
    ordered = select(periods.c[name]).where(periods.c.user_id == subscriptions.c.user_id).order_by(periods.c.n)
    return func.array(ordered.scalar_subquery())


query(
    "subscriptions.of",
    select(
        subscriptions,
        in_order("payment_id").label("payment_ids"),
        in_order("starts_at").label("starts"),
        in_order("ends_at").label("ends"),
    ).where(subscriptions.c.user_id == bindparam("user_id")),
)
insert_into("subscriptions.add", tables.SubscriptionRow)
update_versioned("subscriptions.save", tables.SubscriptionRow, "user_id")
insert_into("periods.add", tables.PeriodRow)

# Receipt numbers, refused currencies, audit

counters, refusals = table(tables.ReceiptCounterRow), table(tables.RefusedCurrencyRow)
query(
    "receipt_counters.next",
    insert(counters)
    .values(year=bindparam("year"), last=ONE)
    .on_conflict_do_update(index_elements=["year"], set_={"last": counters.c.last + ONE})
    .returning(counters.c.last),
)
query("refused_currencies.all", select(func.array_agg(refusals.c.currency).label("currencies")))
query(
    "refused_currencies.add",
    insert(refusals)
    .values({name: bindparam(name) for name in ("currency", "reason", "refused_at")})
    .on_conflict_do_nothing(),
)
insert_into(
    "audit.add", tables.AuditRow, ("entity", "entity_id", "from_status", "to_status", "why", "actor", "event_id")
)

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
query(
    "events.parked",
    select(events).where(events.c.id == bindparam("the_id"), events.c.state == word("parked")).with_for_update(),
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


def compiled(name: str) -> Statement:
    """A query as SQL text for asyncpg. Raises ValueError for a constant that would become a parameter: write it with `word`."""
    statement, guards = QUERIES[name]
    dialect = asyncpg_dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves its dialects untyped
    result = cast("SQLCompiler", statement.compile(dialect=dialect))  # type: ignore[attr-defined] # every statement has it
    names = tuple(result.positiontup or ())
    constants = [name for name in names if result.params[name] is not None]
    if constants:
        raise ValueError(f"the query {name} has constants as parameters: {constants}")
    return Statement(name, str(result), names, guards)


def main(path: Path = SQL_FILE) -> None:
    """Compile every query into the file of statements."""
    path.write_text(written([compiled(name) for name in QUERIES]), encoding="ascii")


if __name__ == "__main__":
    main()
