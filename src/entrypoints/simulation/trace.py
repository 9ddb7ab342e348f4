"""What happened in a world, in order: to be told when something is wrong, and to be compared with another run of the same seed."""

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Protocol


class Time(Protocol):
    """Seconds since the world began."""

    def time(self) -> float:
        """Now."""
        ...


class Trace:
    """A line for everything that somebody did. `start` is when the world began (UTC)."""

    def __init__(self, time: Time, start: datetime) -> None:
        self._time = time
        self.start = start
        self._lines: list[tuple[float, str, str, str]] = []

    def now(self) -> datetime:
        """The time, as no machine's clock gets it wrong (UTC)."""
        return self.start + timedelta(seconds=self._time.time())

    def note(self, who: str, did: str, what: object = "") -> None:
        """Add a line."""
        self._lines.append((self._time.time(), who, did, str(what)))

    def fingerprint(self) -> str:
        """The same for two runs in which the same happened at the same times."""
        digest = blake2b(digest_size=16)
        for line in self._lines:
            digest.update(repr(line).encode())
        return digest.hexdigest()

    def story(self, *, last: int) -> list[str]:
        """The last lines as text, with the time since the world began."""
        return [
            f"{timedelta(seconds=round(at, 3))!s:>20}  {who:<12} {did} {what}"
            for at, who, did, what in self._lines[-last:]
        ]
