"""One process of the service: what it does happens in its own tasks, and a kill ends it between any two messages."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar, copy_context
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from entrypoints.simulation.chance import Chance, Fault
from entrypoints.simulation.loop import VirtualLoop

if TYPE_CHECKING:
    from entrypoints.simulation.trace import Trace

Result = TypeVar("Result")

CLOSEST, FARTHEST = 0.0005, 0.02
"""How long a message usually takes, in seconds."""

OWNER: ContextVar["Replica | None"] = ContextVar("owner", default=None)
"""The replica whose task is running; null for tasks of the world around."""


class Killed(BaseException):
    """Whatever a killed replica would still do ends here. Caught by nobody, as nobody catches SIGKILL."""


class Abandoned(Protocol):
    """Something open that the world closes when its process dies."""

    def abandon(self) -> None:
        """Undo it."""
        ...


def owned_task(
    loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any
) -> "asyncio.Task[Any]":  # Any: as asyncio has it
    """A task of the replica in whose task it is made: the task factory of the simulated loop."""
    task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **options)  # Any: whatever the coroutine returns
    context = options.get("context")
    owner = context.get(OWNER) if context is not None else OWNER.get()
    if owner is not None:
        owner.adopt(task)
    return task


class Replica:
    """A process with its own clock.

    skew: by how much its clock is ahead, in seconds.
    died: told when it is killed.
    """

    def __init__(
        self,
        name: str,
        loop: VirtualLoop,
        chance: Chance,
        trace: "Trace",
        *,
        skew: float,
        died: Callable[["Replica"], None],
    ) -> None:
        self.name = name
        self.loop = loop
        self.chance = chance
        self.trace = trace
        self.clock = SkewedClock(loop, trace.start, skew)
        self.alive = True
        self._died = died
        self.open: dict[Abandoned, None] = {}
        self._tasks: dict[asyncio.Task[Any], None] = {}  # Any: tasks of every kind

    def begin(self, coroutine: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":  # Any: as asyncio has it
        """Run a coroutine as this process."""
        context = copy_context()
        context.run(OWNER.set, self)
        return self.loop.create_task(coroutine, context=context)

    def adopt(self, task: "asyncio.Task[Any]") -> None:  # Any: a task of any kind
        """Let a task end with this process."""
        self._tasks[task] = None
        task.add_done_callback(self._over)

    async def message(self, what: str, shortest: float = CLOSEST, longest: float = FARTHEST) -> None:
        """Send or receive something: others come between, and the process may die of it."""
        if not self.alive:
            raise Killed
        if self.chance.strikes(Fault.KILL):
            self.trace.note(self.name, "killed", what)
            self.kill()
            raise Killed
        await self.loop.pause(self.chance.seconds(shortest, longest))

    def kill(self) -> None:
        """End at once. Open works are undone by the store; what its tasks would still do has no effect any more."""
        self.alive = False
        self.lose_works()
        current = asyncio.current_task()
        for task in list(self._tasks):
            if task is not current:
                task.cancel()
        self._died(self)

    def lose_works(self) -> None:
        """Lose every connection to the store, and what is open on it."""
        for work in list(self.open):
            work.abandon()

    def _over(self, task: "asyncio.Task[Any]") -> None:  # Any: a task of any kind
        self._tasks.pop(task, None)
        if not task.cancelled():
            task.exception()  # looked at here, so that asyncio does not complain about errors of the dead


class SkewedClock:
    """The port Clock: the world's time, as one machine believes it to be."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime, skew: float) -> None:
        self._loop = loop
        self._start = start + timedelta(seconds=skew)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.time())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
