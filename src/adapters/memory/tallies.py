"""What replicas have counted, in memory."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from application.ports.tallies import TOLD_SECONDS
from application.ports.world import Clock

FORGOTTEN_AFTER: Final = timedelta(minutes=1)


class MemoryTallies:
    """The port Tallies."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.rows: dict[tuple[bytes, UUID], tuple[int, datetime]] = {}

    async def exchange(self, replica: UUID, counted: Mapping[bytes, int]) -> Mapping[bytes, int]:
        now = self._clock.now()
        heard: dict[bytes, int] = {}
        for (key, other), (number, told_at) in self.rows.items():
            if key in counted and other != replica and told_at > now - timedelta(seconds=TOLD_SECONDS):
                heard[key] = heard.get(key, 0) + number
        self.rows |= {(key, replica): (number, now) for key, number in counted.items()}
        return heard

    async def forget(self) -> int:
        old = [place for place, (_, told_at) in self.rows.items() if told_at < self._clock.now() - FORGOTTEN_AFTER]
        for place in old:
            del self.rows[place]
        return len(old)
