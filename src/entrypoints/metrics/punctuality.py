"""How late a process comes to what is due: while one piece of work computes, everything else in its event loop waits."""

import asyncio
from collections.abc import Callable
from typing import Final

EVERY_SECONDS: Final = 0.5


async def watch_punctuality(late: Callable[[float], None], *, every_seconds: float = EVERY_SECONDS) -> None:
    """Tell `late`, again and again until cancelled, by how many seconds the loop came too late to a pause that had ended."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every_seconds
        await asyncio.sleep(every_seconds)
        late(max(0.0, loop.time() - due))
