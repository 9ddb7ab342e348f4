"""What has served is forgotten in its time: bodies of events, then the events, and the jobs that retried them;
and what was answered under an idempotency key.

Jobs about payments are kept for ever: a kind and a subject that were used once must never be used again, or a late duplicate would
send a second mail. The retry of an event needs no such memory: once the event is settled, another retry finds nothing to do.
"""

import logging
from collections.abc import Awaitable
from typing import Final, Protocol

from msgspec import Struct

from application.ports.idempotency import KEPT_DAYS
from application.ports.retention import Retention
from application.ports.world import Clock

log = logging.getLogger(__name__)

BATCH: Final = 500
"""Rows of one transaction: few, so that nobody waits for long."""

PAUSE_SECONDS: Final = 0.1
"""Between two batches: members come first."""


class Pruned(Struct, frozen=True, kw_only=True):
    """How much one run forgot."""

    bodies: int
    events: int
    jobs: int
    answers: int = 0


class Forget(Protocol):
    """One of the calls of Retention."""

    def __call__(self, *, days: int, limit: int) -> Awaitable[int]: ...


class Prune:
    """Forgets all that is old enough, however many replicas do so at once.

    body_days, event_days: since an event was received; job_days: since the retry of an event ended.
    """

    def __init__(self, *, retention: Retention, clock: Clock, body_days: int, event_days: int, job_days: int) -> None:
        self._retention = retention
        self._clock = clock
        self._body_days = body_days
        self._event_days = event_days
        self._job_days = job_days

    async def __call__(self) -> Pruned:
        """One run, to its end. Raises TryAgain when the store is away: the next run goes on."""
        pruned = Pruned(
            events=await self._all(self._retention.forget_events, self._event_days),
            bodies=await self._all(self._retention.strip_bodies, self._body_days),
            jobs=await self._all(self._retention.forget_jobs, self._job_days),
            answers=await self._all(self._retention.forget_answers, KEPT_DAYS),
        )
        if pruned != Pruned(bodies=0, events=0, jobs=0):
            log.info(
                "forgot %s bodies of events, %s events, %s jobs, %s answers",
                *(pruned.bodies, pruned.events, pruned.jobs, pruned.answers),
            )
        return pruned

    async def _all(self, forget: Forget, days: int) -> int:
        forgotten = 0
        while (found := await forget(days=days, limit=BATCH)) == BATCH:
            forgotten += found
            await self._clock.sleep(PAUSE_SECONDS)
        return forgotten + found
