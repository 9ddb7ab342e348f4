"""Members as the subjects of their data, in Postgres: `members.sql`, in one snapshot or one transaction."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from adapters.postgres.database import Connection, Database
from adapters.postgres.faults import our_errors
from adapters.postgres.invariants import BEGIN, LIMIT_TIME
from adapters.postgres.rows import (
    Row,
    customer_of,
    dispute_of,
    event_of,
    invoice_of,
    job_of,
    mail_of,
    payment_of,
    refund_of,
    subscription_of,
)
from adapters.postgres.story import SECONDS_MAX, read_queries
from application.ports.privacy import Erasure, Judge, MemberData
from application.ports.reads import AuditRecord, PaymentRecord
from domain.audit import Cause
from domain.member import UserId

QUERIES: Final = read_queries(Path(__file__).with_suffix(".sql").read_text(encoding="ascii"))

BEGIN_CHANGE: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ"
"""What is erased is what was judged: a payment that begins meanwhile is not among it, and who became a customer anew meanwhile makes it
fail, to be tried again."""

MEMBER: Final = "member"


class PostgresMembers:
    """The port Members."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, user_id: UserId) -> MemberData:
        async with self._transaction(BEGIN) as connection:
            return await known(connection, user_id)

    async def exported(self, user_id: UserId, cause: Cause) -> None:
        async with self._transaction(BEGIN_CHANGE) as connection:
            await connection.execute(QUERIES["audit_add"], user_id, "exported", cause.why, cause.actor)

    async def erase(self, user_id: UserId, pseudonym: UserId, *, cause: Cause, judge: Judge) -> Erasure:
        async with self._transaction(BEGIN_CHANGE) as connection:
            await connection.execute(QUERIES["lock"], user_id)
            data = await known(connection, user_id)
            if data.is_empty:
                return Erasure()
            judge(data)
            await forget(connection, data, pseudonym)
            await connection.execute(QUERIES["audit_add"], pseudonym, "erased", cause.why, cause.actor)
        return Erasure(pseudonym=pseudonym, payments=len(data.payments), mails=len(data.mails), events=len(data.events))

    @asynccontextmanager
    async def _transaction(self, begin: str) -> AsyncIterator[Connection]:
        """A transaction that may take long: events and jobs are searched without an index of their own."""
        connection = await self._database.acquire()
        broken = True
        try:
            with our_errors():
                await connection.execute(begin)
                try:
                    await connection.fetchval(LIMIT_TIME, f"{SECONDS_MAX:.0f}s")
                    yield connection
                except Exception:
                    await connection.execute("ROLLBACK")
                    broken = False
                    raise
                await connection.execute("COMMIT")
            broken = False
        finally:
            await self._database.release(connection, broken=broken)


async def rows(connection: Connection, name: str, *values: object) -> Sequence[Row]:
    """The rows of a query that may take long."""
    found: Sequence[Row] = await connection.fetch(QUERIES[name], *values, timeout=SECONDS_MAX + 1)
    return found


async def known(connection: Connection, user_id: UserId) -> MemberData:
    """All that is kept about a member, as one transaction sees it."""
    customer = next(iter(await rows(connection, "customer", user_id)), None)
    subscription = next(iter(await rows(connection, "subscription", user_id)), None)
    payments = [payment_of(row) for row in await rows(connection, "payments", user_id)]
    ids = [payment.id for payment in payments]
    intents = [payment.payment_intent_id for payment in payments if payment.payment_intent_id is not None]
    invoices = {row["payment_id"]: invoice_of(row) for row in await rows(connection, "invoices", ids)}
    refunds = [refund_of(row) for row in await rows(connection, "refunds", intents)]
    disputes = [dispute_of(row) for row in await rows(connection, "disputes", intents)]
    audit = await rows(connection, "audit", [user_id, *map(str, ids)])

    caused = [row["event_id"] for row in audit if row["event_id"] is not None]
    data = MemberData(
        user_id=user_id,
        customer=customer_of(customer) if customer is not None else None,
        subscription=subscription_of(user_id, subscription),
        payments=tuple(PaymentRecord(payment=one, invoice=invoices.get(one.id)) for one in payments),
        refunds=tuple(refunds),
        disputes=tuple(disputes),
    )
    names = [f'"{name}"'.encode() for name in data.names]
    events = [event_of(row) for row in await rows(connection, "events", caused, names)]
    subjects = [*map(str, ids), *intents, *(event.id for event in events)]
    return replace(
        data,
        events=tuple(events),
        mails=tuple(mail_of(row) for row in await rows(connection, "mails", ids)),
        jobs=tuple(job_of(row) for row in await rows(connection, "jobs", subjects)),
        audit=tuple(AuditRecord(**{name: row[name] for name in AuditRecord.__struct_fields__}) for row in audit),
    )


async def forget(connection: Connection, data: MemberData, pseudonym: UserId) -> None:
    """Put a pseudonym in the place of a member and drop what describes them."""
    payment_ids = [one.payment.id for one in data.payments]
    entities = [data.user_id, *map(str, payment_ids)]
    await rows(connection, "let_audit_forget")
    for name in ("forget_payments", "forget_subscription", "forget_periods"):
        await rows(connection, name, data.user_id, pseudonym)
    await rows(connection, "drop_subscription", data.user_id)
    await rows(connection, "forget_customer", data.user_id, pseudonym)
    await rows(connection, "forget_answers", data.user_id)
    for name in ("forget_checkouts", "forget_invoices", "forget_mails"):
        await rows(connection, name, payment_ids)
    await rows(connection, "forget_events", [event.id for event in data.events])
    await rows(connection, "forget_jobs", [job.id for job in data.jobs])
    await rows(connection, "forget_audit", data.user_id, pseudonym, entities)
