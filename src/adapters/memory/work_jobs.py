"""Jobs as part of a unit of work in memory."""

from adapters.memory.transaction import MemoryTransaction
from application.ports.jobs import ClaimedJob, JobKind, JobRecord, JobState, NewJob
from domain.audit import Cause


class MemoryWorkJobs:
    """The port Jobs."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    def enqueue(self, job: NewJob) -> None:
        self._work.note_job(job)

    def complete(self, job: ClaimedJob) -> None:
        self._work.note_done(job)

    async def find(self, job_id: int) -> JobRecord | None:
        await self._work.lock_job(job_id)
        return next((row.record() for row in self._work.store.jobs.rows if row.id == job_id), None)

    async def of(self, kind: JobKind, subject: str) -> JobRecord | None:
        rows = self._work.store.jobs.rows
        found = next((row.id for row in rows if (row.job.kind, row.job.subject) == (kind, subject)), None)
        return await self.find(found) if found is not None else None

    def revive(self, job: JobRecord, cause: Cause) -> None:
        self._work.note_moved_job(job, JobState.READY, cause)

    def discard(self, job: JobRecord, cause: Cause) -> None:
        self._work.note_moved_job(job, JobState.DISCARDED, cause)
