"""What replicas tell of their counts: each hears what the others told just now, and what has served is forgotten."""

import asyncio
from uuid import UUID

import pytest

from adapters.postgres.database import Database
from adapters.postgres.tallies import PostgresTallies
from application.errors import TryAgain
from application.ports.tallies import TOLD_SECONDS
from contract.stores import Store, StoreInPostgres

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
SALMA, YASSINE = b"salma", b"yassine"


async def test_a_replica_hears_the_sum_of_what_the_others_told(store: Store) -> None:
    first = await store.tallies.exchange(ONE, {SALMA: 10, YASSINE: 1})
    second = await store.tallies.exchange(TWO, {SALMA: 20})
    third = await store.tallies.exchange(THREE, {SALMA: 3, YASSINE: 3})
    again = await store.tallies.exchange(ONE, {SALMA: 10, YASSINE: 1})

    assert ({}, {SALMA: 10}, {SALMA: 30, YASSINE: 1}) == (first, second, third)
    assert {SALMA: 23, YASSINE: 3} == again


async def test_what_is_told_again_stands_in_place_of_what_was_told_before(store: Store) -> None:
    for counted in (5, 9, 2, 2):
        await store.tallies.exchange(ONE, {SALMA: counted})

    assert {SALMA: 2} == await store.tallies.exchange(TWO, {SALMA: 1})


async def test_what_a_replica_told_counts_for_a_few_seconds_only(store: Store) -> None:
    await store.tallies.exchange(ONE, {SALMA: 10})
    await store.pass_time(TOLD_SECONDS - 1)
    soon = await store.tallies.exchange(TWO, {SALMA: 1})
    await store.pass_time(2)
    late = await store.tallies.exchange(TWO, {SALMA: 1})

    assert ({SALMA: 10}, {}) == (soon, late)


async def test_what_was_told_more_than_a_minute_ago_is_deleted(store: Store) -> None:
    await store.tallies.exchange(ONE, {SALMA: 10, YASSINE: 1})
    await store.pass_time(50)
    await store.tallies.exchange(TWO, {SALMA: 20})
    early = await store.tallies.forget()
    await store.pass_time(11)
    deleted = await store.tallies.forget()

    assert (0, 2, 0) == (early, deleted, await store.tallies.forget())


async def test_many_replicas_that_tell_at_once_do_not_wait_for_each_other(postgres_store: StoreInPostgres) -> None:
    counted = {number.to_bytes(16, "big"): number for number in range(1, 501)}
    blocker = postgres_store.observer.transaction()
    await blocker.start()
    await postgres_store.observer.execute(
        "INSERT INTO rate_tallies SELECT key, $2, 1, now() FROM unnest($1::bytea[]) AS key", list(counted), THREE
    )
    async with asyncio.timeout(5):
        await asyncio.gather(*(postgres_store.tallies.exchange(UUID(int=number), counted) for number in range(10, 18)))
        await postgres_store.tallies.forget()
    await blocker.commit()
    heard = await postgres_store.tallies.exchange(ONE, counted)

    assert {key: 8 * number + 1 for key, number in counted.items()} == heard


async def test_tallies_are_written_to_no_log_of_the_server(postgres_store: StoreInPostgres) -> None:
    persistence = await postgres_store.observer.fetchval(
        "SELECT relpersistence FROM pg_class WHERE relname = 'rate_tallies'"
    )

    assert b"u" == persistence


async def test_a_store_that_is_away_is_to_be_tried_again() -> None:
    tallies = PostgresTallies(Database("postgresql://postgres:@127.0.0.1:1/payments"))

    with pytest.raises(TryAgain):
        await tallies.exchange(ONE, {SALMA: 1})
