"""One running system for all journeys, put in order before each, and its logs beside the report of one that fails."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import asyncpg
import pytest

from canaries import ERRORS, WATCH
from http_world import WITHOUT_LIMITS
from journeys.system import System

DATABASE_PASSWORD = "known-to-nobody-else-7319"
"""Over its unix socket the embedded Postgres asks for none; what is given all the same must be logged nowhere."""

BEGINNINGS: pytest.StashKey[tuple[System, dict[Path, int]]] = pytest.StashKey()


@pytest.fixture(scope="session")
def shared_system(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The sandbox, the service and its worker over a database of their own. They log all that they can."""
    name = f"journeys_{os.getpid()}"
    asyncio.run(_executed(postgres_url, f"CREATE DATABASE {name}"))
    head, question, query = postgres_url.partition("?")
    url = f"{head.rpartition('/')[0]}/{name}{question}{query}".replace(":@", f":{DATABASE_PASSWORD}@")
    system = System(tmp_path_factory.mktemp("system"), url, LOG_LEVEL="DEBUG", LOG_FORMAT="json", **WITHOUT_LIMITS)
    try:
        system.start()
        yield system
    finally:
        system.stop()
        asyncio.run(_executed(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def _executed(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


@pytest.fixture
def system(shared_system: System, request: pytest.FixtureRequest) -> Iterator[System]:
    """The running system, with everything at work and nothing out of order. No journey may end in an error that nobody foresaw."""
    lengths = {path: path.stat().st_size for path in shared_system.folder.glob("*.log")}
    request.node.stash[BEGINNINGS] = (shared_system, lengths)
    shared_system.tidy()
    yield shared_system
    WATCH.look("a job or an event", *(row["error"] for row in shared_system.rows(ERRORS)))
    logs = shared_system.logs(lengths)

    assert "unforeseen" not in logs
    assert "never retrieved" not in logs
    assert "Traceback" not in logs


@pytest.fixture(scope="module")
def open_folder_of_module() -> Iterator[Path]:
    """A folder that Postgres may enter under whatever user it runs, which pytest's own do not allow."""
    folder = Path(tempfile.mkdtemp(prefix="payments_journeys_"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def open_folder(open_folder_of_module: Path) -> Path:
    """The same for one test."""
    folder = Path(tempfile.mkdtemp(dir=open_folder_of_module))
    folder.chmod(0o755)
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the processes logged while a journey failed."""
    report = yield
    if report.failed and BEGINNINGS in item.stash:
        system, lengths = item.stash[BEGINNINGS]
        report.sections.append(("Logs of the processes", system.logs(lengths)[-20_000:]))
    return report
