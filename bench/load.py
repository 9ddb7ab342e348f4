"""The load: as many kept connections as wanted, each of which asks again as soon as it was answered."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final, cast

from msgspec import Struct, field

END_OF_HEAD: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length: "
STATUS: Final = slice(9, 12)
GOOD: Final = (200, 201)
PATIENCE_SECONDS: Final = 60.0
LOOKED_AT: Final = 101
"""Of so many answers one is kept, to be looked at afterwards."""


class Answers(Struct):
    """What came back. answered: the numbers of the requests that were answered well, in the order of the answers.

    samples: the bodies of some of the good answers, by the numbers of their requests.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)
    samples: dict[int, bytes] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    first_fault: str = ""


def percentile_ms(seconds: Sequence[float], share: float) -> float:
    """What a share of the latencies (seconds) does not exceed, in milliseconds."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


class Load:
    """Sends the requests, each once, until all are answered or the time is over."""

    def __init__(self, requests: Sequence[bytes], *, seconds_max: float, look_at_all: bool = False) -> None:
        """look_at_all: keep the bodies of all answers."""
        self._every = 1 if look_at_all else LOOKED_AT
        self.answers = Answers()
        self.failure: BaseException | None = None
        self._requests = requests
        self._seconds_max = seconds_max
        self._next = 0
        self._open = 0
        self._ends_at = 0.0
        self._done = asyncio.Event()

    async def run(self, port: int, connections: int) -> Answers:
        """Ask over so many connections. Raises ConnectionError when one is cut off."""
        loop = asyncio.get_running_loop()
        lines = [await loop.create_connection(lambda: Line(self), "127.0.0.1", port) for _ in range(connections)]
        began_at = time.perf_counter()
        self._ends_at = began_at + self._seconds_max
        self._open = connections
        for _, line in lines:
            line.ask()
        await asyncio.wait_for(self._done.wait(), self._seconds_max + PATIENCE_SECONDS)
        self.answers.seconds = time.perf_counter() - began_at
        for transport, _ in lines:
            transport.close()
        if self.failure is not None:
            raise ConnectionError("the server cut a connection off") from self.failure
        return self.answers

    def next_request(self, now: float) -> tuple[int, bytes] | None:
        """The next request and its number; null when there is to be no more, which whoever asked has to respect."""
        if self._next < len(self._requests) and now < self._ends_at:
            self._next += 1
            return self._next - 1, self._requests[self._next - 1]
        self._open -= 1
        if self._open == 0:
            self._done.set()
        return None

    def take(self, number: int, latency: float, head: bytes, body: bytes) -> None:
        """An answer came."""
        status = int(head[STATUS])
        self.answers.statuses[status] += 1
        self.answers.latencies.append(latency)
        if status in GOOD:
            self.answers.answered.append(number)
            if number % self._every == 0:
                self.answers.samples[number] = body
        elif not self.answers.first_fault:
            self.answers.first_fault = (head + body).decode(errors="replace")

    def fail(self, error: BaseException) -> None:
        """A connection has ended before its answer came."""
        self.failure = error
        self._done.set()


class Line(asyncio.Protocol):
    """One kept connection with one request under way."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._number: int | None = None
        self._asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what the requests are written to."""
        self._transport = cast("asyncio.Transport", transport)  # of TCP; uvloop's has the methods and not the class

    def ask(self) -> None:
        """Send the next request, if there is one."""
        now = time.perf_counter()
        found = self._load.next_request(now)
        self._number = None
        if found is not None and self._transport is not None:
            self._number, request = found
            self._asked_at = now
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take an answer, once it is whole."""
        self._received += data
        head, end, body = self._received.partition(END_OF_HEAD)
        if not end or self._number is None:
            return
        _, name, after = head.lower().partition(LENGTH)
        if not name:
            self._load.fail(ValueError(f"an answer without a length: {head!r}"))
            return
        if len(body) >= int(after.partition(b"\r\n")[0]):
            self._load.take(self._number, time.perf_counter() - self._asked_at, head, body)
            self._received = b""
            self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell of it, if an answer was still to come."""
        if self._number is not None:
            self._load.fail(error or ConnectionResetError("closed"))
