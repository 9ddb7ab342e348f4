"""An operator lets a kept event be applied again: after a bug was mended, or by a version that understands more."""

import logging

from msgspec import Struct

from application.again import again
from application.errors import ApplicationFault, TryAgain
from application.handle_event import HandleEvent
from application.log_context import about
from application.ports.gateway import EventReader
from application.ports.jobs import FINISHED, JobKind, JobState, NewJob
from application.ports.store import BeginWork, EventState, UnitOfWork
from application.ports.world import Clock
from domain.audit import Cause

log = logging.getLogger(__name__)

FORGOTTEN = "its body is no longer kept"


class Replay(Struct, frozen=True, kw_only=True):
    """What a replay found and left. Both states are null for an unknown event; error: why it could not be applied, if it could not."""

    event_id: str
    before: EventState | None
    after: EventState | None
    error: str | None = None


class ReplayEvent:
    """Applies a parked or ignored event again, through the verb that the webhook uses. A handled one stays as it is."""

    def __init__(self, *, begin: BeginWork, reader: EventReader, handle: HandleEvent, clock: Clock) -> None:
        self._begin = begin
        self._reader = reader
        self._handle = handle
        self._clock = clock

    async def __call__(self, event_id: str, *, operator: str) -> Replay:
        """Apply it, or park it with what stands in the way; the audit tells who asked. Raises TryAgain when the store is away."""
        with about(event_id=event_id):
            return await self._replayed(
                event_id, Cause(why="replayed", actor=f"operator:{operator}", event_id=event_id)
            )

    async def _replayed(self, event_id: str, cause: Cause) -> Replay:
        try:
            return await again(lambda: self._applied(event_id, cause), self._clock)
        except TryAgain:
            raise
        except Exception as fault:
            foreseen = isinstance(fault, ApplicationFault)
            log.log(
                logging.WARNING if foreseen else logging.ERROR,
                "event %s could not be replayed: %s",
                *(event_id, fault),
                exc_info=None if foreseen else fault,
            )
            error = f"{type(fault).__name__}: {fault}"
        return await again(lambda: self._parked(event_id, error, cause), self._clock)

    async def _applied(self, event_id: str, cause: Cause) -> Replay:
        async with self._begin() as work:
            stored = await work.inbox.find(event_id)
            if stored is None:
                return Replay(event_id=event_id, before=None, after=None)
            unchanged = Replay(event_id=event_id, before=stored.state, after=stored.state)
            if stored.state is EventState.HANDLED:
                return unchanged
            if stored.body is None:
                return Replay(event_id=event_id, before=stored.state, after=stored.state, error=FORGOTTEN)
            handled = await self._handle.within(work, self._reader.read(stored.body))
            if not handled and stored.state is EventState.IGNORED:
                return unchanged
            after = EventState.HANDLED if handled else EventState.IGNORED
            work.inbox.settle(event_id, after, cause=cause)
            # Its retry, if that died, finds nothing parked any more, and ends as done.
            await self._make_due(work, event_id, frozenset({JobState.DEAD}), cause)
            await work.commit()
        return Replay(event_id=event_id, before=stored.state, after=after)

    async def _parked(self, event_id: str, error: str, cause: Cause) -> Replay:
        async with self._begin() as work:
            stored = await work.inbox.find(event_id)
            if stored is None or stored.state is EventState.HANDLED:
                # Forgotten or handled by somebody else between the two works.
                state = stored.state if stored is not None else None
                return Replay(event_id=event_id, before=state, after=state)
            work.inbox.settle(event_id, EventState.PARKED, error, cause=cause)
            if not await self._make_due(work, event_id, FINISHED, cause):
                work.jobs.enqueue(NewJob(kind=JobKind.RETRY_EVENT, subject=event_id))
            await work.commit()
        return Replay(event_id=event_id, before=stored.state, after=EventState.PARKED, error=error)

    async def _make_due(self, work: UnitOfWork, event_id: str, states: frozenset[JobState], cause: Cause) -> bool:
        """Revive the event's retry where it is in one of these states. False when there is none."""
        job = await work.jobs.of(JobKind.RETRY_EVENT, event_id)
        if job is not None and job.state in states:
            work.jobs.revive(job, cause)
        return job is not None
