"""The store in memory does what Postgres does, step for step, whatever up to three works do at once. About 15 seconds.

`SCHEDULES=2000` compares that many.
"""

import asyncio
import os
from collections.abc import AsyncIterator

import asyncpg
import pytest

from adapters.postgres.database import Database
from contract.stores import StoreInMemory, StoreInPostgres, until
from simulation.schedules import Settled, played

SCHEDULES = int(os.environ.get("SCHEDULES", "100"))
DEADLOCK_MILLISECONDS = 10
"""After so long a wait Postgres looks for a circle, and gives up whoever looks: with the default of a second, not who closed it."""

WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE datname = current_database() AND NOT granted
      AND waitstart < clock_timestamp() - make_interval(secs => $1::float8 / 1000)
"""


@pytest.fixture
async def in_postgres(database_url: str) -> AsyncIterator[StoreInPostgres]:
    """A store in Postgres that finds deadlocks at once."""
    observer = await asyncpg.connect(database_url)
    name = await observer.fetchval("SELECT current_database()")
    await observer.execute(f'ALTER DATABASE "{name}" SET deadlock_timeout = {DEADLOCK_MILLISECONDS}')
    database = Database(database_url)
    yield StoreInPostgres(database, observer)
    await database.close()
    await observer.execute(f'ALTER DATABASE "{name}" RESET deadlock_timeout')
    await observer.close()


def settled_in_postgres(store: StoreInPostgres) -> Settled:
    """Every step is done, or has waited for longer than it takes to find a deadlock."""

    async def settled(begun: "list[asyncio.Task[object]]") -> None:
        async def quiet() -> bool:
            left = sum(not task.done() for task in begun)
            if not left:
                return True
            return bool(await store.observer.fetchval(WAITING, 2 * DEADLOCK_MILLISECONDS) == left)

        await until(quiet)

    return settled


async def settled_in_memory(begun: "list[asyncio.Task[object]]") -> None:
    """Every step is done, or would go on only if another did."""
    for _ in range(80):
        await asyncio.sleep(0)


@pytest.mark.timeout(600)
async def test_the_store_in_memory_does_what_postgres_does(in_postgres: StoreInPostgres) -> None:
    differences = []
    for seed in range(1, SCHEDULES + 1):
        real = await played(in_postgres, seed, settled_in_postgres(in_postgres))
        model = await played(StoreInMemory(), seed, settled_in_memory)
        if real != model:
            differences.append((seed, [pair for pair in zip(real, model, strict=True) if pair[0] != pair[1]]))

    if os.environ.get("SHOW"):
        for seed, pairs in differences:
            print("SEED", seed)
            for real, model in pairs:
                print("   PG ", real)
                print("   MEM", model)
    assert [] == differences
