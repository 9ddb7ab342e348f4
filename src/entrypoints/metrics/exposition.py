"""The page that Prometheus reads: what this process counted, or all processes beside it, and what stands in the store."""

import asyncio
import os
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Final

from prometheus_client import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from application.errors import TryAgain
from application.ports.counts import Counts, StoreCounts
from application.ports.world import Clock
from entrypoints.metrics import FOLDER_VARIABLE
from entrypoints.metrics.measures import Measures
from entrypoints.metrics.stored import families_of

PROCESSES: Final = Path("/proc")
COUNTED_EVERY_SECONDS: Final = 10.0
BEGUN_SINCE: Final = timedelta(days=1)


class Exposition:
    """Writes the page. The store is counted once in ten seconds, however many ask; while it is away the page says so."""

    def __init__(self, *, measures: Measures, counts: Counts, clock: Clock) -> None:
        self._measures = measures
        self._counts = counts
        self._clock = clock
        self._counting = asyncio.Lock()
        self._counted: tuple[float, StoreCounts | None] | None = None

    async def __call__(self, accept: str) -> tuple[bytes, str]:
        """The page and its media type, in the form that the client likes best."""
        stored = families_of(await self._stored())
        encode, media_type = choose_encoder(accept)
        return encode(_Gathered([*self._own(), *stored])), media_type

    async def _stored(self) -> StoreCounts | None:
        async with self._counting:
            if self._counted is None or time.monotonic() - self._counted[0] > COUNTED_EVERY_SECONDS:
                try:
                    counts = await self._counts.taken(begun_since=self._clock.now() - BEGUN_SINCE)
                except TryAgain:
                    counts = None
                self._counted = time.monotonic(), counts
            return self._counted[1]

    def _own(self) -> Iterable[Metric]:
        folder = os.environ.get(FOLDER_VARIABLE)
        if folder is None:
            return self._measures.registry.collect()
        _forget_the_dead(Path(folder))
        files = MultiProcessCollector(None, folder)  # type: ignore[no-untyped-call] # prometheus_client left it untyped
        together: Iterable[Metric] = files.collect()  # type: ignore[no-untyped-call] # as above
        return together


class _Gathered:
    """Families in the shape that prometheus_client encodes."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _forget_the_dead(folder: Path) -> None:
    """Leave out what processes that are gone had in use when they ended. Without /proc it stays until the service is started anew."""
    for file in folder.glob("gauge_live*_*.db") if PROCESSES.is_dir() else ():
        pid = file.stem.rpartition("_")[2]
        if not (PROCESSES / pid).exists():
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call] # as above
