"""The service's role may not do something, or its prepared statements are gone: 503, seen by readiness, and healed without a restart."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import asyncpg
import httpx
import pytest

from adapters.postgres.database import Database
from adapters.postgres.rights import OURS, sequences, table_rights
from adapters.postgres.schema import PostgresReadiness
from application.errors import TryAgain
from application.ports.gateway import CheckoutCompleted
from builders import a_member
from contract.stores import StoreInPostgres
from contract.values import payment_of, stored_payment
from domain.payment import PaymentStatus
from entrypoints.http.app import create_app
from entrypoints.http.tokens import sign_token
from postgres_world import Outside, PostgresWorld

ROLE: Final = "takes_payments"
GRANTS: Final = "; ".join(
    [
        f"CREATE ROLE {ROLE} LOGIN",
        f"GRANT SELECT ON migration TO {ROLE}",
        *(f"GRANT {right} ON {table} TO {ROLE}" for table, right in table_rights(OURS)),
        *(f"GRANT USAGE ON SEQUENCE {name} TO {ROLE}" for name in sequences(OURS)),
    ]
)

TAKE_EVERY_NEXT_NAME: Final = """
    DO $$ DECLARE
        last int := (SELECT max(('x' || lpad(substring(name FROM '_stmt_(.*)__$'), 8, '0'))::bit(32)::int) FROM pg_prepared_statements);
    BEGIN
        FOR n IN last + 1 .. last + 100 LOOP
            EXECUTE format('PREPARE %I AS SELECT 1', format('__asyncpg_stmt_%s__', to_hex(n)));
        END LOOP;
    END $$
"""


@pytest.fixture
async def limited(postgres_store: StoreInPostgres, database_url: str) -> AsyncIterator[Database]:
    """The database for a role that has the rights that the statements tell, and no other."""
    await postgres_store.observer.execute(GRANTS)
    database = Database(database_url.replace("postgres:@", f"{ROLE}:@", 1))
    yield database
    await database.close()
    await postgres_store.observer.execute(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")


async def test_a_role_with_the_rights_that_the_statements_tell_takes_a_payment_from_start_to_receipt(
    postgres_store: StoreInPostgres, limited: Database
) -> None:
    world = PostgresWorld(limited, Outside())
    offered = await world.start(a_member())
    await world.told(CheckoutCompleted(world.outside.gateway.pay(offered.session_id)))
    await world.works(postgres_store.observer)
    found = await world.container.reconcile()(whatever_the_age=True)
    await world.container.prune()()
    record = await postgres_store.history.one(offered.payment.user_id, offered.payment.id)

    assert await PostgresReadiness(limited).problem() is None
    assert found.complete
    assert record is not None
    assert record.invoice is not None
    assert (PaymentStatus.SUCCEEDED, True) == (record.payment.status, record.invoice.number is not None)


@pytest.mark.parametrize(
    ("lost", "missing"),
    [
        ("INSERT ON payments", "INSERT on payments"),
        ("SELECT ON checkouts", "SELECT on checkouts"),
        ("USAGE ON SEQUENCE job_leases", "USAGE on job_leases"),
    ],
)
async def test_readiness_names_the_right_that_the_role_has_lost(
    postgres_store: StoreInPostgres, limited: Database, lost: str, missing: str
) -> None:
    await postgres_store.observer.execute(f"REVOKE {lost} FROM {ROLE}")
    problem = await PostgresReadiness(limited).problem()
    await postgres_store.observer.execute(f"REVOKE ALL ON migration FROM {ROLE}")
    unreadable = await PostgresReadiness(limited).problem()

    assert f"the database role lacks rights: {missing}" == problem
    assert "the database role may not read the schema: grant it the rights of its owner" == unreadable


async def test_a_start_without_the_right_to_write_payments_is_503_and_no_replica_is_ready(
    postgres_store: StoreInPostgres, limited: Database
) -> None:
    world = PostgresWorld(limited, Outside())
    secret = world.container.settings().tokens.secret or ""
    token = sign_token(secret, a_member(), scope="", lifetime=timedelta(hours=1))
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=create_app(world.container))  # type: ignore[arg-type] # Litestar's types of ASGI
    async with httpx.AsyncClient(transport=transport, base_url="https://pay.example.org") as client:
        await postgres_store.observer.execute(f"REVOKE INSERT ON payments FROM {ROLE}")
        refused = await client.post("/api/v1/checkouts", json={}, headers=headers)
        unready = await client.get("/health/ready")
        asked = dict(world.outside.gateway.calls)
        await postgres_store.observer.execute(f"GRANT INSERT ON payments TO {ROLE}")
        again = await client.post("/api/v1/checkouts", json={}, headers=headers)
        ready = await client.get("/health/ready")

    assert (503, "unavailable", "2") == (refused.status_code, refused.json()["code"], refused.headers["retry-after"])
    assert (503, 200) == (unready.status_code, ready.status_code)
    assert {} == asked
    assert 201 == again.status_code


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET actor = 'nobody'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "ALTER TABLE audit DISABLE TRIGGER audit_is_append_only",
        "DROP TABLE audit",
        "DELETE FROM payments",
        "DELETE FROM subscriptions",
    ],
)
async def test_the_rights_that_the_statements_tell_leave_the_audit_and_the_books_alone(
    postgres_store: StoreInPostgres, limited: Database, change: str
) -> None:
    await stored_payment(postgres_store.begin)
    connection = await limited.acquire()
    await connection.execute("SET payments.erasing = 'on'")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(change)
    await limited.release(connection, broken=True)


async def test_an_erasure_needs_three_rights_more_and_changes_nothing_without_all_of_them(
    postgres_store: StoreInPostgres, limited: Database
) -> None:
    payment = await stored_payment(postgres_store.begin, status=PaymentStatus.EXPIRED)
    erase = PostgresWorld(limited, Outside()).container.erase_member()
    for right in ("UPDATE ON periods", "DELETE ON subscriptions", "UPDATE ON audit"):
        with pytest.raises(TryAgain, match="42501"):
            await erase(payment.user_id, reason="they asked", operator="nadia", forfeit_access=True)
        kept = await payment_of(postgres_store.begin, payment.id)
        await postgres_store.observer.execute(f"GRANT {right} TO {ROLE}")
    done = await erase(payment.user_id, reason="they asked", operator="nadia", forfeit_access=True)

    assert payment == kept
    assert 1 == done.payments


@pytest.mark.parametrize(("code", "done"), [("26000", "DEALLOCATE ALL"), ("42P05", TAKE_EVERY_NEXT_NAME)])
async def test_a_connection_whose_prepared_statements_somebody_else_has_changed_is_thrown_away(
    postgres_store: StoreInPostgres, code: str, done: str
) -> None:
    """As behind a PgBouncer in transaction mode, or a proxy that resets sessions."""
    database = postgres_store.database
    payment = await stored_payment(postgres_store.begin)
    await payment_of(postgres_store.begin, payment.id)
    spoilt = await database.acquire()
    before = await spoilt.fetchval("SELECT pg_backend_pid()")
    await spoilt.execute(done)
    await database.release(spoilt)
    with pytest.raises(TryAgain, match=code):
        async with postgres_store.begin() as work:
            await (work.payments.get(payment.id) if code == "26000" else work.cursors.of("new"))
    found = await payment_of(postgres_store.begin, payment.id)
    fresh = await database.acquire()
    after = await fresh.fetchval("SELECT pg_backend_pid()")
    await database.release(fresh)

    assert payment == found
    assert before != after
