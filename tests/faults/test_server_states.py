"""The server is there and will not write: members and Stripe are told to come back, and no restart is needed once it does again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import asyncpg
import httpx
import pytest

from adapters.postgres.database import CONNECTIONS_MAX, Database
from application.errors import TryAgain
from application.ports.gateway import CheckoutCompleted
from builders import a_member
from contract.stores import StoreInPostgres
from contract.values import a_customer
from domain.payment import PaymentStatus
from entrypoints.http.app import create_app
from entrypoints.http.tokens import sign_token
from postgres_world import Outside, PostgresWorld

WEBHOOK: Final = "/api/webhooks/stripe"
FULL: Final = """
    CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE SQLSTATE '53100' USING MESSAGE = 'could not extend file: No space left on device'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION disk_is_full();
"""
EMPTIED: Final = "DROP FUNCTION disk_is_full CASCADE"


@asynccontextmanager
async def client_of(world: PostgresWorld) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the real application over that database."""
    transport = httpx.ASGITransport(app=create_app(world.container))  # type: ignore[arg-type] # Litestar's types of ASGI
    async with httpx.AsyncClient(transport=transport, base_url="https://pay.example.org") as client:
        yield client


@pytest.mark.parametrize("table", ["events", "audit", "periods", "jobs"])
async def test_a_delivery_onto_a_full_disk_is_503_and_handled_when_there_is_room_again(
    postgres_store: StoreInPostgres, table: str
) -> None:
    world = PostgresWorld(postgres_store.database, Outside())
    offered = await world.start(a_member())
    delivery = world.delivery(CheckoutCompleted(world.outside.gateway.pay(offered.session_id)))
    headers = {"stripe-signature": delivery.signature or ""}
    async with client_of(world) as client:
        await postgres_store.observer.execute(FULL.format(table=table))
        full = await client.post(WEBHOOK, content=delivery.body, headers=headers)
        kept = await postgres_store.events()
        ready = await client.get("/health/ready")
        await postgres_store.observer.execute(EMPTIED)
        again = await client.post(WEBHOOK, content=delivery.body, headers=headers)

    assert (503, "unavailable") == (full.status_code, full.json()["code"])
    assert 1 <= int(full.headers["retry-after"])
    assert [] == kept
    assert 200 == ready.status_code
    assert (200, "handled") == (again.status_code, again.json()["outcome"])
    record = await postgres_store.history.one(offered.payment.user_id, offered.payment.id)
    assert record is not None
    assert PaymentStatus.SUCCEEDED is record.payment.status


async def test_a_start_onto_a_full_disk_is_503_and_asks_stripe_for_nothing(postgres_store: StoreInPostgres) -> None:
    world = PostgresWorld(postgres_store.database, Outside())
    secret = world.container.settings().tokens.secret or ""
    token = sign_token(secret, a_member(), scope="", lifetime=timedelta(hours=1))
    headers = {"Authorization": f"Bearer {token}"}
    async with client_of(world) as client:
        await postgres_store.observer.execute(FULL.format(table="payments"))
        full = await client.post("/api/v1/checkouts", json={}, headers=headers)
        asked = dict(world.outside.gateway.calls)
        await postgres_store.observer.execute(EMPTIED)
        again = await client.post("/api/v1/checkouts", json={}, headers=headers)

    assert (503, "unavailable", "2") == (full.status_code, full.json()["code"], full.headers["retry-after"])
    assert {} == asked
    assert 201 == again.status_code


async def test_after_a_failover_no_connection_to_the_server_that_became_a_standby_is_used_again(
    database_url: str,
) -> None:
    """A proxy in front leaves the old connections open: what they lead to takes no writes any more."""
    name = database_url.partition("?")[0].rpartition("/")[2]
    observer = await asyncpg.connect(database_url)
    await observer.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    database = Database(database_url)
    old = [await database.acquire() for _ in range(CONNECTIONS_MAX)]
    pids = {await connection.fetchval("SELECT pg_backend_pid()") for connection in old}
    for connection in old:
        await database.release(connection)
    await observer.execute("SET default_transaction_read_only = off")
    await observer.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    store, refused = StoreInPostgres(database, observer), 0
    for number in range(2 * CONNECTIONS_MAX):
        try:
            async with store.begin() as work:
                work.customers.save(a_customer(user_id=f"user-{number}"))
                await work.commit()
        except TryAgain:
            refused += 1
    now = await database.acquire()
    pid = await now.fetchval("SELECT pg_backend_pid()")
    await database.release(now)
    stored = await observer.fetchval("SELECT count(*) FROM customers")
    await database.close()
    await observer.close()

    assert refused <= CONNECTIONS_MAX
    assert 2 * CONNECTIONS_MAX - refused == stored
    assert pid not in pids
