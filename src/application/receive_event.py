"""An event arrives at the webhook door: keep it and apply it in one transaction, or keep it for later."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from application.again import again
from application.errors import ApplicationFault, TryAgain
from application.handle_event import HandleEvent
from application.log_context import about, also_about, collected
from application.ports.gateway import Delivery, EventReader, ProviderEvent
from application.ports.gathering import Gather, one_by_one
from application.ports.jobs import JobKind, NewJob
from application.ports.store import BeginWork, UnitOfWork
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


class Taken(Struct, frozen=True):
    """What became of an event, and the ids that it turned out to be about."""

    outcome: Outcome
    ids: Mapping[str, str] = {}


class ReceiveEvent:
    """Takes a delivery. When it returns, the event's effect or at least the event itself is durable.

    Events that wait at the same moment are taken in one transaction, as far as `gather` has them do so.
    """

    def __init__(
        self,
        *,
        begin: BeginWork,
        reader: EventReader,
        handle: HandleEvent,
        clock: Clock,
        gather: Gather = one_by_one,
    ) -> None:
        self._gathered = gather(self._alone, self._together)
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
        with about(event_id=event.id):
            taken = await self._gathered(event)
            also_about(**taken.ids)
            log.info("event %s of type %s: %s", event.id, event.type, taken.outcome)
        return Receipt(event_id=event.id, event_type=event.type, created=event.created, outcome=taken.outcome)

    async def take(self, event: ProviderEvent) -> Outcome:
        """Keep and apply an event that is known to be the provider's. Raises TryAgain when nothing could be stored."""
        with about(event_id=event.id):
            outcome = (await self._alone(event)).outcome
            log.info("event %s of type %s: %s", event.id, event.type, outcome)
        return outcome

    async def _alone(self, event: ProviderEvent) -> Taken:
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
        return Taken(outcome)

    async def _together(self, events: Sequence[ProviderEvent]) -> list[Taken | None]:
        """Take events in one transaction. Null for those that are to be taken alone, as all are where one of them fails."""
        fit = fit_together(events)
        if len(fit) < 2:
            return [None] * len(events)
        taken: dict[int, Taken] = {}
        try:
            async with self._begin() as work:
                await work.foresee([events[place] for place in fit])
                for place in fit:
                    with about(event_id=events[place].id), collected() as ids:
                        outcome = await self._within(work, events[place])
                        taken[place] = Taken(outcome, ids)
                await work.commit()
        except Exception as error:
            log.info("%s events are taken one by one: %s", len(fit), error)
            return [None] * len(events)
        return [taken.get(place) for place in range(len(events))]

    async def _take(self, event: ProviderEvent) -> Outcome:
        async with self._begin() as work:
            await work.foresee([event])
            outcome = await self._within(work, event)
            if outcome is not Outcome.REPEATED:
                await work.commit()
        return outcome

    async def _within(self, work: UnitOfWork, event: ProviderEvent) -> Outcome:
        if not await work.inbox.first_time(event):
            return Outcome.REPEATED
        if await self._handle.within(work, event):
            return Outcome.HANDLED
        work.inbox.ignore(event.id)
        return Outcome.IGNORED

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


def fit_together(events: Sequence[ProviderEvent]) -> list[int]:
    """The places of those events that one transaction may take: of checkouts, and no two of one event, checkout, payment or member.

    Each of them then finds what it would have found alone, and their locks can be taken in one order.
    """
    found: set[tuple[str, object]] = set()
    places = []
    for place, event in enumerate(events):
        session = event.checkout
        if session is None or session.user_name is None:
            continue
        names = {("event", event.id), ("checkout", session.id), ("payment", session.names_payment)}
        names |= {("member", session.user_name), ("charge", session.payment_intent_id or session.id)}
        if not names & found:
            found |= names
            places.append(place)
    return places
