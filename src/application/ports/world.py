"""Time and ids come in by parameter, so that nothing in the core reads a clock or rolls a die."""

from datetime import datetime
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    """The present, and waiting for it to pass."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class NewId(Protocol):
    """Makes ids."""

    def __call__(self) -> UUID:
        """A new UUIDv7: later ids order after earlier ones."""
        ...
