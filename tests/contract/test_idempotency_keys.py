"""A key is claimed once, its answer is kept with the effect or not at all, and no crash holds it for longer than its lease."""

import asyncio

import pytest

from adapters.clock import SystemClock
from application.errors import Conflict, TryAgain
from application.ports.idempotency import Answer, Claim, InProgress, Mismatch
from application.ports.store import BeginWork
from application.prune import BATCH, Prune
from builders import NOON
from contract.keeping import DAY
from contract.stores import Store, StoreInPostgres
from domain.member import UserId

USER = UserId("salma-1")
REQUEST, OTHER = b"a digest", b"another digest"
ANSWER = Answer(status=201, headers=(("content-type", "application/json"), ("x-two", "b")), body=b'{"\xd8\xa7": 1}')


async def claimed(store: Store, key: str = "k", *, fingerprint: bytes = REQUEST, user_id: UserId = USER) -> Claim:
    """A claim that must succeed."""
    claim = await store.idempotency_keys.claim(user_id, key, fingerprint, lease_seconds=16)
    assert isinstance(claim, Claim)
    return claim


async def asked(store: Store, fingerprint: bytes = REQUEST) -> object:
    """What a further request under the key meets."""
    return await store.idempotency_keys.claim(USER, "k", fingerprint, lease_seconds=16)


async def test_a_key_is_claimed_once_until_it_is_answered(store: Store) -> None:
    claim = await claimed(store)
    meanwhile, other = await asked(store), await asked(store, OTHER)
    kept = await store.idempotency_keys.keep(claim, ANSWER)

    assert isinstance(meanwhile, InProgress)
    assert 0 < meanwhile.seconds_left <= 16
    assert (Mismatch(), True, ANSWER, Mismatch()) == (other, kept, await asked(store), await asked(store, OTHER))


async def test_callers_share_no_keys(store: Store) -> None:
    mine = await claimed(store)
    theirs = await claimed(store, user_id=UserId("yassine-2"), fingerprint=OTHER)

    assert mine.user_id != theirs.user_id


async def test_the_first_answer_stands(store: Store) -> None:
    claim = await claimed(store)
    await store.idempotency_keys.keep(claim, ANSWER)
    again = await store.idempotency_keys.keep(claim, Answer(status=409, headers=(), body=b""))
    await store.idempotency_keys.release(claim, forget=True)

    assert (False, ANSWER) == (again, await asked(store))


async def test_when_the_lease_ends_the_same_request_alone_takes_over_and_the_first_is_fenced_off(
    store: Store, begin: BeginWork
) -> None:
    first = await claimed(store)
    await store.pass_time(17)
    other = await asked(store, OTHER)
    second = await claimed(store)
    kept = await store.idempotency_keys.keep(first, Answer(status=200, headers=(), body=b"late"))
    async with begin() as work:
        work.answers.keep(first, Answer(status=200, headers=(), body=b"late"))
        work.cursors.save("effect", NOON)
        with pytest.raises(Conflict):
            await work.commit()
    async with begin() as work:
        effect = await work.cursors.of("effect")
    await store.idempotency_keys.keep(second, ANSWER)

    assert (Mismatch(), False, None, ANSWER) == (other, kept, effect, await asked(store))


async def test_an_answer_is_kept_if_and_only_if_the_effect_is(store: Store, begin: BeginWork) -> None:
    claim = await claimed(store)
    async with begin() as work:
        work.cursors.save("undone", NOON)
        work.answers.keep(claim, ANSWER)
    undone = await asked(store)
    async with begin() as work:
        work.cursors.save("done", NOON)
        work.answers.keep(claim, ANSWER)
        await work.commit()
    async with begin() as work:
        effects = (await work.cursors.of("undone"), await work.cursors.of("done"))

    assert isinstance(undone, InProgress)
    assert ((None, NOON), ANSWER) == (effects, await asked(store))


async def test_a_released_key_is_free_for_the_same_request_and_a_forgotten_one_for_any(store: Store) -> None:
    await store.idempotency_keys.release(await claimed(store), forget=False)
    other = await asked(store, OTHER)
    await store.idempotency_keys.release(await claimed(store), forget=True)

    assert Mismatch() == other
    await claimed(store, fingerprint=OTHER)


async def test_after_a_day_a_key_is_as_good_as_new_and_is_pruned(store: Store) -> None:
    await store.idempotency_keys.keep(await claimed(store), ANSWER)
    await store.pass_time(DAY - 60)
    too_early = await store.retention.forget_answers(days=1, limit=10), await asked(store)
    await store.pass_time(120)
    claim = await claimed(store, fingerprint=OTHER)
    await store.idempotency_keys.keep(claim, ANSWER)
    renewed = await store.retention.forget_answers(days=1, limit=10)
    await store.pass_time(DAY + 60)
    forgotten = await store.retention.forget_answers(days=1, limit=10)

    assert ((0, ANSWER), 0, 1) == (too_early, renewed, forgotten)


async def test_answers_are_forgotten_in_batches_by_several_replicas_at_once(store: Store) -> None:
    for number in range(BATCH + 3):
        await claimed(store, f"k{number}")
    await store.pass_time(DAY + 60)
    await claimed(store, "fresh")
    prune = Prune(retention=store.retention, clock=SystemClock(), body_days=90, event_days=400, job_days=30)
    one, other = await asyncio.gather(prune(), prune())
    rest = await prune()

    assert BATCH + 3 == one.answers + other.answers + rest.answers


async def test_of_twenty_that_claim_at_once_one_has_it(store: Store) -> None:
    for _ in range(5):
        found = await asyncio.gather(*(asked(store) for _ in range(20)))
        (claim,) = [one for one in found if isinstance(one, Claim)]

        assert 19 == sum(isinstance(one, InProgress) for one in found)
        await store.pass_time(17)  # and now all twenty try to take it over
        assert claim.lease > 0


async def test_a_connection_that_dies_at_the_commit_leaves_neither_effect_nor_answer(
    postgres_store: StoreInPostgres,
) -> None:
    store = postgres_store
    claim = await claimed(store)
    async with store.begin() as work:
        await work.cursors.of("effect")
        work.cursors.save("effect", NOON)
        work.answers.keep(claim, ANSWER)
        await store.observer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle in transaction'"
        )
        with pytest.raises(TryAgain):
            await work.commit()
    meanwhile = await asked(store)
    await store.pass_time(17)
    async with store.begin() as work:
        effect = await work.cursors.of("effect")

    assert isinstance(meanwhile, InProgress)
    assert effect is None
    await claimed(store)
