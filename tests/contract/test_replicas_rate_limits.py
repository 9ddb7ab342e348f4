"""Two replicas side by side over one Postgres, each the server as it is shipped: their limits are one."""

import logging
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from dependency_injector import providers

from adapters.memory.gateway import MemoryEventReader, MemoryGateway
from adapters.memory.world import MemoryClock
from adapters.postgres.database import Database
from builders import a_member
from contract.stores import StoreInPostgres, until
from domain.member import UserId
from door.wire import HOST, Served, serving
from entrypoints.container import Container
from entrypoints.http import rate_limits
from entrypoints.http.app import create_app
from entrypoints.http.tokens import sign_token
from entrypoints.settings import Settings, read_settings

QUOTA = 20
A_WHILE = timedelta(hours=1)
OWN = "/api/v1/subscription"


def a_replica(settings: Settings, database: Database) -> Container:
    """A service of its own over the database."""
    return Container(
        settings=settings,
        database=providers.Object(database),
        gateway=MemoryGateway(MemoryClock()),
        reader=MemoryEventReader(),
    )


class Asking:
    """A member who asks any of the replicas."""

    def __init__(self, web: httpx.AsyncClient, settings: Settings) -> None:
        self._web = web
        token = sign_token(
            settings.tokens.secret or "", a_member(user_id=UserId("salma-1")), scope="", lifetime=A_WHILE
        )
        self._headers = {"Authorization": f"Bearer {token}"}

    async def __call__(self, replica: Served) -> httpx.Response:
        return await self._web.get(f"http://{HOST}:{replica.port}{OWN}", headers=self._headers)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of all replicas."""
    return read_settings({"APP_URL": "https://pay.example.org", "RATE_LIMIT_REQUESTS": str(QUOTA)}, tmp_path)


async def test_what_a_member_has_used_up_at_one_replica_is_used_up_at_the_other(
    postgres_store: StoreInPostgres, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "SHARE_EVERY_SECONDS", 0.01)
    async with AsyncExitStack() as stack:
        one, two = [
            await stack.enter_async_context(serving(create_app(a_replica(settings, postgres_store.database))))
            for _ in range(2)
        ]
        asks = Asking(await stack.enter_async_context(httpx.AsyncClient()), settings)
        at_one = [(await asks(one)).status_code for _ in range(QUOTA + 1)]
        at_two: list[int] = []

        async def refused() -> bool:
            at_two.append((await asks(two)).status_code)
            return at_two[-1] == 429

        await until(refused)
        replicas = await postgres_store.observer.fetchval("SELECT count(DISTINCT replica) FROM rate_tallies")

    assert [200] * QUOTA + [429] == at_one
    assert {200} == set(at_two[:-1])
    assert QUOTA // 10 <= len(at_two) - 1 < QUOTA
    assert 2 == replicas


async def test_limits_hold_for_each_replica_alone_while_the_database_is_away(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rate_limits, "SHARE_EVERY_SECONDS", 0.001)
    away = Database("postgresql://postgres:@127.0.0.1:1/payments")
    container = a_replica(settings, away)
    async with serving(create_app(container)) as served, httpx.AsyncClient() as web:
        asks = Asking(web, settings)
        answers: list[int] = [(await asks(served)).status_code for _ in range(QUOTA + 2)]

        async def said() -> bool:
            return bool(warnings(caplog))

        await until(said)
        later = (await asks(served)).status_code

    assert [503] * QUOTA + [429] * 2 == answers
    assert 429 == later
    assert 1 == len(warnings(caplog))


def warnings(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What the log says of limits that are not shared."""
    return [record for record in caplog.records if "for this replica alone" in record.message]
