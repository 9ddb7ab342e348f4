"""One replica at a time goes through all that Stripe has, and another one when that has died; a person need not wait."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import pytest

from adapters.postgres.database import Database
from adapters.postgres.turns import PostgresTurns
from application.errors import TryAgain
from application.ports.turns import Turns
from application.reconcile import Reconciliation
from contract.stores import Store, StoreInPostgres, until
from entrypoints.worker import REST_SECONDS, chores_of
from postgres_world import Outside, PostgresWorld, a_talent, ago

NAME = "walking"


async def taken(turns: Turns, *, rest_seconds: float = 0.0) -> bool:
    """Whether a turn can be had now; it is given up at once."""
    async with turns.turn(NAME, rest_seconds=rest_seconds) as ours:
        return ours


async def test_a_turn_is_held_by_one_and_free_afterwards(store: Store) -> None:
    async with store.turns.turn(NAME, rest_seconds=0.0) as first:
        beside = await taken(store.turns)
        async with store.turns.turn("something else", rest_seconds=0.0) as other:
            pass
    afterwards = await taken(store.turns)

    assert (True, False, True, True) == (first, beside, other, afterwards)


async def test_what_was_begun_just_now_is_not_begun_again(store: Store) -> None:
    first = await taken(store.turns, rest_seconds=90.0)
    soon = await taken(store.turns, rest_seconds=90.0)
    await store.pass_time(91.0)
    late = await taken(store.turns, rest_seconds=90.0)

    assert (True, False, True) == (first, soon, late)


async def test_a_turn_that_ends_in_an_error_is_given_up_too(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.turns.turn(NAME, rest_seconds=0.0):
            raise ZeroDivisionError

    assert await taken(store.turns)


async def test_of_many_that_ask_at_once_one_gets_it(store: Store) -> None:
    done = asyncio.Event()

    async def ask() -> bool:
        async with store.turns.turn(NAME, rest_seconds=0.0) as ours:
            if ours:
                await done.wait()
            return ours

    tasks = [asyncio.create_task(ask()) for _ in range(6)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    await until(lambda: all_but_one_are_done(tasks))
    done.set()

    assert [False] * 5 + [True] == sorted(await asyncio.gather(*tasks))


async def all_but_one_are_done(tasks: list["asyncio.Task[bool]"]) -> bool:
    return sum(task.done() for task in tasks) == len(tasks) - 1


async def test_a_turn_is_kept_for_as_long_as_it_is_held_and_free_when_its_holder_has_died(
    postgres_store: StoreInPostgres,
) -> None:
    turns = PostgresTurns(postgres_store.database, lease_seconds=0.09)
    begun = asyncio.Event()

    async def hold() -> None:
        async with turns.turn(NAME, rest_seconds=0.0):
            begun.set()
            await asyncio.Event().wait()

    async def leased_until() -> object:
        return await postgres_store.observer.fetchval("SELECT until FROM turns")

    holder = asyncio.create_task(hold())
    await begun.wait()
    first = await leased_until()

    async def was_kept() -> bool:
        return await leased_until() != first

    await until(was_kept)
    beside = await taken(turns)
    holder.cancel()

    assert not beside
    await until(lambda: taken(turns))


async def test_whoever_hangs_loses_the_turn(postgres_store: StoreInPostgres) -> None:
    hanging = PostgresTurns(postgres_store.database, lease_seconds=0.03, held_seconds_max=0.03)
    async with hanging.turn(NAME, rest_seconds=0.0) as ours:
        await until(lambda: taken(postgres_store.turns))
    afterwards = await taken(postgres_store.turns)

    assert ours
    assert afterwards


async def test_a_store_that_is_away_gives_no_turn() -> None:
    with pytest.raises(TryAgain):
        await taken(PostgresTurns(Database("postgresql://postgres:@127.0.0.1:1/payments")))


def scheduled(world: PostgresWorld) -> Callable[[], Awaitable[object]]:
    """The reconciliation that a worker does by the clock."""
    (chore,) = [one for one in chores_of(world.container, world.container.turns()) if one.name == "reconciliation"]
    return chore.do


async def test_of_two_workers_that_reconcile_at_once_one_asks_stripe(database: Database, database_url: str) -> None:
    outside = Outside(ago(hours=6))
    other_database = Database(database_url)
    worlds = [PostgresWorld(database, outside), PostgresWorld(other_database, outside)]
    for user_id in ("salma", "youssef"):
        outside.gateway.pay((await worlds[0].start(a_talent(user_id))).session_id)
    outside.clock.pass_time(timedelta(hours=1))
    outside.gateway.calls.clear()
    found = await asyncio.gather(*(scheduled(world)() for world in worlds))
    at_once = dict(outside.gateway.calls)
    soon = [await scheduled(world)() for world in worlds]
    by_hand = await worlds[1].container.reconcile()(whatever_the_age=True)
    observer = await asyncpg.connect(database_url)
    await observer.execute("UPDATE turns SET until = until - make_interval(secs => $1)", REST_SECONDS)
    outside.clock.pass_time(timedelta(minutes=5))
    later = await scheduled(worlds[1])()
    await observer.close()
    await other_database.close()
    (run,) = [one for one in found if one is not None]

    assert isinstance(run, Reconciliation)
    assert (True, 2) == (run.complete, run.repaired)
    assert {"checkout": 2, "events": 1, "checkouts": 1, "refunds": 1, "disputes": 1} == at_once
    assert [None, None] == soon
    assert by_hand.complete
    assert isinstance(later, Reconciliation)


async def test_a_run_that_was_broken_off_is_begun_anew_after_the_rest(
    postgres_store: StoreInPostgres,
) -> None:
    outside = Outside(ago(hours=6))
    world = PostgresWorld(postgres_store.database, outside)
    offered = await world.start(a_talent("salma"))
    outside.gateway.pay(offered.session_id)
    outside.clock.pass_time(timedelta(hours=1))
    outside.gateway.fail_next("events")
    first = await scheduled(world)()
    assert isinstance(first, Reconciliation)
    await postgres_store.pass_time(REST_SECONDS)
    second = await scheduled(world)()

    assert isinstance(second, Reconciliation)
    assert (False, True) == (first.complete, second.complete)
