"""The worker's side of the jobs: each in one pair of hands at a time, and never lost or done for ever."""

import asyncio

import pytest

from application.ports.jobs import JobKind, NewJob
from application.ports.store import BeginWork
from contract.stores import JobLine, Store
from contract.values import HOSTILE

ALL = frozenset(JobKind)


async def note(begin: BeginWork, *subjects: str, **how: object) -> None:
    async with begin() as work:
        for subject in subjects:
            values = {"kind": JobKind.SEND_CONFIRMATION, "subject": subject} | how
            work.jobs.enqueue(NewJob(**values))  # type: ignore[arg-type] # one keyword to differ
        await work.commit()


async def test_nothing_is_claimed_where_nothing_is_due(store: Store, begin: BeginWork) -> None:
    await note(begin, "later", delay_seconds=60)

    assert await store.queue.claim(ALL, limit=10, lease_seconds=30) == []


async def test_a_delayed_job_is_due_after_its_delay(store: Store, begin: BeginWork) -> None:
    await note(begin, "later", delay_seconds=60)
    await store.pass_time(61)

    assert ["later"] == [job.subject for job in await store.queue.claim(ALL, limit=10, lease_seconds=30)]


async def test_the_oldest_are_claimed_first(store: Store, begin: BeginWork) -> None:
    for subject, delay in (("third", 30), ("second", 20), ("first", 10), ("fourth", 40)):
        await note(begin, subject, delay_seconds=delay)
    await store.pass_time(60)
    three = await store.queue.claim(ALL, limit=3, lease_seconds=30)
    rest = await store.queue.claim(ALL, limit=3, lease_seconds=30)

    assert ["first", "second", "third"] == [job.subject for job in three]
    assert ["fourth"] == [job.subject for job in rest]


async def test_a_claim_counts_as_an_attempt(store: Store, begin: BeginWork) -> None:
    await note(begin, "one", attempts_max=3)
    attempts = []
    for _ in range(2):
        (job,) = await store.queue.claim(ALL, limit=1, lease_seconds=30)
        attempts.append(job.attempt)
        await store.queue.fail(job, "no", retry_after_seconds=0)

    assert [1, 2] == attempts
    assert 3 == job.attempts_max


async def test_a_job_in_hand_is_not_claimed_again(store: Store, begin: BeginWork) -> None:
    await note(begin, "one")
    await store.queue.claim(ALL, limit=1, lease_seconds=30)

    assert await store.queue.claim(ALL, limit=1, lease_seconds=30) == []


async def test_kinds_that_are_not_asked_for_stay(store: Store, begin: BeginWork) -> None:
    for kind in JobKind:
        await note(begin, kind.value, kind=kind)
    wanted = frozenset({JobKind.ISSUE_RECEIPT, JobKind.RETRY_EVENT})
    claimed = await store.queue.claim(wanted, limit=10, lease_seconds=30)
    nothing = await store.queue.claim(frozenset(), limit=10, lease_seconds=30)
    rest = await store.queue.claim(ALL, limit=10, lease_seconds=30)

    assert wanted == {job.kind for job in claimed}
    assert nothing == []
    assert ALL - wanted == {job.kind for job in rest}


async def test_four_claimers_over_two_hundred_jobs_claim_each_once(store: Store, begin: BeginWork) -> None:
    subjects = {str(number) for number in range(200)}
    await note(begin, *sorted(subjects))

    async def work_off() -> list[str]:
        done: list[str] = []
        while jobs := await store.queue.claim(ALL, limit=7, lease_seconds=30):
            done += [job.subject for job in jobs]
            for job in jobs:
                assert await store.queue.complete(job)
        return done

    shares = await asyncio.gather(*(work_off() for _ in range(4)))
    done = [subject for share in shares for subject in share]

    assert 200 == len(done)
    assert subjects == set(done)
    assert {"done"} == {job.state for job in await store.jobs()}


async def test_a_completed_job_is_never_claimed_again(store: Store, begin: BeginWork) -> None:
    await note(begin, "one")
    (job,) = await store.queue.claim(ALL, limit=1, lease_seconds=30)
    first = await store.queue.complete(job)
    second = await store.queue.complete(job)
    await store.pass_time(3600)

    assert (True, False) == (first, second)
    assert await store.queue.reap(retry_after_seconds=0) == 0
    assert await store.queue.claim(ALL, limit=1, lease_seconds=30) == []


async def test_a_failed_job_is_due_after_the_pause_that_was_asked_for(store: Store, begin: BeginWork) -> None:
    await note(begin, "one")
    (job,) = await store.queue.claim(ALL, limit=1, lease_seconds=30)
    told = await store.queue.fail(job, "busy", retry_after_seconds=60)
    await store.pass_time(58)
    early = await store.queue.claim(ALL, limit=1, lease_seconds=30)
    await store.pass_time(3)
    late = await store.queue.claim(ALL, limit=1, lease_seconds=30)

    assert told
    assert early == []
    assert [2] == [job.attempt for job in late]


async def test_a_job_without_another_try_is_dead_at_once_and_keeps_its_error(store: Store, begin: BeginWork) -> None:
    await note(begin, "one")
    (job,) = await store.queue.claim(ALL, limit=1, lease_seconds=30)
    await store.queue.fail(job, HOSTILE, retry_after_seconds=None)
    await store.pass_time(3600)

    assert [JobLine("send_confirmation", "one", "dead", 1, HOSTILE)] == await store.jobs()
    assert await store.queue.claim(ALL, limit=1, lease_seconds=30) == []


async def test_a_job_is_dead_after_its_last_attempt(store: Store, begin: BeginWork) -> None:
    await note(begin, "one", attempts_max=3)
    states = []
    for _ in range(3):
        (job,) = await store.queue.claim(ALL, limit=1, lease_seconds=30)
        await store.queue.fail(job, "no", retry_after_seconds=0)
        states.append((await store.jobs())[0].state)

    assert ["ready", "ready", "dead"] == states


async def test_a_lease_that_runs_is_not_taken_back(store: Store, begin: BeginWork) -> None:
    await note(begin, "one")
    await store.queue.claim(ALL, limit=1, lease_seconds=30)
    await store.pass_time(29)

    assert await store.queue.reap(retry_after_seconds=0) == 0


async def test_a_lease_that_ended_is_taken_back_and_the_job_claimed_anew(store: Store, begin: BeginWork) -> None:
    await note(begin, "one")
    (lost,) = await store.queue.claim(ALL, limit=1, lease_seconds=30)
    await store.pass_time(31)
    reaped = await store.queue.reap(retry_after_seconds=10)
    early = await store.queue.claim(ALL, limit=1, lease_seconds=30)
    await store.pass_time(11)
    (again,) = await store.queue.claim(ALL, limit=1, lease_seconds=30)

    assert 1 == reaped
    assert early == []
    assert (lost.id, 2) == (again.id, again.attempt)
    assert lost.lease != again.lease


async def test_a_job_that_kills_every_worker_is_dead_after_its_attempts(store: Store, begin: BeginWork) -> None:
    await note(begin, "poison", attempts_max=2)
    for _ in range(2):
        assert len(await store.queue.claim(ALL, limit=1, lease_seconds=30)) == 1
        await store.pass_time(31)
        await store.queue.reap(retry_after_seconds=0)

    (row,) = await store.jobs()
    assert ("dead", 2) == (row.state, row.attempts)
    assert "lease" in (row.last_error or "")
    assert await store.queue.claim(ALL, limit=1, lease_seconds=30) == []


@pytest.mark.parametrize("taken_again", [True, False])
async def test_a_zombie_s_word_is_void(store: Store, begin: BeginWork, taken_again: bool) -> None:
    await note(begin, "one")
    (zombie,) = await store.queue.claim(ALL, limit=1, lease_seconds=30)
    await store.pass_time(31)
    await store.queue.reap(retry_after_seconds=0)
    if taken_again:
        await store.queue.claim(ALL, limit=1, lease_seconds=30)
    before = await store.jobs()

    assert not await store.queue.complete(zombie)
    assert not await store.queue.fail(zombie, "late", retry_after_seconds=None)
    assert before == await store.jobs()


async def test_all_leases_that_ended_are_taken_back_at_once(store: Store, begin: BeginWork) -> None:
    await note(begin, *(str(number) for number in range(20)))
    await store.queue.claim(ALL, limit=15, lease_seconds=30)
    await store.pass_time(31)
    reaped = await asyncio.gather(*(store.queue.reap(retry_after_seconds=0) for _ in range(4)))

    assert 15 == sum(reaped)
    assert {"ready"} == {job.state for job in await store.jobs()}
