"""Jobs in memory: claims, leases that end, fencing and dead letters, as the table has them."""

from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from msgspec import Struct

from adapters.memory.locks import Locks
from application.errors import Conflict
from application.ports.jobs import ClaimedJob, JobKind, JobRecord, JobState, NewJob
from application.ports.world import Clock


class JobRow(Struct, kw_only=True):
    """A job and where it stands, in the words of JobState."""

    id: int
    job: NewJob
    run_at: datetime
    created_at: datetime
    state: str = "ready"
    attempts: int = 0
    lease: int | None = None
    leased_until: datetime | None = None
    last_error: str | None = None
    finished_at: datetime | None = None

    def record(self) -> JobRecord:
        """The job as it is stored."""
        return JobRecord(
            id=self.id,
            kind=self.job.kind,
            subject=self.job.subject,
            state=JobState(self.state),
            run_at=self.run_at,
            attempts=self.attempts,
            attempts_max=self.job.attempts_max,
            last_error=self.last_error,
            created_at=self.created_at,
            finished_at=self.finished_at,
        )


class MemoryJobs:
    """The committed jobs, and the worker's side of them (the port JobQueue)."""

    def __init__(self, clock: Clock, locks: Locks | None = None) -> None:
        self.clock = clock
        self._locks = locks or Locks()
        self._ids = 0
        self._leases = 0
        self.rows: list[JobRow] = []

    def add(self, job: NewJob) -> None:
        """Store a job unless its kind and subject were ever stored before."""
        if not any((row.job.kind, row.job.subject) == (job.kind, job.subject) for row in self.rows):
            self._ids += 1
            now = self.clock.now()
            run_at = now + timedelta(seconds=job.delay_seconds)
            self.rows.append(JobRow(id=self._ids, job=job, run_at=run_at, created_at=now))

    def row_key(self, job_id: int) -> Hashable:
        """Under which a job's row is locked."""
        return JobRow, job_id

    def check_lease(self, job: ClaimedJob) -> None:
        """Raise Conflict when the job is no longer in the hands that claimed it."""
        if self._held(job) is None:
            raise Conflict(f"the lease of job {job.id} was lost", constraint="lease")

    def finish(self, job: ClaimedJob) -> None:
        """The job is done."""
        row = self._held(job)
        if row is not None:
            row.state, row.lease, row.leased_until, row.last_error = "done", None, None, None
            row.finished_at = self.clock.now()

    def check_state(self, job: JobRecord) -> None:
        """Raise Conflict when the job is no longer what was read."""
        if not any(row.record() == job for row in self.rows):
            raise Conflict(f"job {job.id} is in other hands", constraint="the job")

    def move(self, job: JobRecord, state: JobState) -> None:
        """Make a finished job due at once, or give it up."""
        (row,) = [row for row in self.rows if row.id == job.id]
        row.state = state
        if state is JobState.READY:
            row.attempts, row.run_at, row.finished_at = 0, self.clock.now(), None
        else:
            row.finished_at = self.clock.now()

    async def claim(self, kinds: frozenset[JobKind], *, limit: int, lease_seconds: float) -> list[ClaimedJob]:
        """Take what is due, oldest first."""
        now = self.clock.now()
        due = [row for row in self.rows if row.state == "ready" and row.run_at <= now and row.job.kind in kinds]
        claimed = []
        for row in sorted(due, key=lambda row: (row.run_at, row.id))[:limit]:
            self._leases += 1
            row.state, row.attempts, row.lease = "leased", row.attempts + 1, self._leases
            row.leased_until = now + timedelta(seconds=lease_seconds)
            claimed.append(
                ClaimedJob(
                    id=row.id,
                    kind=row.job.kind,
                    subject=row.job.subject,
                    attempt=row.attempts,
                    attempts_max=row.job.attempts_max,
                    lease=self._leases,
                )
            )
        return claimed

    async def complete(self, job: ClaimedJob) -> bool:
        """Finish a job that is still in these hands."""
        async with self._alone_with(job.id):
            held = self._held(job) is not None
            self.finish(job)
        return held

    async def fail(self, job: ClaimedJob, error: str, *, retry_after_seconds: float | None) -> bool:
        """Put a failed job back, or among the dead."""
        async with self._alone_with(job.id):
            row = self._held(job)
            if row is not None:
                self._put_back(row, error, retry_after_seconds)
        return row is not None

    async def reap(self, *, retry_after_seconds: float) -> int:
        """Take back what no worker has answered for in time."""
        lost = 0
        for row in self.rows:
            if self._is_lost(row):
                async with self._alone_with(row.id):
                    if self._is_lost(row):  # it may have been finished while we waited
                        self._put_back(row, "the lease ended: the worker died or hung", retry_after_seconds)
                        lost += 1
        return lost

    @asynccontextmanager
    async def _alone_with(self, job_id: int) -> AsyncIterator[None]:
        """Wait for a work that is just finishing the job, and keep others away."""
        owner = object()
        await self._locks.take(owner, self.row_key(job_id))
        try:
            yield
        finally:
            self._locks.release(owner)

    def _is_lost(self, row: JobRow) -> bool:
        return row.state == "leased" and row.leased_until is not None and row.leased_until < self.clock.now()

    def _held(self, job: ClaimedJob) -> JobRow | None:
        return next((row for row in self.rows if row.id == job.id and row.lease == job.lease), None)

    def _put_back(self, row: JobRow, error: str, retry_after_seconds: float | None) -> None:
        dead = retry_after_seconds is None or row.attempts >= row.job.attempts_max
        row.state, row.lease, row.leased_until, row.last_error = "dead" if dead else "ready", None, None, error
        row.finished_at = self.clock.now() if dead else None
        row.run_at = self.clock.now() + timedelta(seconds=retry_after_seconds or 0)
