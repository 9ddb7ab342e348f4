"""Workers hear of a job right after its commit; nothing depends on it. About 2 seconds."""

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from adapters.postgres import bell as bells
from adapters.postgres.bell import CHANNEL, PostgresBell
from adapters.postgres.database import Database
from adapters.postgres.jobs import PostgresJobQueue
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from application.ports.jobs import ClaimedJob, JobKind, NewJob
from entrypoints import worker as workers
from entrypoints.worker import Worker

LISTENERS = f"SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%{CHANNEL}%'"
KIND = JobKind.ISSUE_RECEIPT


class Heard:
    """Counts what is heard."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1

    async def at_least(self, times: int) -> None:
        """Wait until so much was heard."""
        async with asyncio.timeout(10):
            while self.times < times:
                await asyncio.sleep(0.005)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A store, as one process has it."""
    database = Database(database_url)
    yield database
    await database.close()


async def ordered(database: Database, ring: Callable[[], None], subject: str, delay_seconds: float = 0) -> None:
    """A job is committed."""
    async with PostgresUnitOfWork(database, ring) as work:
        work.jobs.enqueue(NewJob(kind=KIND, subject=subject, delay_seconds=delay_seconds))
        await work.commit()


async def test_an_idle_worker_begins_a_job_without_looking_for_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "POLL_SECONDS", 60.0)
    begun: list[str] = []

    async def handle(job: ClaimedJob) -> None:
        begun.append(job.subject)

    worker = Worker(PostgresJobQueue(database), {KIND: handle}, bell=PostgresBell(database), seed=1)
    running = asyncio.create_task(worker.run())
    another_process = PostgresBell(database)
    async with asyncio.timeout(10):
        for number, subject in enumerate(("first", "second"), 1):
            await ordered(database, another_process.ring, subject)
            while len(begun) < number:
                await asyncio.sleep(0.005)
    worker.stop()
    await asyncio.wait_for(running, 5)

    assert ["first", "second"] == begun


async def test_a_listener_whose_connection_was_ended_listens_again(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "AGAIN_SECONDS", 0.05)
    heard = Heard()
    bell = PostgresBell(database)
    listening = asyncio.create_task(bell.listen(heard))
    await heard.at_least(1)
    observer = await asyncpg.connect(database_url)
    (one,) = await observer.fetch(LISTENERS)
    await observer.fetchval("SELECT pg_terminate_backend($1)", one["pid"])
    await heard.at_least(2)
    bell.ring()
    await heard.at_least(3)
    (another,) = await observer.fetch(LISTENERS)
    await observer.close()
    listening.cancel()

    assert one["pid"] != another["pid"]


async def test_a_hundred_rings_at_once_are_heard_as_one_or_two(database: Database) -> None:
    heard = Heard()
    bell = PostgresBell(database)
    listening = asyncio.create_task(bell.listen(heard))
    await heard.at_least(1)
    for _ in range(100):
        bell.ring()
    await heard.at_least(2)
    await asyncio.sleep(3 * bells.BETWEEN_SECONDS)
    listening.cancel()

    assert heard.times <= 3


async def test_nobody_is_told_of_what_is_not_due_or_was_not_committed(database: Database) -> None:
    rung = Heard()
    await ordered(database, rung, "later", delay_seconds=60)
    async with PostgresUnitOfWork(database, rung) as work:
        work.jobs.enqueue(NewJob(kind=KIND, subject="undone"))
    none = rung.times
    await ordered(database, rung, "now")

    assert (0, 1) == (none, rung.times)


async def test_a_store_that_is_away_is_nobodys_fault(database_url: str) -> None:
    database = Database("postgresql://127.0.0.1:1/nowhere", connect_seconds_max=0.2)
    bell, heard = PostgresBell(database), Heard()
    listening = asyncio.create_task(bell.listen(heard))
    bell.ring()
    await asyncio.sleep(0.1)
    database.url = database_url
    bell.ring()
    await asyncio.sleep(bells.BETWEEN_SECONDS)
    silent, listens = heard.times, not listening.done()
    listening.cancel()
    await database.close()

    assert (0, True) == (silent, listens)
