"""The worker tries again what may succeed, buries what cannot, waits for its store, and finishes what it has begun."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from adapters.memory.jobs import MemoryJobs
from adapters.memory.world import MemoryClock
from application.errors import (
    Conflict,
    CurrencyRefused,
    MailRefused,
    MailUnavailable,
    ProviderRefused,
    ProviderUnavailable,
    TryAgain,
)
from application.ports.jobs import ClaimedJob, JobKind, NewJob
from entrypoints.worker import CONCURRENCY, Chore, Worker, backoff_seconds, retry_after_seconds

KIND = JobKind.RETRY_EVENT


class Store(MemoryJobs):
    """Jobs in memory, whose store fails as often as it is told to."""

    def __init__(self, *faults: Exception) -> None:
        self.time = MemoryClock()
        super().__init__(self.time)
        self.faults = list(faults)

    async def claim(self, kinds: frozenset[JobKind], *, limit: int, lease_seconds: float) -> list[ClaimedJob]:
        if self.faults:
            raise self.faults.pop(0)
        return await super().claim(kinds, limit=limit, lease_seconds=lease_seconds)

    def order(self, *subjects: str, attempts_max: int = 12) -> None:
        """Jobs to do."""
        for subject in subjects:
            self.add(NewJob(kind=KIND, subject=subject, attempts_max=attempts_max))

    def states(self) -> list[str]:
        """Where the jobs stand."""
        return [row.state for row in self.rows]


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def work_until(store: Store, handler: Callable[[ClaimedJob], Awaitable[None]], done: Callable[[], bool]) -> None:
    """Let a worker work until something holds, then stop it."""
    worker = Worker(store, {KIND: handler}, seed=1)
    running = asyncio.create_task(worker.run())
    await until(lambda: done() or running.done())
    worker.stop()
    await running


def failing_with(error: Exception) -> Callable[[ClaimedJob], Awaitable[None]]:
    """A use case that never succeeds."""

    async def handle(_: ClaimedJob) -> None:
        raise error

    return handle


def test_the_pause_doubles_from_a_second_to_an_hour_and_is_never_less_than_half_of_it() -> None:
    longest = [backoff_seconds(attempt, 1.0) for attempt in (1, 2, 3, 12, 13, 60, 10_000)]
    shortest = [backoff_seconds(attempt, 0.0) for attempt in (1, 2, 3, 12, 13, 60, 10_000)]

    assert [1.0, 2.0, 4.0, 2048.0, 3600.0, 3600.0, 3600.0] == longest
    assert [pause / 2 for pause in longest] == shortest


@pytest.mark.parametrize("error", [MailRefused("no"), ProviderRefused("no"), CurrencyRefused("no")])
def test_a_refusal_is_not_tried_again(error: Exception) -> None:
    assert retry_after_seconds(error, 1, 0.5) is None


@pytest.mark.parametrize(
    "error", [TryAgain("x"), Conflict("x"), TimeoutError(), ValueError("x"), MailUnavailable("x"), OSError("x")]
)
def test_anything_else_is_tried_again_after_the_pause(error: Exception) -> None:
    assert backoff_seconds(3, 0.5) == retry_after_seconds(error, 3, 0.5)


@pytest.mark.parametrize(
    "error", [MailUnavailable("x", retry_after_seconds=90), ProviderUnavailable("x", retry_after_seconds=90)]
)
def test_a_provider_that_names_a_time_is_not_asked_before_it(error: Exception) -> None:
    assert 90 == retry_after_seconds(error, 1, 0.5)
    assert backoff_seconds(12, 0.5) == retry_after_seconds(error, 12, 0.5)


async def test_a_job_that_fails_is_due_again_after_its_pause_and_done_at_a_later_attempt() -> None:
    store, attempts = Store(), list[int]()
    store.order("evt_1")

    async def succeed_at_the_third(job: ClaimedJob) -> None:
        attempts.append(job.attempt)
        if job.attempt < 3:
            raise TryAgain("not yet")
        store.finish(job)

    def done() -> bool:
        if store.states() == ["ready"]:
            store.time.pass_time(timedelta(seconds=4))
        return store.states() == ["done"]

    await work_until(store, succeed_at_the_third, done)

    assert [1, 2, 3] == attempts


async def test_a_job_is_not_touched_before_its_pause_is_over() -> None:
    store = Store()
    store.order("evt_1")
    await work_until(store, failing_with(ProviderUnavailable("away", retry_after_seconds=60)), lambda: settled(store))
    due_in = store.rows[0].run_at - store.time.now()

    assert timedelta(seconds=60) == due_in
    assert 1 == store.rows[0].attempts


def settled(store: Store) -> bool:
    """Whether no job is in hand and each was tried."""
    return all(row.attempts > 0 and row.state != "leased" for row in store.rows)


async def test_a_refused_job_is_buried_at_once_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    store.order("evt_1")
    await work_until(store, failing_with(MailRefused("no such address")), lambda: settled(store))

    assert [("dead", "MailRefused: no such address")] == [(row.state, row.last_error) for row in store.rows]
    assert "it needs an operator" in caplog.text


async def test_a_job_whose_attempts_are_used_up_is_buried(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    store.order("evt_1", attempts_max=1)
    await work_until(store, failing_with(ValueError("a slip of ours")), lambda: settled(store))

    assert ["dead"] == store.states()
    assert "it needs an operator" in caplog.text
    assert "a slip of ours" in caplog.text


async def test_one_job_that_fails_keeps_no_other_from_being_done() -> None:
    store = Store()
    store.order("evt_1", "evt_bad", "evt_2")

    async def handle(job: ClaimedJob) -> None:
        if job.subject == "evt_bad":
            raise MailRefused("never")
        store.finish(job)

    await work_until(store, handle, lambda: settled(store))

    assert ["done", "dead", "done"] == store.states()


@pytest.mark.parametrize("fault", [TryAgain("the database is away"), RuntimeError("nobody foresaw this")])
async def test_a_store_that_fails_is_waited_for(fault: Exception, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(fault)
    store.order("evt_1")

    async def handle(job: ClaimedJob) -> None:
        store.finish(job)

    await work_until(store, handle, lambda: settled(store))

    assert ["done"] == store.states()
    assert (
        f"no jobs can be claimed: {'RuntimeError: ' if isinstance(fault, RuntimeError) else ''}{fault}" in caplog.text
    )


async def test_a_worker_that_is_told_to_stop_finishes_what_it_has_begun_and_begins_nothing_more() -> None:
    store, begun, release = Store(), asyncio.Event(), asyncio.Event()
    store.order("evt_1")

    async def handle(job: ClaimedJob) -> None:
        begun.set()
        await release.wait()
        store.finish(job)

    worker = Worker(store, {KIND: handle}, seed=1)
    running = asyncio.create_task(worker.run())
    await begun.wait()
    worker.stop()
    store.order("evt_2")
    done, _ = await asyncio.wait([running], timeout=0.3)
    release.set()
    await running

    assert not done
    assert ["done", "ready"] == store.states()


async def test_a_full_worker_whose_jobs_hang_gives_them_up_when_its_time_to_stop_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("entrypoints.worker.DRAIN_SECONDS_MAX", 0.05)
    store, begun, never = Store(), 0, asyncio.Event()
    store.order(*(f"evt_{number}" for number in range(CONCURRENCY)))

    async def handle(job: ClaimedJob) -> None:
        nonlocal begun
        begun += 1
        await never.wait()

    worker = Worker(store, {KIND: handle}, seed=1)
    running = asyncio.create_task(worker.run())
    await until(lambda: begun == CONCURRENCY)
    worker.stop()
    async with asyncio.timeout(5):
        await running
    never.set()

    assert ["leased"] * CONCURRENCY == store.states()


async def test_no_more_jobs_run_at_once_than_the_worker_can_take() -> None:
    store, at_once, most = Store(), 0, 0
    store.order(*(f"evt_{number}" for number in range(3 * CONCURRENCY)))

    async def handle(job: ClaimedJob) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        store.finish(job)

    await work_until(store, handle, lambda: settled(store))

    assert CONCURRENCY == most
    assert {"done"} == set(store.states())


async def test_a_job_of_a_worker_that_died_is_taken_back_when_its_lease_has_ended() -> None:
    store = Store()
    store.order("evt_1")
    await store.claim(frozenset({KIND}), limit=1, lease_seconds=60)
    store.time.pass_time(timedelta(seconds=61))

    async def handle(job: ClaimedJob) -> None:
        store.finish(job)

    def done() -> bool:
        if store.states() == ["ready"]:
            store.time.pass_time(timedelta(seconds=2))
        return store.states() == ["done"]

    await work_until(store, handle, done)

    assert [("done", 2)] == [(row.state, row.attempts) for row in store.rows]


async def test_a_chore_is_done_again_and_again_also_after_it_failed(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    async def tidy() -> None:
        done.append(len(done))
        if len(done) == 1:
            raise TryAgain("the store is away")

    worker = Worker(Store(), {}, chores=[Chore(name="tidying", every_seconds=0.01, do=tidy)], seed=1)
    running = asyncio.create_task(worker.run())
    await until(lambda: len(done) >= 3)
    worker.stop()
    await running

    assert "tidying failed and is tried again later: the store is away" in caplog.text
