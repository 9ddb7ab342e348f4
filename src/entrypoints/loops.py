"""The event loop of the processes that serve and work."""

import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

Result = TypeVar("Result")


COLLECT_AFTER: Final = 5_000
"""So many objects more than before are made between two looks for cycles, where Python itself looks after 700."""


def look_for_cycles_rarely() -> None:
    """Leave what the start has made out of every search for cycles to come, and search less often: a tenth of the time of a request."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 10, 10)


def run(main: Coroutine[Any, Any, Result]) -> Result:  # Any: neither sends nor yields are of interest
    """Run to the end, as asyncio.run does, on uvloop where there is one, as uvicorn does for several processes."""
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
