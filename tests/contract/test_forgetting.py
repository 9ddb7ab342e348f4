"""What has served is forgotten in its time, in small batches, and what is still of use never."""

import asyncio

from adapters.clock import SystemClock
from application.ports.jobs import JobKind, JobState, NewJob
from application.ports.store import BeginWork, EventState
from application.prune import BATCH, Prune, Pruned
from contract.keeping import DAY, claim, keep, let_die
from contract.stores import Store
from domain.audit import Cause


async def test_bodies_go_after_their_days_and_the_ids_stay_known(store: Store, begin: BeginWork) -> None:
    (handled,) = await keep(begin, EventState.HANDLED)
    (ignored,) = await keep(begin, EventState.IGNORED)
    (parked,) = await keep(begin, EventState.PARKED)
    await store.pass_time(90 * DAY - 60)
    too_early = await store.retention.strip_bodies(days=90, limit=10)
    await store.pass_time(120)
    stripped = await store.retention.strip_bodies(days=90, limit=10)
    kept = [await store.kept_events.one(event.id) for event in (handled, ignored, parked)]

    assert (0, 2, 0) == (too_early, stripped, await store.retention.strip_bodies(days=90, limit=10))
    assert [None, None, parked.body] == [one.event.body for one in kept if one is not None]
    async with begin() as work:
        assert not await work.inbox.first_time(handled)


async def test_events_go_after_their_days_and_parked_ones_never(store: Store, begin: BeginWork) -> None:
    for state in EventState:
        await keep(begin, state)
    await store.pass_time(400 * DAY + 60)
    forgotten = await store.retention.forget_events(days=400, limit=10)

    assert 2 == forgotten
    assert ["parked"] == [state for _, state, _ in await store.events()]


async def test_only_finished_retries_of_events_that_are_not_parked_are_forgotten(
    store: Store, begin: BeginWork
) -> None:
    """A job about a payment is kept for ever: its key is what keeps a late duplicate from doing it twice."""
    (settled,) = await keep(begin, EventState.HANDLED, tried=True)
    await keep(begin, EventState.PARKED)
    async with begin() as work:
        work.jobs.enqueue(NewJob(kind=JobKind.SEND_CONFIRMATION, subject="a payment"))
        await work.commit()
    for job in await claim(store):
        await store.queue.complete(job)
    await keep(begin, EventState.HANDLED, tried=True)
    await let_die(store)
    await store.pass_time(30 * DAY + 60)
    forgotten = await store.retention.forget_jobs(days=30, limit=10)

    assert 1 == forgotten
    assert ["retry_event", "send_confirmation", "retry_event"] == [job.kind for job in await store.jobs()]
    assert settled.id not in [job.subject for job in await store.jobs()]


async def test_a_discarded_retry_is_forgotten_as_well(store: Store, begin: BeginWork) -> None:
    await keep(begin, EventState.IGNORED, tried=True)
    await let_die(store)
    (dead,) = await store.known_jobs.page(JobState.DEAD, limit=2)
    async with begin() as work:
        work.jobs.discard(dead, Cause(why="discarded", actor="operator:o"))
        await work.commit()
    await store.pass_time(31 * DAY)

    assert 1 == await store.retention.forget_jobs(days=30, limit=10)
    assert [] == await store.jobs()


async def test_a_batch_is_bounded_and_takes_the_oldest_first(store: Store, begin: BeginWork) -> None:
    old = await keep(begin, EventState.HANDLED, count=2)
    await store.pass_time(60)
    (younger,) = await keep(begin, EventState.HANDLED)
    await store.pass_time(500 * DAY)
    stripped = await store.retention.strip_bodies(days=90, limit=2)
    (kept,) = [
        one.event.id
        for event in (*old, younger)
        if (one := await store.kept_events.one(event.id)) is not None and one.event.body is not None
    ]
    forgotten = await store.retention.forget_events(days=400, limit=2)

    assert (2, younger.id, 2) == (stripped, kept, forgotten)
    assert [younger.id] == [event_id for event_id, _, _ in await store.events()]


async def test_what_another_work_holds_is_passed_over_without_waiting(store: Store, begin: BeginWork) -> None:
    held, free = await keep(begin, EventState.HANDLED, count=2)
    await store.pass_time(500 * DAY)
    async with begin() as work:
        await work.inbox.find(held.id)
        async with asyncio.timeout(2):
            stripped = await store.retention.strip_bodies(days=90, limit=10)
            forgotten = await store.retention.forget_events(days=400, limit=10)

    assert (1, 1) == (stripped, forgotten)
    assert [held.id] == [event_id for event_id, _, _ in await store.events()]
    assert free.id != held.id


async def test_two_replicas_that_forget_at_once_forget_each_row_once(store: Store, begin: BeginWork) -> None:
    await keep(begin, EventState.HANDLED, count=BATCH + 20)
    await store.pass_time(500 * DAY)
    prune = Prune(retention=store.retention, clock=SystemClock(), body_days=90, event_days=400, job_days=30)
    one, other = await asyncio.gather(prune(), prune())
    rest = await prune()

    assert BATCH + 20 == one.events + other.events + rest.events
    assert [] == await store.events()
    assert Pruned(bodies=0, events=0, jobs=0) == await prune()
