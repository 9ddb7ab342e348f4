"""What is measured once a run."""

from collections.abc import Awaitable, Callable
from typing import Final

from bench.arriving import latencies
from bench.figures import Extent, Figure
from bench.place import Place
from bench.starts import memory, starts
from bench.working import jobs

__all__ = ["ONCE", "Extent"]

ONCE: Final[dict[str, Callable[[Place, Extent], Awaitable[list[Figure]]]]] = {
    "start": starts,
    "memory": memory,
    "jobs": jobs,
    "latency": latencies,
}
