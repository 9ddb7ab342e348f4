"""What tests of every kind share: one embedded Postgres for the session, one fresh database for each test that wants one."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from adapters.postgres import embedded, schema
from adapters.postgres.database import Database

_numbers = count(1)
TEMPLATE = "template_payments"


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Postgres with a migrated template database. `TEST_DATABASE_URL` names another server to use."""
    given = os.environ.get("TEST_DATABASE_URL")
    stop: Callable[[], None] | None = None
    if given is None:
        given, stop = embedded.start(tmp_path_factory.mktemp("embedded") / "postgres")
    asyncio.run(_make_template(given))
    yield given
    if stop is not None:
        stop()


async def _make_template(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}_{os.getpid()} WITH (FORCE)")
    await connection.execute(f"CREATE DATABASE {TEMPLATE}_{os.getpid()}")
    await connection.close()
    await schema.migrate(of_database(url, f"{TEMPLATE}_{os.getpid()}"))


def of_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    head, question, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}{question}{query}"


@pytest.fixture
async def database_url(postgres_url: str) -> AsyncIterator[str]:
    """The URL of a fresh, migrated database."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    connection = await asyncpg.connect(postgres_url)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}_{os.getpid()} STRATEGY FILE_COPY")
    yield of_database(postgres_url, name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh database, opened as the service opens it."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def shared_material() -> Path:
    """The folder of real Stripe material beside the project; tests that need it are skipped where it is absent."""
    folder = Path(__file__).parents[2] / "shared" / "stripe"
    if not folder.is_dir():
        pytest.skip(f"no {folder.name} material beside the project")
    return folder
