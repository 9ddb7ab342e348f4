"""Doing a whole use case again when another writer was first or the store stumbled."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from application.errors import Conflict, TryAgain
from application.ports.world import Clock

Result = TypeVar("Result")

TRIES_MAX: Final = 5
PAUSE_SECONDS: Final = 0.02


async def again(run: Callable[[], Awaitable[Result]], clock: Clock) -> Result:
    """Run `run`, and run it again after a Conflict or TryAgain, with a pause that grows. The last of the tries raises what it meets.

    `run` must begin its own unit of work and be safe to repeat after a commit of unknown outcome.
    """
    for tried in range(1, TRIES_MAX):
        try:
            return await run()
        except (Conflict, TryAgain):
            await clock.sleep(PAUSE_SECONDS * 2 ** (tried - 1))
    return await run()
