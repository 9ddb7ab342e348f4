"""An operator decides on a dead job: have it tried again, or give it up."""

from msgspec import Struct
from msgspec.structs import replace

from application.again import again
from application.ports.jobs import JobKind, JobRecord, JobState
from application.ports.reads import KnownJobs
from application.ports.store import BeginWork, EventState, UnitOfWork
from application.ports.world import Clock
from application.send_letter import key_of_letter
from domain.audit import Cause


class JobChange(Struct, frozen=True, kw_only=True):
    """The job as it was found, null when it is unknown, and its state now: only a dead job changes."""

    job_id: int
    found: JobRecord | None
    after: JobState | None


class RetryJob:
    """Makes a dead job due at once, its attempts counted anew."""

    def __init__(self, *, begin: BeginWork, jobs: KnownJobs, clock: Clock) -> None:
        self._begin = begin
        self._jobs = jobs
        self._clock = clock

    async def __call__(self, job_id: int, *, operator: str, even_if_sent: bool = False) -> JobChange:
        """Revive it; the audit tells who asked. Raises TryAgain when the store is away.

        even_if_sent: send the letter of the job once more though its member may have it already. Without it, a letter in doubt for
        longer than its provider knows its key stays unsent, and its job dies again.
        """
        return await again(lambda: self._revived(job_id, operator, even_if_sent), self._clock)

    async def _revived(self, job_id: int, operator: str, even_if_sent: bool) -> JobChange:
        seen = await self._jobs.one(job_id)
        if seen is None or seen.state is not JobState.DEAD:
            return _unchanged(job_id, seen)
        why = "retried"
        async with self._begin() as work:
            # The letter before its job, as all works lock them.
            if even_if_sent and await _lift_doubt(work, seen):
                why = "retried, though its letter may have been sent"
            job = await work.jobs.find(job_id)
            if job is None or job.state is not JobState.DEAD:
                return _unchanged(job_id, job)
            work.jobs.revive(job, cause_of(job, why, operator))
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


async def _lift_doubt(work: UnitOfWork, job: JobRecord) -> bool:
    """Count the letter of a job as surely not sent. False where there is no doubt, or no letter."""
    key = key_of_letter(job.kind, job.subject)
    mail = await work.mails.of(key) if key is not None else None
    if mail is None or mail.sent_at is not None or mail.in_doubt_since is None:
        return False
    work.mails.save(replace(mail, in_doubt_since=None))
    return True
