"""Postgres or Stripe is away: whoever needs it is told 503 and when to come back, and everybody else is served."""

from collections.abc import AsyncIterator
from typing import Final

import httpx
import pytest
from dependency_injector import providers

from adapters.postgres.database import Database
from adapters.postgres.entitlements import PostgresEntitlements
from adapters.postgres.history import PostgresBillingHistory
from adapters.postgres.schema import PostgresReadiness
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from application.errors import ProviderUnavailable
from application.ports.gateway import CheckoutCompleted
from builders import a_member, an_event
from entrypoints.http.app import create_app
from http_world import World

CHECKOUTS: Final = "/api/v1/checkouts"
READS: Final = ["/api/v1/payments", "/api/v1/subscription", "/api/v1/plans"]


@pytest.fixture
async def without_postgres(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service whose database is not there."""
    database = Database("postgresql://postgres@/payments?host=/nowhere")
    for name, adapter in (
        ("begin", providers.Factory(PostgresUnitOfWork, database)),
        ("readiness", providers.Object(PostgresReadiness(database))),
        ("history", providers.Object(PostgresBillingHistory(database))),
        ("entitlements", providers.Object(PostgresEntitlements(database))),
    ):
        getattr(world.container, name).override(adapter)
    transport = httpx.ASGITransport(app=create_app(world.container))  # type: ignore[arg-type] # Litestar's own types of ASGI
    async with httpx.AsyncClient(transport=transport, base_url="https://pay.example.org") as opened:
        yield opened
    await database.close()


@pytest.mark.parametrize("path", ["/health/ready", *READS])
async def test_without_its_database_a_read_is_503_with_retry_after(
    world: World, without_postgres: httpx.AsyncClient, path: str
) -> None:
    answer = await without_postgres.get(path, headers=world.headers())

    assert (503, "unavailable") == (answer.status_code, answer.json()["code"])
    assert 0 < int(answer.headers["retry-after"]) <= 60


async def test_without_its_database_a_start_and_a_delivery_are_503_and_nobody_at_stripe_is_asked(
    world: World, without_postgres: httpx.AsyncClient
) -> None:
    delivery = world.reader.signed(an_event())
    started = await without_postgres.post(CHECKOUTS, json={}, headers=world.headers())
    told = await without_postgres.post(
        "/api/webhooks/stripe", content=delivery.body, headers={"Stripe-Signature": delivery.signature or ""}
    )

    assert [503, 503] == [started.status_code, told.status_code]
    assert all(int(answer.headers["retry-after"]) > 0 for answer in (started, told))
    assert {} == dict(world.gateway.calls)


async def test_without_its_database_the_process_lives_and_is_not_to_be_restarted(
    without_postgres: httpx.AsyncClient,
) -> None:
    answer = await without_postgres.get("/health/live")

    assert (200, {"status": "live"}) == (answer.status_code, answer.json())


async def test_with_a_revoked_key_checkouts_are_503_and_all_that_needs_no_call_goes_on(
    world: World, client: httpx.AsyncClient
) -> None:
    headers = world.headers(a_member())
    begun = (await client.post(CHECKOUTS, json={}, headers=headers)).json()
    refused = ProviderUnavailable("Stripe refused the API key", retry_after_seconds=60)
    for call in ("create_customer", "open_checkout", "find_customer"):
        world.gateway.fail_next(call, refused)
    other = await client.post(CHECKOUTS, json={}, headers=world.headers(a_member()))
    await world.happen(CheckoutCompleted(world.gateway.pay(begun["checkout_session_id"])))
    reads = [await client.get(path, headers=headers) for path in ("/health/ready", *READS)]

    assert (503, "60") == (other.status_code, other.headers["retry-after"])
    assert "key" not in other.json()["detail"]
    assert [200] * 4 == [answer.status_code for answer in reads]
    assert reads[2].json()["access"]
