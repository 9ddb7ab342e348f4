"""The load: kept connections that ask again as soon as they were answered, or requests that arrive by chance at a rate."""

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final, cast

from msgspec import Struct, field

END_OF_HEAD: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length: "
STATUS: Final = slice(9, 12)
GOOD: Final = (200, 201)
PATIENCE_SECONDS: Final = 60.0
TICK_SECONDS: Final = 0.0015
"""A timer may be so late."""

EXACT_A_SECOND_MAX: Final = 50
"""At rates up to this the load waits for the exact moment without sleeping; beyond it that would take too much of a core."""

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


class Asking(ABC):
    """What is sent over kept connections, and what came back."""

    def __init__(self, requests: Sequence[bytes], *, look_at_all: bool = False) -> None:
        """look_at_all: keep the bodies of all answers."""
        self.answers = Answers()
        self.failure: BaseException | None = None
        self._requests = requests
        self._every = 1 if look_at_all else LOOKED_AT
        self._done = asyncio.Event()

    async def _over(
        self, port: int, connections: int, begin: Callable[[list["Line"]], None], seconds_max: float
    ) -> None:
        """Ask over so many connections until all is done. Raises ConnectionError when one is cut off."""
        loop = asyncio.get_running_loop()
        made = [await loop.create_connection(lambda: Line(self), "127.0.0.1", port) for _ in range(connections)]
        began_at = time.perf_counter()
        begin([line for _, line in made])
        await asyncio.wait_for(self._done.wait(), seconds_max + PATIENCE_SECONDS)
        self.answers.seconds = time.perf_counter() - began_at
        for transport, _ in made:
            transport.close()
        if self.failure is not None:
            raise ConnectionError("the server cut a connection off") from self.failure

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

    @abstractmethod
    def go_on(self, line: "Line") -> None:
        """A connection is free."""

    def fail(self, error: BaseException) -> None:
        """A connection has ended before its answer came."""
        self.failure = error
        self._done.set()


class Load(Asking):
    """Each connection asks again as soon as it was answered; each request is sent once, until all are answered or the time is over."""

    def __init__(self, requests: Sequence[bytes], *, seconds_max: float, look_at_all: bool = False) -> None:
        super().__init__(requests, look_at_all=look_at_all)
        self._seconds_max = seconds_max
        self._next = 0
        self._open = 0
        self._ends_at = 0.0

    async def run(self, port: int, connections: int) -> Answers:
        """Ask over so many connections. Raises ConnectionError when one is cut off."""

        def begin(lines: list[Line]) -> None:
            self._ends_at = time.perf_counter() + self._seconds_max
            self._open = connections
            for line in lines:
                self.go_on(line)

        await self._over(port, connections, begin, self._seconds_max)
        return self.answers

    def go_on(self, line: "Line") -> None:
        """Send the next request, if there is to be one."""
        now = time.perf_counter()
        if self._next < len(self._requests) and now < self._ends_at:
            self._next += 1
            line.send(self._next - 1, self._requests[self._next - 1], now)
            return
        self._open -= 1
        if self._open == 0:
            self._done.set()


class Arrivals(Asking):
    """Requests arrive by chance at a rate, whether or not earlier ones were answered. One that finds no connection free waits.

    A latency counts from when the request was to arrive: whatever held it up is in it.
    """

    def __init__(self, requests: Sequence[bytes], *, a_second: float, seed: int) -> None:
        super().__init__(requests)
        chance = random.Random(seed)
        moments = accumulate(chance.expovariate(a_second) for _ in requests)
        self._due = [(moment, number) for number, moment in enumerate(moments)]
        self._exact = a_second <= EXACT_A_SECOND_MAX
        self._began_at = 0.0
        self._waiting: deque[tuple[int, float]] = deque()
        self._free: list[Line] = []

    async def run(self, port: int, connections: int) -> Answers:
        """Let all of them arrive. Raises ConnectionError when a connection is cut off."""

        def begin(lines: list[Line]) -> None:
            self._free = lines
            self._began_at = time.perf_counter()
            asyncio.get_running_loop().call_soon(self._arrive, 0)

        await self._over(port, connections, begin, self._due[-1][0])
        return self.answers

    def _arrive(self, place: int) -> None:
        """Let arrive what is due, and come back for what is not."""
        while place < len(self._due):
            moment, number = self._due[place]
            due_at = self._began_at + moment
            ahead = due_at - time.perf_counter()
            early = TICK_SECONDS if self._exact else 0.0
            if ahead > early:
                asyncio.get_running_loop().call_later(ahead - early, self._arrive, place)
                return
            while time.perf_counter() < due_at:
                pass  # the loop's clock ticks by the millisecond, which is much of what is measured here
            self._waiting.append((number, due_at))
            place += 1
            self._send()

    def _send(self) -> None:
        while self._waiting and self._free:
            number, due_at = self._waiting.popleft()
            self._free.pop().send(number, self._requests[number], due_at)

    def go_on(self, line: "Line") -> None:
        """Send what waits."""
        self._free.append(line)
        self._send()
        if len(self.answers.latencies) == len(self._requests):
            self._done.set()


class Line(asyncio.Protocol):
    """One kept connection with one request under way."""

    def __init__(self, owner: Asking) -> None:
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._number: int | None = None
        self._asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what the requests are written to."""
        self._transport = cast("asyncio.Transport", transport)  # of TCP; uvloop's has the methods and not the class

    def send(self, number: int, request: bytes, asked_at: float) -> None:
        """Send a request, whose latency counts from `asked_at` (seconds of time.perf_counter)."""
        self._number, self._asked_at = number, asked_at
        if self._transport is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take an answer, once it is whole."""
        self._received += data
        head, end, body = self._received.partition(END_OF_HEAD)
        if not end or self._number is None:
            return
        _, name, after = head.lower().partition(LENGTH)
        if not name:
            self._owner.fail(ValueError(f"an answer without a length: {head!r}"))
            return
        if len(body) >= int(after.partition(b"\r\n")[0]):
            number, self._number, self._received = self._number, None, b""
            self._owner.take(number, time.perf_counter() - self._asked_at, head, body)
            self._owner.go_on(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell of it, if an answer was still to come."""
        if self._number is not None:
            self._owner.fail(error or ConnectionResetError("closed"))
