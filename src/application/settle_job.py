"""An operator decides on a dead job: have it tried again, or give it up."""

from msgspec import Struct

from application.again import again
from application.ports.jobs import JobKind, JobRecord, JobState
from application.ports.reads import KnownJobs
from application.ports.store import BeginWork, EventState, UnitOfWork
from application.ports.world import Clock
from domain.audit import Cause


class JobChange(Struct, frozen=True, kw_only=True):
    """The job as it was found, null when it is unknown, and its state now: only a dead job changes."""

    job_id: int
    found: JobRecord | None
    after: JobState | None


class RetryJob:
    """Makes a dead job due at once, its attempts counted anew."""

    def __init__(self, *, begin: BeginWork, clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def __call__(self, job_id: int, *, operator: str) -> JobChange:
        """Revive it; the audit tells who asked. Raises TryAgain when the store is away."""
        return await again(lambda: self._revived(job_id, operator), self._clock)

    async def _revived(self, job_id: int, operator: str) -> JobChange:
        async with self._begin() as work:
            job = await work.jobs.find(job_id)
            if job is None or job.state is not JobState.DEAD:
                return _unchanged(job_id, job)
            work.jobs.revive(job, cause_of(job, "retried", operator))
            await work.commit()
        return JobChange(job_id=job_id, found=job, after=JobState.READY)


class DiscardJob:
    """Gives a dead job up. It is kept, so that its work is not done by a late duplicate either.

    The event of a discarded retry is ignored from then on: it is no longer waited for, and forgotten in its time.
    """

    def __init__(self, *, begin: BeginWork, jobs: KnownJobs, clock: Clock) -> None:
        self._begin = begin
        self._jobs = jobs
        self._clock = clock

    async def __call__(self, job_id: int, *, operator: str) -> JobChange:
        """Discard it; the audit tells who asked. Raises TryAgain when the store is away."""
        return await again(lambda: self._discarded(job_id, operator), self._clock)

    async def _discarded(self, job_id: int, operator: str) -> JobChange:
        seen = await self._jobs.one(job_id)
        if seen is None or seen.state is not JobState.DEAD:
            return _unchanged(job_id, seen)
        async with self._begin() as work:
            cause = cause_of(seen, "discarded", operator)
            if seen.kind is JobKind.RETRY_EVENT:
                # The event before its job, as all works lock them.
                await self._ignore(work, seen.subject, cause)
            job = await work.jobs.find(job_id)
            if job is None or job.state is not JobState.DEAD:
                return _unchanged(job_id, job)
            work.jobs.discard(job, cause)
            await work.commit()
        return JobChange(job_id=job_id, found=job, after=JobState.DISCARDED)

    async def _ignore(self, work: UnitOfWork, event_id: str, cause: Cause) -> None:
        event = await work.inbox.parked(event_id)
        if event is not None:
            work.inbox.settle(event_id, EventState.IGNORED, event.error, cause=cause)


def cause_of(job: JobRecord, why: str, operator: str) -> Cause:
    """Who moved a job, and of which event it is, where it is of one."""
    event_id = job.subject if job.kind is JobKind.RETRY_EVENT else None
    return Cause(why=why, actor=f"operator:{operator}", event_id=event_id)


def _unchanged(job_id: int, job: JobRecord | None) -> JobChange:
    return JobChange(job_id=job_id, found=job, after=job.state if job is not None else None)
