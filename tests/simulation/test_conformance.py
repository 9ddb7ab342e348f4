"""The store in memory does what Postgres does, step for step, whatever up to three works do at once. About 15 seconds.

`SCHEDULES=2000` compares that many.
"""

import asyncio
import os
from collections.abc import AsyncIterator

import asyncpg
import pytest

from adapters.postgres.database import SETTINGS, Database
from contract.stores import StoreInMemory, StoreInPostgres, until
from simulation.schedules import played

SCHEDULES = int(os.environ.get("SCHEDULES", "100"))
DEADLOCK_MILLISECONDS = 10
"""After so long a wait Postgres looks for a circle, and gives up whoever looks: with the default of a second, not who closed it."""

WAITING = """
    SELECT count(*), count(*) - count(DISTINCT pg_locks.transactionid::text) - count(*) FILTER (WHERE locktype <> 'transactionid')
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE datname = current_database() AND NOT granted
      AND waitstart < clock_timestamp() - make_interval(secs => $1::float8 / 1000)
"""
"""How many wait, and how many of them for a transaction that another one waits for too: who of those goes on first is open."""


@pytest.fixture
async def in_postgres(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StoreInPostgres]:
    """A store in Postgres that finds deadlocks at once, and is patient otherwise, however busy the machine is."""
    for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
        monkeypatch.setitem(SETTINGS, name, "60s")
    observer = await asyncpg.connect(database_url)
    name = await observer.fetchval("SELECT current_database()")
    await observer.execute(f'ALTER DATABASE "{name}" SET deadlock_timeout = {DEADLOCK_MILLISECONDS}')
    database = Database(database_url)
    yield StoreInPostgres(database, observer)
    await database.close()
    await observer.execute(f'ALTER DATABASE "{name}" RESET deadlock_timeout')
    await observer.close()


class SettledInPostgres:
    """Every step is done, or has waited for longer than it takes to find a deadlock. `is_open`: chance decides what comes next."""

    def __init__(self, store: StoreInPostgres) -> None:
        self._observer = store.observer
        self.is_open = False

    async def __call__(self, begun: "list[asyncio.Task[object]]") -> None:
        async def quiet() -> bool:
            left = sum(not task.done() for task in begun)
            if not left:
                return True
            waiting, together = await self._observer.fetchrow(WAITING, 2 * DEADLOCK_MILLISECONDS) or (0, 0)
            self.is_open |= together > 0
            return bool(waiting == left)

        await until(quiet)


def told_of_a_deadlock(outcome: list[object]) -> bool:
    """Whether some work was given up, so that others could go on."""
    return "TryAgain" in repr(outcome)


async def settled_in_memory(begun: "list[asyncio.Task[object]]") -> None:
    """Every step is done, or would go on only if another did."""
    for _ in range(80):
        await asyncio.sleep(0)


@pytest.mark.timeout(600)
async def test_the_store_in_memory_does_what_postgres_does(in_postgres: StoreInPostgres) -> None:
    differences, compared = [], 0
    for seed in range(1, SCHEDULES + 1):
        settled = SettledInPostgres(in_postgres)
        real = await played(in_postgres, seed, settled)
        model = await played(StoreInMemory(), seed, settled_in_memory)
        settled.is_open |= told_of_a_deadlock(real) and told_of_a_deadlock(model)  # chance says who is given up
        compared += not settled.is_open
        if real != model and not settled.is_open:
            differences.append((seed, [pair for pair in zip(real, model, strict=True) if pair[0] != pair[1]]))

    assert [] == differences
    assert compared > 0.7 * SCHEDULES
