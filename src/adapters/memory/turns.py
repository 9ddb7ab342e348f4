"""Turns in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from application.ports.world import Clock


class MemoryTurns:
    """The port Turns."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: set[str] = set()
        self._rests_until: dict[str, datetime] = {}

    @asynccontextmanager
    async def turn(self, name: str, *, rest_seconds: float) -> AsyncIterator[bool]:
        now = self._clock.now()
        if name in self._held or self._rests_until.get(name, now) > now:
            yield False
            return
        self._held.add(name)
        self._rests_until[name] = now + timedelta(seconds=rest_seconds)
        try:
            yield True
        finally:
            self._held.discard(name)
