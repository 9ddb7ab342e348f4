"""The worker: claims jobs, runs the use case of each, and keeps what fails for later or among the dead."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from application.errors import (
    ApplicationFault,
    Conflict,
    MailRefused,
    MailUnavailable,
    ProviderRefused,
    ProviderUnavailable,
    TryAgain,
)
from application.log_context import about
from application.ports.jobs import ClaimedJob, JobBell, JobKind, JobQueue
from application.ports.turns import Turns
from entrypoints.container import Container
from entrypoints.tracing import Origin, Tracing

log = logging.getLogger("worker")

CONCURRENCY: Final = 8
LEASE_SECONDS: Final = 60.0
JOB_SECONDS_MAX: Final = 40.0
"""Shorter than the lease: a job that hangs is given up before another worker may take it."""

POLL_SECONDS: Final = 0.1
REAP_EVERY_SECONDS: Final = 5.0
BACKOFF_SECONDS_MAX: Final = 3600.0
DRAIN_SECONDS_MAX: Final = 25.0

RECONCILE_EVERY_SECONDS: Final = 180.0
REST_SECONDS: Final = RECONCILE_EVERY_SECONDS / 2
"""The shortest pause between two runs of one worker, and so of all of them together."""

PRUNE_EVERY_SECONDS: Final = 3600.0

Handler = Callable[[ClaimedJob], Awaitable[None]]
Observer = Callable[[JobKind, str, float], None]
"""Hears of each job that was run: its kind, its outcome (`done`, `failed`, `dead`), and how many seconds it took."""


class Chore(Struct, frozen=True, kw_only=True):
    """What a worker does by the clock, whether or not there are jobs: `do` again `every_seconds` after it has ended."""

    name: str
    every_seconds: float
    do: Callable[[], Awaitable[object]]


def handlers_of(container: Container) -> dict[JobKind, Handler]:
    """The use case of each kind of job."""
    return {
        JobKind.ISSUE_RECEIPT: container.issue_receipt(),
        JobKind.SEND_CONFIRMATION: container.send_confirmation(),
        JobKind.COLLECT_INVOICE: container.collect_invoice(),
        JobKind.RETRY_EVENT: container.retry_event(),
        JobKind.REFUND_DUPLICATE: container.refund_duplicate(),
        JobKind.SEND_REFUND_NOTICE: container.send_refund_notice(),
        JobKind.COLLECT_RETURNS: container.collect_returns(),
    }


def chores_of(container: Container, turns: Turns | None = None) -> list[Chore]:
    """What every worker does by the clock; with `turns`, one worker at a time goes through all that Stripe has."""
    reconcile = container.measures().reconciling(container.reconcile())
    return [
        Chore(
            name="reconciliation",
            every_seconds=RECONCILE_EVERY_SECONDS,
            do=in_turn(turns, "reconciliation", reconcile) if turns is not None else reconcile,
        ),
        Chore(name="forgetting", every_seconds=PRUNE_EVERY_SECONDS, do=container.prune()),
    ]


def in_turn(turns: Turns, name: str, do: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
    """A chore that is left out while another replica does it, or has begun it just now."""

    async def when_it_is_our_turn() -> object:
        async with turns.turn(name, rest_seconds=REST_SECONDS) as ours:
            return await do() if ours else None

    return when_it_is_our_turn


def ids_of(job: ClaimedJob) -> dict[str, str]:
    """What a job is about, for the log: the first part of its subject, by what its kind makes of it."""
    names = {JobKind.RETRY_EVENT: "event_id", JobKind.COLLECT_RETURNS: "payment_intent_id"}
    return {names.get(job.kind, "payment_id"): job.subject.partition(":")[0]}


def worker_of(container: Container) -> "Worker":
    """The worker of a container, with all its jobs and chores. Raises ConfigurationError."""
    container.report_errors()
    return Worker(
        container.queue(),
        handlers_of(container),
        chores=chores_of(container, container.turns()),
        bell=container.bell(),
        observe=container.measures().job,
        tracing=container.tracing(),
    )


def backoff_seconds(attempt: int, chance: float) -> float:
    """The pause after the attempt-th failure: doubling from a second to an hour, with jitter. `chance` is from 0 to 1."""
    return min(BACKOFF_SECONDS_MAX, 2.0 ** min(attempt - 1, 12)) * (0.5 + chance / 2)


def retry_after_seconds(error: Exception, attempt: int, chance: float) -> float | None:
    """When to try again after an error; null when trying again is of no use."""
    pause = backoff_seconds(attempt, chance)
    match error:
        case MailRefused() | ProviderRefused():
            return None
        case MailUnavailable() | ProviderUnavailable():
            return max(pause, error.retry_after_seconds or 0)
    return pause


def _log_fault(what: str, fault: Exception) -> None:
    if isinstance(fault, ApplicationFault):
        log.warning("%s: %s", what, fault)
    else:
        log.error("%s: %s: %s", what, type(fault).__name__, fault)


class Worker:
    """Runs jobs and chores until it is told to stop, then finishes the jobs that it has begun."""

    def __init__(
        self,
        queue: JobQueue,
        handlers: Mapping[JobKind, Handler],
        *,
        chores: Sequence[Chore] = (),
        bell: JobBell | None = None,
        seed: int | None = None,
        observe: Observer | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        self._observe = observe
        self._tracing = tracing
        self._queue = queue
        self._handlers = dict(handlers)
        self._chores = (Chore(name="taking back lost jobs", every_seconds=REAP_EVERY_SECONDS, do=self._reap), *chores)
        self._chance = random.Random(seed)  # noqa: S311 # jitter, not a secret
        self._bell = bell
        self._stopping, self._woken = asyncio.Event(), asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Claim no more jobs."""
        self._stopping.set()
        self._woken.set()

    async def run(self) -> None:
        """Work until stopped. A store that is away is waited for."""
        log.info("worker started")
        beside = [asyncio.create_task(self._again_and_again(chore)) for chore in self._chores]
        if self._bell is not None:
            beside.append(asyncio.create_task(self._bell.listen(self._woken.set)))
        try:
            while not self._stopping.is_set():
                self._woken.clear()  # before the claim: what rings during it wakes at once
                if not await self._claim():
                    await self._pause(POLL_SECONDS, self._woken)
        finally:
            for task in beside:
                task.cancel()
            if self._running:
                await asyncio.wait(self._running, timeout=DRAIN_SECONDS_MAX)
        log.info("worker stopped")

    async def _claim(self) -> bool:
        """Begin what is due. False when there is nothing to begin."""
        free = CONCURRENCY - len(self._running)
        if free <= 0:
            told = asyncio.create_task(self._stopping.wait())
            try:
                await asyncio.wait({told, *self._running}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                told.cancel()
            return True
        try:
            kinds = frozenset(self._handlers)
            claimed = await self._queue.claim(kinds, limit=free, lease_seconds=LEASE_SECONDS)
        except Exception as fault:
            # Also what nobody foresaw, such as a schema that is not there yet: a worker that gives up helps nobody.
            _log_fault("no jobs can be claimed", fault)
            await self._pause(1.0, self._stopping)
            return False
        for job in claimed:
            task = asyncio.create_task(self._do(job))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return bool(claimed)

    async def _do(self, job: ClaimedJob) -> None:
        with about(job_id=job.id, **ids_of(job)):
            if self._tracing is None:
                await self._done(job)
                return
            with self._tracing.work(Origin.JOB, f"job {job.kind}") as work:
                outcome = await self._done(job)
                work.failed = outcome != "done"
                work.attributes |= {"payments.outcome": outcome, "payments.attempt": job.attempt}

    async def _done(self, job: ClaimedJob) -> str:
        """What became of the job: `done`, `failed` or `dead`."""
        began_at, outcome = time.perf_counter(), "failed"
        try:
            async with asyncio.timeout(JOB_SECONDS_MAX):
                await self._handlers[job.kind](job)
        except Exception as error:
            outcome = await self._failed(job, error)
        else:
            outcome = "done"
            log.info("job %s of %s is done", job.kind, job.subject)
        finally:
            if self._observe is not None:
                self._observe(job.kind, outcome, time.perf_counter() - began_at)
        return outcome

    async def _failed(self, job: ClaimedJob, error: Exception) -> str:
        """Put a job back, or among the dead, and return which: `failed` or `dead`."""
        after = retry_after_seconds(error, job.attempt, self._chance.random())
        foreseen = isinstance(error, ApplicationFault | TimeoutError)
        log.log(
            logging.WARNING if foreseen else logging.ERROR,
            "job %s of %s failed at attempt %s of %s: %s",
            *(job.kind, job.subject, job.attempt, job.attempts_max, f"{type(error).__name__}: {error}"),
            exc_info=None if foreseen else error,
        )
        dead = after is None or job.attempt >= job.attempts_max
        if dead:
            log.error("job %s of %s is dead: it needs an operator", job.kind, job.subject)
        try:
            await self._queue.fail(job, f"{type(error).__name__}: {error}", retry_after_seconds=after)
        except (Conflict, TryAgain) as fault:
            log.warning("job %s of %s is left to its lease: %s", job.kind, job.subject, fault)
            return "failed"
        return "dead" if dead else "failed"

    async def _reap(self) -> None:
        lost = await self._queue.reap(retry_after_seconds=1.0)
        if lost:
            log.warning("%s jobs were taken back from workers that died or hung", lost)

    async def _again_and_again(self, chore: Chore) -> None:
        while True:
            # Not all replicas at once after a common start.
            await asyncio.sleep(chore.every_seconds * (0.5 + self._chance.random() / 2))
            try:
                with about():
                    await chore.do()
            except Exception as fault:
                _log_fault(f"{chore.name} failed and is tried again later", fault)

    @staticmethod
    async def _pause(seconds: float, ended_by: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(seconds):
                await ended_by.wait()
        except TimeoutError:
            pass
