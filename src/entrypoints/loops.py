"""The event loop of the processes that serve and work."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def run(main: Coroutine[Any, Any, Result]) -> Result:  # Any: neither sends nor yields are of interest
    """Run to the end, as asyncio.run does, on uvloop where there is one: it halves what a request costs (docs/performance.md)."""
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
