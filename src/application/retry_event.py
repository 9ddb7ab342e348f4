"""A parked event is tried again, until it can be handled or its tries are used up."""

from application.handle_event import HandleEvent
from application.ports.gateway import EventReader
from application.ports.jobs import ClaimedJob
from application.ports.store import BeginWork, EventState


class RetryEvent:
    """Applies a parked event and finishes its job in one transaction."""

    def __init__(self, *, begin: BeginWork, reader: EventReader, handle: HandleEvent) -> None:
        self._begin = begin
        self._reader = reader
        self._handle = handle

    async def __call__(self, job: ClaimedJob) -> None:
        """Try again. Raises what stands in the way, UnfitEvent among others; the event then stays parked."""
        async with self._begin() as work:
            stored = await work.inbox.parked(job.subject)
            if stored is not None:
                # The store holds every parked event to having its body.
                handled = await self._handle.within(work, self._reader.read(stored.body or b""))
                work.inbox.settle(stored.id, EventState.HANDLED if handled else EventState.IGNORED)
            work.jobs.complete(job)
            await work.commit()
