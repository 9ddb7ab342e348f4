"""The server becomes another one under our hands: read-only or impatient. Nothing half done, and no restart of ours is needed."""

import asyncpg
import pytest

from adapters.postgres.database import CONNECTIONS_MAX, SETTINGS, Database
from adapters.postgres.statements import Statement
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from application.errors import TryAgain
from application.receive_event import Outcome
from builders import a_payment
from contract.services import ONCE, Service, a_paid_delivery, a_started_payment, effects
from contract.stores import StoreInPostgres, until
from contract.values import CAUSE, payment_of

DEMOTED = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"


async def test_connections_to_a_server_that_takes_no_writes_any_more_are_made_anew(
    postgres_store: StoreInPostgres, database: Database
) -> None:
    service = Service(postgres_store.begin)
    payment = await a_started_payment(postgres_store.begin)
    held = [await database.acquire() for _ in range(CONNECTIONS_MAX)]
    for connection in held:
        await connection.execute(DEMOTED)
        await database.release(connection)
    receipt = await service.receive(a_paid_delivery(payment))

    assert Outcome.HANDLED is receipt.outcome
    assert ONCE == await effects(postgres_store.observer, payment)
    held = [await database.acquire() for _ in range(CONNECTIONS_MAX)]
    assert {"off"} == {await connection.fetchval("SHOW transaction_read_only") for connection in held}
    for connection in held:
        await database.release(connection)


async def test_every_connection_has_the_server_s_limits(database: Database) -> None:
    connection = await database.acquire()
    limits = {name: await connection.fetchval("SELECT current_setting($1)", name) for name in SETTINGS}
    await database.release(connection)

    assert SETTINGS == limits
    assert {"8s", "4s", "15s"} == {limits[name] for name in SETTINGS if name.endswith("timeout")}


@pytest.mark.parametrize(
    "limit", ["statement_timeout", "idle_in_transaction_session_timeout"], ids=["slow", "idle in a transaction"]
)
async def test_a_work_that_runs_into_a_limit_of_the_server_stores_nothing_and_can_be_done_again(
    postgres_store: StoreInPostgres, database: Database, limit: str
) -> None:
    payment = a_payment()
    with pytest.raises(TryAgain):
        async with PostgresUnitOfWork(database) as work:
            work.payments.add(payment, CAUSE)
            await outlast(work, limit, postgres_store.observer)
            await work.commit()

    assert await payment_of(postgres_store.begin, payment.id) is None
    async with postgres_store.begin() as again:
        again.payments.add(payment, CAUSE)
        await again.commit()
    assert payment == await payment_of(postgres_store.begin, payment.id)


async def outlast(work: PostgresUnitOfWork, limit: str, observer: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Let a work run into a limit of the server, set low for it alone."""
    (row,) = await work.rows(Statement("who", "SELECT pg_backend_pid() AS pid", (), None), {})
    await work.rows(Statement("limited", f"SET LOCAL {limit} = '20ms'", (), None), {})
    if limit == "statement_timeout":
        await work.rows(Statement("slow", "SELECT pg_sleep(5)", (), None), {})

    async def ended() -> bool:
        return not await observer.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", row["pid"])

    await until(ended)
