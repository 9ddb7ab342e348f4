"""Jobs as part of a work: noted with it or not at all, once for ever, and finished only by who holds them."""

import asyncio

import pytest

from application.errors import Conflict
from application.ports.jobs import ClaimedJob, JobKind, NewJob
from application.ports.store import BeginWork
from builders import a_payment
from contract.stores import Store
from contract.values import CAUSE, payment_of

ALL = frozenset(JobKind)
RECEIPT = NewJob(kind=JobKind.ISSUE_RECEIPT, subject="one")


async def enqueue(begin: BeginWork, *jobs: NewJob) -> None:
    async with begin() as work:
        for job in jobs:
            work.jobs.enqueue(job)
        await work.commit()


async def claimed(store: Store) -> ClaimedJob:
    (job,) = await store.queue.claim(ALL, limit=1, lease_seconds=30)
    return job


async def test_a_job_happens_only_with_its_work(store: Store, begin: BeginWork) -> None:
    async with begin() as work:
        work.jobs.enqueue(RECEIPT)

    assert await store.jobs() == []
    await enqueue(begin, RECEIPT)
    assert [("issue_receipt", "one", "ready")] == [(job.kind, job.subject, job.state) for job in await store.jobs()]


async def test_a_key_is_used_once(store: Store, begin: BeginWork) -> None:
    await enqueue(begin, RECEIPT, RECEIPT)
    await enqueue(begin, RECEIPT)

    assert 1 == len(await store.jobs())


async def test_kind_and_subject_together_are_the_key(store: Store, begin: BeginWork) -> None:
    others = [NewJob(kind=JobKind.SEND_CONFIRMATION, subject="one"), NewJob(kind=JobKind.ISSUE_RECEIPT, subject="two")]
    await enqueue(begin, RECEIPT, *others)

    assert 3 == len(await store.jobs())


async def test_a_key_is_not_used_again_after_the_job_is_done(store: Store, begin: BeginWork) -> None:
    await enqueue(begin, RECEIPT)
    await store.queue.complete(await claimed(store))
    await enqueue(begin, RECEIPT)

    assert ["done"] == [job.state for job in await store.jobs()]
    assert await store.queue.claim(ALL, limit=1, lease_seconds=30) == []


async def test_a_key_is_not_used_again_after_the_job_is_dead(store: Store, begin: BeginWork) -> None:
    await enqueue(begin, RECEIPT)
    await store.queue.fail(await claimed(store), "no", retry_after_seconds=None)
    await enqueue(begin, RECEIPT)

    assert ["dead"] == [job.state for job in await store.jobs()]


async def test_of_two_jobs_with_one_key_in_one_work_the_first_counts(store: Store, begin: BeginWork) -> None:
    later = NewJob(kind=RECEIPT.kind, subject=RECEIPT.subject, delay_seconds=3600, attempts_max=1)
    await enqueue(begin, RECEIPT, later)

    assert RECEIPT.attempts_max == (await claimed(store)).attempts_max


async def test_works_at_once_that_note_one_job_all_succeed_and_leave_one(store: Store, begin: BeginWork) -> None:
    payments = [a_payment() for _ in range(20)]

    async def note(number: int) -> None:
        async with begin() as work:
            work.payments.add(payments[number], CAUSE)
            work.jobs.enqueue(RECEIPT)
            await work.commit()

    await asyncio.gather(*(note(number) for number in range(20)))

    assert 1 == len(await store.jobs())
    assert None not in [await payment_of(begin, payment.id) for payment in payments]


async def test_jobs_of_one_work_are_claimed_in_the_order_of_their_noting(store: Store, begin: BeginWork) -> None:
    subjects = [str(number) for number in range(20)]
    await enqueue(begin, *(NewJob(kind=JobKind.ISSUE_RECEIPT, subject=subject) for subject in subjects))

    jobs = await store.queue.claim(ALL, limit=20, lease_seconds=30)

    assert subjects == [job.subject for job in jobs]


async def test_a_job_is_finished_with_the_work_that_did_it(store: Store, begin: BeginWork) -> None:
    await enqueue(begin, RECEIPT)
    job, payment = await claimed(store), a_payment()
    async with begin() as work:
        work.payments.add(payment, CAUSE)
        work.jobs.complete(job)
    left = [row.state for row in await store.jobs()]
    async with begin() as work:
        work.payments.add(payment, CAUSE)
        work.jobs.complete(job)
        await work.commit()

    assert ["leased"] == left
    assert ["done"] == [row.state for row in await store.jobs()]
    assert payment == await payment_of(begin, payment.id)


async def test_a_work_that_lost_its_job_changes_nothing(store: Store, begin: BeginWork) -> None:
    await enqueue(begin, RECEIPT)
    zombie, payment = await claimed(store), a_payment()
    await store.pass_time(31)
    await store.queue.reap(retry_after_seconds=0)
    other = await claimed(store)

    with pytest.raises(Conflict):
        async with begin() as work:
            work.payments.add(payment, CAUSE)
            work.jobs.enqueue(NewJob(kind=JobKind.SEND_CONFIRMATION, subject="one"))
            work.jobs.complete(zombie)
            await work.commit()
    assert await payment_of(begin, payment.id) is None
    assert ["leased"] == [row.state for row in await store.jobs()]
    assert await store.queue.complete(other)


async def test_a_job_is_finished_once(store: Store, begin: BeginWork) -> None:
    await enqueue(begin, RECEIPT)
    job = await claimed(store)
    async with begin() as work:
        work.jobs.complete(job)
        await work.commit()

    with pytest.raises(Conflict):
        async with begin() as work:
            work.jobs.complete(job)
            await work.commit()
    assert not await store.queue.complete(job)
    assert not await store.queue.fail(job, "late", retry_after_seconds=1)


async def test_of_two_works_that_finish_one_job_at_once_one_succeeds(store: Store, begin: BeginWork) -> None:
    await enqueue(begin, RECEIPT)
    job = await claimed(store)
    payments = [a_payment() for _ in range(5)]

    async def finish(number: int) -> bool:
        try:
            async with begin() as work:
                work.payments.add(payments[number], CAUSE)
                work.jobs.complete(job)
                await work.commit()
        except Conflict:
            return False
        return True

    outcomes = await asyncio.gather(*(finish(number) for number in range(5)))
    stored = [await payment_of(begin, payment.id) for payment in payments]

    assert 1 == sum(outcomes)
    assert outcomes == [payment is not None for payment in stored]
