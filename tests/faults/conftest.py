"""A service whose every word to Postgres goes through a proxy that can be broken."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from adapters.postgres.database import Database
from contract.proxies import PostgresProxy, proxy_before
from contract.stores import StoreInPostgres
from faults.broken_store import BrokenStore


@pytest.fixture
async def observer(database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of the test's own."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def postgres_store(database: Database, observer: "asyncpg.Connection[asyncpg.Record]") -> StoreInPostgres:
    """A fresh store in Postgres."""
    return StoreInPostgres(database, observer)


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[PostgresProxy]:
    """The way to a fresh database."""
    async with proxy_before(database_url) as opened:
        yield opened


@pytest.fixture
async def broken(
    proxy: PostgresProxy, database: Database, observer: "asyncpg.Connection[asyncpg.Record]"
) -> AsyncIterator[BrokenStore]:
    """A store that a test breaks where it wants."""
    through_the_proxy = Database(proxy.url)
    yield BrokenStore(proxy, through_the_proxy, database, observer)
    await through_the_proxy.close()
