"""Work that is done after commit by a worker: noted with what caused it, claimed by one worker at a time."""

from enum import StrEnum
from typing import Final, Protocol

from msgspec import Struct


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
