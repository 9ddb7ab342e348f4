"""What tests of every kind share: one embedded Postgres for the session, one fresh database for each test that wants one."""

import asyncio
import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from adapters.postgres import embedded, schema
from adapters.postgres.database import Database
from canaries import listen, nothing_is_given_away  # noqa: F401 # a fixture of every test
from sweeping import sweep

listen()

_numbers = count(1)
_free: list[str] = []
TEMPLATE = "template_payments"


LONGEST_FIRST = ("simulation", "faults", "pages", "journeys", "door")
"""Folders of tests that take long, in the order in which they begin."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first: whoever runs several at once (without pytest-xdist's own order) waits for none of them at the end."""
    items.sort(key=lambda item: [folder not in item.path.parts for folder in LONGEST_FIRST])


def pytest_collection_finish() -> None:
    """What was collected lives to the end: looking through thousands of tests for garbage, again and again, took a sixth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real Postgres with a migrated template database. `TEST_DATABASE_URL` names another server to use.

    Its folder is none of pytest's: those are closed to other users whenever a test run begins, and under root the server is one.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    folder = Path(tempfile.mkdtemp(prefix="payments_tests_"))
    stop: Callable[[], None] | None = None
    if given is None:
        given, stop = embedded.start(folder / "postgres")
        asyncio.run(_make_fast(given))
    asyncio.run(_make_template(given))
    yield given
    asyncio.run(_drop(given, [*_free, f"{TEMPLATE}_{os.getpid()}"]))
    if stop is not None:
        stop()
    shutil.rmtree(folder, ignore_errors=True)


async def _make_fast(url: str) -> None:
    """Nothing here has to survive the fall of the machine."""
    connection = await asyncpg.connect(url)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        await connection.execute(f"ALTER SYSTEM SET {setting} = off")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


async def _make_template(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}_{os.getpid()} WITH (FORCE)")
    await connection.execute(f"CREATE DATABASE {TEMPLATE}_{os.getpid()}")
    await connection.close()
    await schema.migrate(of_database(url, f"{TEMPLATE}_{os.getpid()}"))


async def _drop(url: str, names: list[str]) -> None:
    connection = await asyncpg.connect(url)
    for name in names:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.close()


def of_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    head, question, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}{question}{query}"


@pytest.fixture
async def database_url(postgres_url: str) -> AsyncIterator[str]:
    """The URL of a migrated database with nothing in it."""
    server = await asyncpg.connect(postgres_url)
    name = _free.pop() if _free else await _made(server, f"TEMPLATE {TEMPLATE}_{os.getpid()} STRATEGY FILE_COPY")
    url = of_database(postgres_url, name)
    yield url
    await _disconnect_all(server, name)
    connection = await asyncpg.connect(url)
    await sweep(connection)
    await connection.close()
    await server.close()
    _free.append(name)


@pytest.fixture
async def new_database_url(postgres_url: str) -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """Makes migrated databases for one test that needs several, and gives their URLs.

    copy_of: the URL of a database that nobody is connected to, for one that holds the same.
    """
    server = await asyncpg.connect(postgres_url)
    names: list[str] = []

    async def make(copy_of: str | None = None) -> str:
        template = urlsplit(copy_of).path.strip("/") if copy_of is not None else f"{TEMPLATE}_{os.getpid()}"
        names.append(await _made(server, f"TEMPLATE {template} STRATEGY FILE_COPY"))
        return of_database(postgres_url, names[-1])

    yield make
    await server.close()
    await _drop(postgres_url, names)


@pytest.fixture
async def empty_database_url(postgres_url: str) -> AsyncIterator[str]:
    """The URL of a database without any schema, for one test alone."""
    server = await asyncpg.connect(postgres_url)
    name = await _made(server)
    yield of_database(postgres_url, name)
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


async def _made(server: "asyncpg.Connection[asyncpg.Record]", how: str = "") -> str:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    await server.execute(f"CREATE DATABASE {name} {how}")
    return name


async def _disconnect_all(server: "asyncpg.Connection[asyncpg.Record]", name: str) -> None:
    await server.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", name)


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
