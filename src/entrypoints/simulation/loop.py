"""An event loop whose time is virtual: when nothing is ready, it is at once the time of the next timer."""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from itertools import count
from typing import Any, NoReturn


class NothingLeft(RuntimeError):
    """Nothing is ready and no timer is set: everybody waits for everybody."""


class Step(asyncio.TimerHandle):
    """Something to call, once; with a third of what a handle of asyncio costs to make."""

    __slots__ = ()

    def __init__(  # the parent's would copy, register and look for a debugger
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],  # Any: whatever the callback takes
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        self._when = when
        self._loop = loop
        self._callback: Callable[..., object] | None = callback
        self._args = args
        self._context = copy_context() if context is None else context
        self._cancelled = False
        self._scheduled = False
        self._repr = None
        self._source_traceback = None

    def cancel(self) -> None:
        self._cancelled = True
        self._callback, self._args = None, ()


def wake(future: "asyncio.Future[None]") -> None:
    """Let whoever waits go on, if anybody still does."""
    if not future.done():
        future.set_result(None)


class VirtualLoop(asyncio.BaseEventLoop):
    """Callbacks run first in, first out, as in every asyncio loop, so that only orders occur that can really occur.

    Nothing outside of it is read or written: no clock, no file, no thread. `steps` counts callbacks.
    """

    _ready: deque[asyncio.Handle]
    _stopping: bool

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._numbers = count()
        # With numbers that break ties, so that no two handles are ever compared: that would take a fifth of all time.
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self.steps = 0

    def time(self) -> float:
        """Seconds since the world began."""
        return self._now

    def call_soon(
        self,
        callback: Callable[..., object],
        *args: object,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Call back after all that is ready."""
        step = Step(self._now, callback, args, self, context)
        self._ready.append(step)
        return step

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *args: object,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call back after some seconds."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def pause(self, seconds: float) -> "asyncio.Future[None]":
        """What is awaited for some seconds: asyncio.sleep without a coroutine of its own, which messages are too many for."""
        pause = self.create_future()
        self.call_later(seconds, wake, pause)
        return pause

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: object,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call back at a time."""
        step = Step(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), step))
        return step

    def _run_once(self) -> None:
        timers, ready = self._timers, self._ready
        while not self._stopping:
            while timers and timers[0][2]._cancelled:
                heapq.heappop(timers)
            if not ready:
                if not timers:
                    raise NothingLeft("nothing is ready and no timer is set")
                self._now = max(self._now, timers[0][0])
            while timers and timers[0][0] <= self._now:
                timer = heapq.heappop(timers)[2]
                if not timer._cancelled:
                    ready.append(timer)
            for _ in range(len(ready)):
                handle = ready.popleft()
                if not handle._cancelled:
                    self.steps += 1
                    handle._run()

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers are passed over when their time comes."""

    def _write_to_self(self) -> None:
        """Nobody outside of the loop's own thread ever wakes it."""

    def _process_events(self, event_list: object) -> None:
        """There is nothing but timers."""

    def run_in_executor(self, executor: object, func: Callable[..., Any], *args: object) -> NoReturn:
        """Raise: what a thread does has no fixed place in the order of events. Any: whatever the function returns."""
        raise RuntimeError("a simulated world has no threads")
