"""Requests that are repeated under one key, all at once, over a real Postgres."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import httpx
import pytest

from adapters.postgres.database import Database
from builders import a_member
from domain.member import UserId
from entrypoints.http.app import create_app
from entrypoints.http.tokens import sign_token
from postgres_world import Outside, PostgresWorld

URL = "/api/v1/checkouts"


@pytest.fixture
async def observer(database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of the test's own."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
def outside() -> Outside:
    """What lies outside of the service."""
    return Outside()


@pytest.fixture
async def client(database: Database, outside: Outside) -> AsyncIterator[httpx.AsyncClient]:
    """A member who sends everything under one key."""
    container = PostgresWorld(database, outside).container
    token = sign_token(
        container.settings().tokens.secret or "",
        a_member(user_id=UserId("salma-1")),
        scope="",
        lifetime=timedelta(hours=1),
    )
    transport = httpx.ASGITransport(app=create_app(container))  # type: ignore[arg-type] # Litestar's own types of ASGI
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "one"}
    async with httpx.AsyncClient(transport=transport, base_url="https://pay.example.org", headers=headers) as opened:
        yield opened


async def test_twenty_repetitions_at_once_have_one_effect_and_one_answer(
    client: httpx.AsyncClient, outside: Outside, observer: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    answers = await asyncio.gather(*(client.post(URL, json={}) for _ in range(20)))
    given = [answer for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code != 201]
    again = await client.post(URL, json={})

    assert 1 == sum("idempotent-replayed" not in answer.headers for answer in given)
    assert {again.content} == {answer.content for answer in given}
    assert {"idempotency_in_progress"} >= {answer.json()["code"] for answer in refused}
    assert "true" == again.headers["idempotent-replayed"]
    assert 1 == await observer.fetchval("SELECT count(*) FROM payments") == len(outside.gateway.sessions)
