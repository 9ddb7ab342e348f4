"""Many worlds, on all cores, and what they show together."""

import gc
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Final

from msgspec import Struct

from entrypoints.simulation.chance import Fault
from entrypoints.simulation.course import Outcome, run
from entrypoints.simulation.invariants import MOVES

IN_ONE_PROCESS_MAX: Final = 40
"""So few worlds are done before other processes have started."""

CHUNK: Final = 10
SEEDS_FOR_COVERAGE: Final = 500
"""So many worlds must show every kind of fault and every move."""

SEEDS_FOR_THE_RARE: Final = 5000
RARE: Final = frozenset(
    {"subscription CANCELLED -> EXPIRED", "subscription EXPIRED -> CANCELLED", "payment CANCELLED -> FAILED"}
)
"""Moves that so many worlds must show: a year has to be refunded near its end, and the refund to fail after it; or a bank has to refuse
what was given up in the moment in which it was paid, and nobody to be told of it before.
"""

SECONDS_OF_YEAR: Final = 365.25 * 86_400


class Figures(Struct, kw_only=True):
    """What many worlds show together.

    years: of simulated time. checks: commits after which all rules were looked at. faults, moves: how often each kind occurred.
    """

    seeds: int = 0
    violations: int = 0
    payments: int = 0
    checks: int = 0
    steps: int = 0
    years: float = 0.0
    faults: dict[str, int] = {}
    moves: dict[str, int] = {}

    def add(self, outcome: Outcome) -> None:
        """Count one more world."""
        self.seeds += 1
        self.violations += outcome.violated is not None
        self.payments += outcome.payments
        self.checks += outcome.checks
        self.steps += outcome.steps
        self.years += outcome.seconds / SECONDS_OF_YEAR
        self.faults = dict(sorted((Counter(self.faults) + Counter(outcome.faults)).items()))
        self.moves = dict(sorted((Counter(self.moves) + Counter(outcome.moves)).items()))

    @property
    def never_occurred(self) -> list[str]:
        """The kinds of faults and the moves that none of the worlds has shown."""
        faults = [fault.name for fault in Fault if fault.name not in self.faults]
        spared = RARE if self.seeds < SEEDS_FOR_THE_RARE else frozenset()
        return faults + [move for move in every_move() if move not in self.moves and move not in spared]


def every_move() -> list[str]:
    """Every edge of the lifecycles of payments and subscriptions."""
    return [
        f"{entity} {before} -> {after}"
        for entity, lifecycle in MOVES.items()
        for before, afters in lifecycle.items()
        for after in sorted(afters)
    ]


def outcomes(seeds: Iterable[int], *, mutant: str | None = None, processes: int | None = None) -> Iterator[Outcome]:
    """The outcome of each world, in the order of the seeds."""
    seeds = list(seeds)
    processes = processes or os.cpu_count() or 1
    if processes == 1 or len(seeds) <= IN_ONE_PROCESS_MAX:
        for seed in seeds:
            yield run(seed, mutant=mutant)
        return
    # Fresh processes: what this one has open is no part of theirs.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_let_garbage_grow) as pool:
        # Ctrl-C reaches all processes of a terminal. They begin deaf to it: this one says the word, and nothing more is begun.
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            found = pool.map(_run, [(seed, mutant) for seed in seeds], chunksize=CHUNK)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        yield from found


def seeds_to_find(mutant: str, *, at_most: int, first: int = 0) -> tuple[int, Outcome] | None:
    """How many worlds it takes until a planted bug is found, and the one that finds it; null when none of them does."""
    for count, seed in enumerate(range(first, first + at_most), 1):
        outcome = run(seed, mutant=mutant)
        if outcome.violated is not None:
            return count, outcome
    return None


def _let_garbage_grow() -> None:
    # Looking for it in a heap that hardly changes takes a sixth of a world's time, and one process has room for more of it.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _run(job: tuple[int, str | None]) -> Outcome:
    seed, mutant = job
    return run(seed, mutant=mutant)
