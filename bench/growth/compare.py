"""Databases of several sizes on one Postgres: filled, held to the invariants, and asked in turns."""

import shutil
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Final

import asyncpg
from msgspec import Struct

from adapters.postgres.invariants import ALL_WITH_ALL, FEW_OF, INVARIANTS, SHOWN_MAX
from bench import machine
from bench.confirmed import OF_WORKERS, Incomplete
from bench.database import Connection, Server
from bench.growth.asked import Asking, Figures, Question
from bench.growth.fill import Bar, filled
from bench.growth.history_ask import histories
from bench.growth.life import Life
from bench.growth.members_ask import access, checkouts, webhooks
from bench.growth.office_ask import erasures, jobs, lists, stories, sweeps
from bench.growth.sample import sample_of
from bench.growth.sizes import Sizes, indexes_of, tables_of
from bench.growth.texts import all_texts

BOUND: Final = 1.5
ROUNDS: Final = 3
"""Each question is asked in so many turns of each size, since the speed of a shared machine moves by the minute."""

SETTINGS: Final = {"autovacuum": "off", "jit": "on"}
"""Nothing is vacuumed while somebody is measured; all is once it is filled."""

BYTES_OF_PAYMENT: Final = 9000
SPARE: Final = 8 * 2**30
AUDIT_SECONDS_MAX: Final = 3600.0
CLIENT: Final = {"statement_timeout": "0", "timezone": "UTC"}


class Asked(Struct, frozen=True, kw_only=True):
    """What is to be measured. letter_days: letters of so many days keep their text."""

    sizes: list[int]
    executions: int
    letter_days: float
    bound: float


class Growth(Struct, frozen=True, kw_only=True):
    """A whole run. machine and postgres: by name, as text."""

    at: datetime
    machine: dict[str, str]
    postgres: dict[str, str]
    letter_days: float
    executions: int
    bound: float
    sizes: list[Sizes]
    figures: list[Figures]


class TooLittleRoom(Exception):
    """The disk has not enough room left for so many payments and for whoever else writes to it."""


async def compare(server: Server, asked: Asked) -> Growth:
    """Fill what is not there yet, then ask everything of all sizes."""
    postgres = await server.set_up()
    admin = await asyncpg.connect(server.url)
    for name, value in SETTINGS.items():
        await admin.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    await admin.execute("SELECT pg_reload_conf()")
    sizes = [await prepared(server, admin, payments, asked.letter_days) for payments in asked.sizes]
    await admin.close()
    figures = await answers(server, asked)
    sizes = [await with_indexes(server, size) for size in sizes]
    return Growth(
        at=datetime.now(UTC),
        machine=machine.described(),
        postgres=postgres | SETTINGS,
        letter_days=asked.letter_days,
        executions=asked.executions,
        bound=asked.bound,
        sizes=sizes,
        figures=figures,
    )


async def prepared(server: Server, admin: Connection, payments: int, letter_days: float) -> Sizes:
    """A database of so many payments, all of which keep to the invariants."""
    name, seconds = f"growth_{payments}", 0.0
    is_there = await admin.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name)
    if not is_there:
        room = shutil.disk_usage(server.folder).free - SPARE
        if letter_days > 1000 and payments * BYTES_OF_PAYMENT > room:
            raise TooLittleRoom(
                f"{payments} payments take {payments * BYTES_OF_PAYMENT / 2**30:.0f} GiB, {room / 2**30:.0f} are free"
            )
    url = server.url_of(name) if is_there else await server.make(name)
    connection = await asyncpg.connect(url, server_settings=CLIENT)
    if not is_there:
        life = Life(payments, now=time.time(), texts=all_texts(), letter_days=letter_days)
        seconds = await filled(connection, life, payments)
    await connection.execute("VACUUM (ANALYZE)", timeout=3600)
    await connection.execute("CHECKPOINT", timeout=600)
    audit_seconds, slowest = await audited(connection)
    sizes = Sizes(
        payments=payments,
        fill_seconds=seconds,
        audit_seconds=audit_seconds,
        slowest_check=slowest,
        tables=await tables_of(connection),
        indexes=[],
    )
    await connection.execute("SELECT pg_stat_reset()")
    await connection.close()
    print(
        f"{payments} payments: {sizes.bytes / 2**20:.0f} MiB, all invariants hold, found out in {audit_seconds:.1f} s",
        flush=True,
    )
    return sizes


async def audited(connection: Connection) -> tuple[float, str]:
    """How long all checks of a service that works take, and which takes longest. Raises Incomplete with what does not hold."""
    took: dict[str, float] = {}
    for one in INVARIANTS:
        if one.settled or one.name in OF_WORKERS:
            continue
        began_at = time.monotonic()
        async with connection.transaction():
            await connection.execute(ALL_WITH_ALL)
            rows = await connection.fetch(FEW_OF.format(sql=one.sql, limit=SHOWN_MAX), timeout=AUDIT_SECONDS_MAX)
        took[one.name] = time.monotonic() - began_at
        if rows:
            raise Incomplete(f"{one.name} ({rows[0]['all_of_them']}): {rows[0]['id']} {rows[0]['found']}")
    slowest = max(took, key=lambda name: took[name])
    return sum(took.values()), f"{slowest}, {took[slowest]:.1f} s"


async def answers(server: Server, asked: Asked) -> list[Figures]:
    """Every question, asked of every size in turns, of somebody and of the big member."""
    found: list[Figures] = []
    async with AsyncExitStack() as closing:
        databases = []
        for payments in asked.sizes:
            connection = await asyncpg.connect(server.url_of(f"growth_{payments}"), server_settings=CLIENT)
            closing.push_async_callback(connection.close)
            databases.append((connection, await sample_of(connection, payments)))
        questions = all_questions()
        bar = Bar(f"{len(questions)} questions", len(questions))
        for number, question in enumerate(questions, 1):
            for big in (False, True)[: 2 if question.of_big else 1]:
                askings = [Asking(connection, question, sample, big=big) for connection, sample in databases]
                for _ in range(ROUNDS):
                    for asking in askings:
                        await asking.ask(asked.executions // ROUNDS if question.known_to_grow is None else 3)
                found += [await asking.explained() for asking in askings]
            bar.show(number)
    return found


def all_questions() -> list[Question]:
    """All that is asked."""
    members = [*webhooks(), *access(), *histories(), *checkouts()]
    return [*members, *jobs(), *sweeps(), *lists(), *stories(), *erasures()]


async def with_indexes(server: Server, sizes: Sizes) -> Sizes:
    """The sizes with the indexes, and how often each was asked."""
    connection = await asyncpg.connect(server.url_of(f"growth_{sizes.payments}"))
    indexes = await indexes_of(connection)
    await connection.execute("CHECKPOINT")
    await connection.close()
    return Sizes(
        **{name: getattr(sizes, name) for name in Sizes.__struct_fields__ if name != "indexes"}, indexes=indexes
    )
