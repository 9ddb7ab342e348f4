"""A clock that stands still until it is moved, and ids that count."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID


class MemoryClock:
    """The port Clock. Sleeping moves the clock; nothing else does but `pass_time`."""

    def __init__(self, start: datetime = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    def pass_time(self, by: timedelta) -> None:
        """Move the clock on."""
        self._now += by


class CountingIds:
    """The port NewId: UUIDs in the shape of version 7 that count upwards."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def __call__(self) -> UUID:
        return UUID(int=(0x0190 << 112) | (0x7 << 76) | (0x2 << 62) | next(self._numbers))
