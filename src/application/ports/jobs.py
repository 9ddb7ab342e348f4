"""Work that is done after commit by a worker: noted with what caused it, claimed by one worker at a time."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from msgspec import Struct

from domain.audit import Cause


class JobKind(StrEnum):
    """The kinds of work that are done after commit."""

    ISSUE_RECEIPT = "issue_receipt"
    SEND_CONFIRMATION = "send_confirmation"
    COLLECT_INVOICE = "collect_invoice"
    RETRY_EVENT = "retry_event"
    REFUND_DUPLICATE = "refund_duplicate"
    SEND_REFUND_NOTICE = "send_refund_notice"
    COLLECT_RETURNS = "collect_returns"


TRIES_MAX: Final = 120
"""With pauses that grow to an hour, three to five days: a long weekend without the provider, and time for an operator to see why."""


class NewJob(Struct, frozen=True, kw_only=True):
    """Work to do once. `subject` is the id of what it is about; kind and subject together are never done twice."""

    kind: JobKind
    subject: str
    delay_seconds: float = 0
    attempts_max: int = TRIES_MAX


class ClaimedJob(Struct, frozen=True, kw_only=True):
    """A job in the hands of one worker until its lease ends. `attempt` counts from 1 and includes this one."""

    id: int
    kind: JobKind
    subject: str
    attempt: int
    attempts_max: int
    lease: int


class JobState(StrEnum):
    """Where a job stands. DEAD waits for an operator; DONE and DISCARDED are never taken up again."""

    READY = "ready"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"
    DISCARDED = "discarded"


FINISHED: Final = frozenset({JobState.DONE, JobState.DEAD, JobState.DISCARDED})
"""The states in which no worker touches a job."""


class JobRecord(Struct, frozen=True, kw_only=True):
    """A job as it is stored. The times are UTC; run_at: when it is due, where it is ready; finished_at: null until it is finished."""

    id: int
    kind: JobKind
    subject: str
    state: JobState
    run_at: datetime
    attempts: int
    attempts_max: int
    last_error: str | None
    created_at: datetime
    finished_at: datetime | None


class Jobs(Protocol):
    """What must happen after commit. Stored with the work, so that it happens if and only if the work does."""

    def enqueue(self, job: NewJob) -> None:
        """Note a job. A key that was ever used before is passed over: the same job is never done twice."""
        ...

    def complete(self, job: ClaimedJob) -> None:
        """Note that a job is done, with this work: a Conflict at commit when its lease was lost to another worker."""
        ...

    async def find(self, job_id: int) -> JobRecord | None:
        """The job of an id, locked."""
        ...

    async def of(self, kind: JobKind, subject: str) -> JobRecord | None:
        """The job of a kind and a subject, locked."""
        ...

    def revive(self, job: JobRecord, cause: Cause) -> None:
        """Note that a finished job is due at once, its attempts counted anew: a Conflict at commit when it is in other hands."""
        ...

    def discard(self, job: JobRecord, cause: Cause) -> None:
        """Note that a dead job is given up. Its key stays used: a Conflict at commit when it is in other hands."""
        ...


class JobBell(Protocol):
    """Tells workers that jobs have come. Nothing depends on it: a worker that hears nothing looks by itself."""

    def ring(self) -> None:
        """Tell them soon, once for many rings. Never raises: where nobody can be told, nobody is."""
        ...

    async def listen(self, heard: Callable[[], None]) -> None:
        """Call `heard` after each ring, also of other processes, until cancelled."""
        ...


class JobQueue(Protocol):
    """The worker's side of the jobs. All times are those of the store's own clock."""

    async def claim(self, kinds: frozenset[JobKind], *, limit: int, lease_seconds: float) -> list[ClaimedJob]:
        """Take up to `limit` jobs that are due, oldest first, none of them in another worker's hands. Each claim counts as an attempt."""
        ...

    async def complete(self, job: ClaimedJob) -> bool:
        """The job is done. False when it is done already or the lease was lost: then nothing is changed."""
        ...

    async def fail(self, job: ClaimedJob, error: str, *, retry_after_seconds: float | None) -> bool:
        """The job failed: due again after a while, or dead when that is null or its attempts are used up. False when the lease was lost."""
        ...

    async def reap(self, *, retry_after_seconds: float) -> int:
        """Take back the jobs whose lease has ended without a word, and return how many."""
        ...
