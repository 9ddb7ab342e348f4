"""Events on their way to the webhook door: late, twice, in any order, tried again for days, or never."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from application.errors import InvalidEvent, InvalidSignature
from application.ports.gateway import ChargeRefunded, Delivery, ProviderEvent, ProviderFact, RefundTold, Unreadable
from entrypoints.simulation.chance import Chance, Fault, Theme
from entrypoints.simulation.charges import DAY, whole_seconds
from entrypoints.simulation.trace import Trace

RETRY_PAUSES: Final = (5.0, 60.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0, 36_000.0, 36_000.0, 36_000.0)
"""Between the tries of one delivery, in seconds: about three days in all."""

RELEASE: Final = 24 * 3600.0
"""Within this time, in seconds, we release what can read an event that could not be read."""

TOLERANCE: Final = timedelta(seconds=300)


class Deliveries:
    """The events of the account. `deliver` brings one to the door and tells whether it was taken with a 2xx."""

    def __init__(self, chance: Chance, trace: Trace, now: Callable[[], datetime]) -> None:
        self._chance = chance
        self._trace = trace
        self._now = now
        self._under_way: set[asyncio.Task[None]] = set()
        self.events: dict[str, ProviderEvent] = {}
        self.readable_from: dict[str, datetime] = {}
        self.deliver: Callable[[ProviderEvent], Awaitable[bool]]

    def emit(self, fact: ProviderFact, event_type: str) -> None:
        """Make an event, and send it on its way."""
        number = len(self.events) + 1
        event = ProviderEvent(
            id=f"evt_{number}",
            type=event_type,
            created=whole_seconds(self._now()),
            api_version=None,
            body=b"evt_%d" % number,
            fact=fact,
        )
        self.events[event.id] = event
        if self._chance.strikes(Fault.EVENT_UNREADABLE):
            self.readable_from[event.id] = self._now() + timedelta(seconds=self._chance.seconds(60, RELEASE))
        if self._chance.strikes(Fault.EVENT_LOST):
            self._trace.note("stripe", "EVENT_LOST", f"{event.id} {event.type}")
            return
        for _ in range(1 + self._chance.strikes(Fault.EVENT_TWICE)):
            task = asyncio.get_running_loop().create_task(self._deliver(event))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    def is_unreadable(self, event_id: str) -> bool:
        """Whether the release that can read an event is yet to come."""
        return event_id in self.readable_from and self._now() < self.readable_from[event_id]

    async def _deliver(self, event: ProviderEvent) -> None:
        pauses = (0.01, 0.1) if self._chance.theme is Theme.AT_ONCE else (0.01, 0.3, 2.0, 60.0)
        pause = self._chance.one_of(pauses) * self._chance.seconds(0.1, 1.0)
        overtaken = self._chance.theme is Theme.TOO_LATE and isinstance(event.fact, RefundTold | ChargeRefunded)
        if overtaken or self._chance.strikes(Fault.EVENT_LATE):
            pause = self._chance.seconds(600, 2.5 * DAY)
        for next_pause in RETRY_PAUSES:
            await asyncio.sleep(pause)
            if await self.deliver(event):
                return
            pause = next_pause * self._chance.seconds(0.8, 1.2)


class SimulatedReader:
    """The port EventReader: knows every event that was made, and how old a delivery is."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    def authentic(self, delivery: Delivery, now: datetime) -> ProviderEvent:
        if abs(now - datetime.fromisoformat(delivery.signature or "")) > TOLERANCE:
            raise InvalidSignature("the delivery is too old, or too new")
        return self.read(delivery.body)

    def read(self, body: bytes) -> ProviderEvent:
        try:
            event = self._deliveries.events[body.decode()]
        except KeyError:
            raise InvalidEvent("the body is no event") from None
        if self._deliveries.is_unreadable(event.id):
            return replace(event, fact=Unreadable("a field has another shape"))
        return event
