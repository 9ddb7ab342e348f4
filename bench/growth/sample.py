"""Whom the questions are about: payments, members, events and jobs that are there, drawn at random."""

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Final
from uuid import UUID

import asyncpg
from msgspec import Struct

from bench.database import Connection
from bench.growth.members import BIG

DRAWN: Final = 400
OF_TABLE: Final = """
    SELECT {columns} FROM {table} TABLESAMPLE SYSTEM (least(100, 100.0 * 40000 / greatest(1, {count}))) REPEATABLE (11)
     WHERE {condition} ORDER BY md5({order}::text) LIMIT {drawn}
"""
Records = Sequence[asyncpg.Record]


class Sample(Struct, kw_only=True):
    """What was drawn of one database. size: how many payments there are.

    Everything is of a random member, but the lists whose name begins with `big`.
    """

    size: int
    now: datetime
    chance: Random
    paid: Records
    pending: Records
    members: list[str]
    customers: Records
    events: list[str]
    events_seen: Records
    handled: Records
    ready: list[int]
    dead: list[int]
    refunds: Records
    invoices: Records
    keys: Records
    big_payments: Records
    big_user: str = BIG

    def one(self, records: Records) -> asyncpg.Record:
        """One of some records."""
        return records[self.chance.randrange(len(records))]

    def id(self) -> UUID:
        """An id that nothing has yet."""
        return UUID(int=(int(self.now.timestamp() * 1000) << 80) | self.chance.getrandbits(74) | (7 << 76) | (1 << 63))

    def word(self, length: int) -> str:
        """A word that is nowhere yet."""
        return self.chance.randbytes(length).hex()[:length]


async def drawn(
    connection: Connection, table: str, columns: str, *, condition: str = "true", order: str = "id", size: int
) -> Records:
    """Some rows of a table. size: how many payments there are, which no table exceeds by far."""
    found: Records = await connection.fetch(
        OF_TABLE.format(table=table, columns=columns, condition=condition, order=order, count=size, drawn=DRAWN),
        timeout=600,
    )
    return found


async def sample_of(connection: Connection, size: int) -> Sample:
    """A sample of a database with so many payments."""
    payment = "id, user_id, checkout_session_id, payment_intent_id, version, created_at"
    subscribed = await drawn(connection, "subscriptions", "user_id", order="user_id", size=size)
    kept = await drawn(connection, "events", "id, received_at, type", size=size)
    return Sample(
        size=size,
        now=datetime.now(UTC),
        chance=Random(5),
        paid=await drawn(
            connection, "payments", payment, condition=f"status = 'SUCCEEDED' AND user_id <> '{BIG}'", size=size
        ),
        pending=await connection.fetch(
            f"SELECT {payment} FROM payments WHERE status = 'PENDING'"
            f" AND NOT EXISTS (SELECT FROM subscriptions s WHERE s.user_id = payments.user_id) ORDER BY id LIMIT {DRAWN}"
        ),
        members=[row["user_id"] for row in subscribed],
        customers=await drawn(connection, "customers", "user_id, email, provider_id", order="user_id", size=size),
        events=[row["id"] for row in kept],
        events_seen=kept,
        handled=await connection.fetch(
            f"SELECT event_id, entity_id FROM audit WHERE event_id IS NOT NULL ORDER BY id DESC LIMIT {DRAWN}"
        ),
        ready=[
            row["id"]
            for row in await connection.fetch("SELECT id FROM jobs WHERE state = 'ready' ORDER BY id LIMIT 100")
        ],
        dead=[
            row["id"]
            for row in await connection.fetch("SELECT id FROM jobs WHERE state = 'dead' ORDER BY id LIMIT 100")
        ],
        refunds=await drawn(connection, "refunds", "id, payment_intent_id, created_at", size=size),
        invoices=await drawn(
            connection,
            "invoices",
            "payment_id, number, stripe_invoice_id",
            condition="number IS NOT NULL",
            order="payment_id",
            size=size,
        ),
        keys=await connection.fetch(f"SELECT user_id, key FROM idempotency_keys ORDER BY id DESC LIMIT {DRAWN}"),
        big_payments=await connection.fetch(
            f"SELECT {payment} FROM payments WHERE user_id = $1 ORDER BY id DESC", BIG, timeout=600
        ),
    )
