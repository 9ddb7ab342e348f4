"""An event arrives at the webhook door: keep it and apply it in one transaction, or keep it for later."""

import logging
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from application.again import again
from application.errors import ApplicationFault, TryAgain
from application.handle_event import HandleEvent
from application.log_context import about
from application.ports.gateway import Delivery, EventReader, ProviderEvent
from application.ports.jobs import JobKind, NewJob
from application.ports.store import BeginWork
from application.ports.world import Clock

log = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What became of a delivery."""

    HANDLED = "handled"
    IGNORED = "ignored"
    REPEATED = "repeated"
    PARKED = "parked"


class Receipt(Struct, frozen=True, kw_only=True):
    """The answer to a delivery: once it is given, the event is ours to keep. created: when the provider made it, UTC."""

    event_id: str
    event_type: str
    created: datetime
    outcome: Outcome


class ReceiveEvent:
    """Takes a delivery. When it returns, the event's effect or at least the event itself is durable."""

    def __init__(self, *, begin: BeginWork, reader: EventReader, handle: HandleEvent, clock: Clock) -> None:
        self._begin = begin
        self._reader = reader
        self._handle = handle
        self._clock = clock

    async def __call__(self, delivery: Delivery) -> Receipt:
        """Keep and apply.

        Raises InvalidSignature or InvalidEvent for what is to be turned away, TryAgain when nothing could be stored: the provider
        delivers again.
        """
        event = self._reader.authentic(delivery, self._clock.now())
        outcome = await self.take(event)
        return Receipt(event_id=event.id, event_type=event.type, created=event.created, outcome=outcome)

    async def take(self, event: ProviderEvent) -> Outcome:
        """Keep and apply an event that is known to be the provider's. Raises TryAgain when nothing could be stored."""
        with about(event_id=event.id):
            return await self._taken(event)

    async def _taken(self, event: ProviderEvent) -> Outcome:
        try:
            outcome = await again(lambda: self._take(event), self._clock)
        except TryAgain:
            raise
        except Exception as error:
            # Whatever went wrong, the event must not be lost and the provider must not be asked to repeat it for days:
            # it is ours from here on, and the retries and the operator see why.
            unforeseen = None if isinstance(error, ApplicationFault) else error
            log.error("event %s of type %s could not be handled: %s", event.id, event.type, error, exc_info=unforeseen)
            outcome = await self._park(event, f"{type(error).__name__}: {error}")
        log.info("event %s of type %s: %s", event.id, event.type, outcome)
        return outcome

    async def _take(self, event: ProviderEvent) -> Outcome:
        async with self._begin() as work:
            await work.foresee([event])
            if not await work.inbox.first_time(event):
                return Outcome.REPEATED
            handled = await self._handle.within(work, event)
            if not handled:
                work.inbox.ignore(event.id)
            await work.commit()
        return Outcome.HANDLED if handled else Outcome.IGNORED

    async def _park(self, event: ProviderEvent, error: str) -> Outcome:
        try:
            async with self._begin() as work:
                await work.inbox.park(event, error)
                work.jobs.enqueue(NewJob(kind=JobKind.RETRY_EVENT, subject=event.id, delay_seconds=10))
                await work.commit()
        except TryAgain:
            raise
        except Exception as fault:
            # Nothing is kept, so the provider has to keep it: only an answer that asks for another delivery makes it do so.
            raise TryAgain(f"the event could not be kept: {type(fault).__name__}") from fault
        return Outcome.PARKED
