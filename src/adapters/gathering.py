"""The port Gather over asyncio: what arrives while something is under way is done together when that is over."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

TOGETHER_MAX: Final = 32
"""More at once hold their locks longer and save next to nothing."""

WAIT_SECONDS_MAX: Final = 0.05
"""So long an item waits for what is under way, which may itself be waiting for a lock; then it does no longer."""


class Together(Generic[Item, Result]):
    """A verb for one item.

    Nothing waits for company: an item that comes while nothing is under way is done at once, in the task of whoever asks. Those that
    come meanwhile wait for its end, at most `wait_seconds_max`, and are then done together, in a task of nobody's: that one of those who
    asked goes away harms no other.
    """

    def __init__(
        self,
        alone: Callable[[Item], Awaitable[Result]],
        together: Callable[[Sequence[Item]], Awaitable[Sequence[Result | None]]],
        *,
        together_max: int = TOGETHER_MAX,
        wait_seconds_max: float = WAIT_SECONDS_MAX,
    ) -> None:
        self._alone = alone
        self._together = together
        self._together_max = together_max
        self._wait_seconds_max = wait_seconds_max
        self._under_way = 0
        self._waiting: deque[tuple[Item, asyncio.Future[Result | None]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, item: Item) -> Result:
        """Do it. Raises what `alone` raises."""
        if self._under_way == 0:
            return await self._by_itself(item)
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[Result | None] = loop.create_future()
        self._waiting.append((item, turn))
        patience = loop.call_later(self._wait_seconds_max, self._next)
        try:
            result = await turn
        finally:
            patience.cancel()
        if result is None:
            return await self._by_itself(item)
        return result

    async def _by_itself(self, item: Item) -> Result:
        self._under_way += 1
        try:
            return await self._alone(item)
        finally:
            self._ended()

    def _ended(self) -> None:
        self._under_way -= 1
        if self._under_way == 0:
            self._next()

    def _next(self) -> None:
        """Begin with those that wait, if there are any left: one is told to go on by itself."""
        ready: list[tuple[Item, asyncio.Future[Result | None]]] = []
        while self._waiting and len(ready) < self._together_max:
            item, turn = self._waiting.popleft()
            if not turn.done():  # whoever asked may have gone
                ready.append((item, turn))
        if len(ready) == 1:
            ready[0][1].set_result(None)
        elif ready:
            self._under_way += 1
            # In a context of its own: it is about no one request.
            task = asyncio.get_running_loop().create_task(self._all(ready), context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _all(self, ready: Sequence[tuple[Item, "asyncio.Future[Result | None]"]]) -> None:
        results: Sequence[Result | None] = [None] * len(ready)
        try:
            results = await self._together([item for item, _ in ready])
        finally:
            for (_, turn), result in zip(ready, results, strict=True):
                if not turn.done():
                    turn.set_result(result)
            self._ended()
