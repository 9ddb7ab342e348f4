"""What runs beside the requests for as long as the sandbox is up: deliveries and the passing of time."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from entrypoints.sandbox.banks import let_banks_decide
from entrypoints.sandbox.sandbox import Sandbox

TICK_SECONDS = 0.25


@asynccontextmanager
async def running(sandbox: Sandbox) -> AsyncGenerator[None, None]:
    """Delivers and watches the clock until it is left; saves at the end."""
    sandbox.deliveries.start()
    clock = asyncio.get_running_loop().create_task(_watch_clock(sandbox))
    try:
        yield
    finally:
        clock.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await clock
        await sandbox.deliveries.stop()
        sandbox.file.save(sandbox.state)


async def _watch_clock(sandbox: Sandbox) -> None:
    while True:
        sandbox.let_time_pass()
        let_banks_decide(sandbox)
        await asyncio.sleep(TICK_SECONDS)
