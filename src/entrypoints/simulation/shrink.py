"""The smallest world that still goes wrong: without the faults, the members and the years that play no part in it."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from entrypoints.simulation.chance import Fault
from entrypoints.simulation.course import MEMBERS_MAX, Outcome, Variation, run

Step = Callable[[Variation], Variation]
"""Leaves something more out."""


class Shrunk(Struct, frozen=True):
    """What is left. `variation` is the world in which the same rule is still broken, `outcome` how."""

    variation: Variation
    outcome: Outcome


def shrink(outcome: Outcome, *, mutant: str | None = None) -> Shrunk:
    """Leave out what can be left out, one thing after the other, as long as the same rule is broken.

    Raises ValueError for an outcome that broke none.
    """
    if outcome.violated is None:
        raise ValueError("nothing was violated")
    rule, least = outcome.violated[0], Shrunk(Variation(), outcome)
    for step in _steps(outcome):
        smaller = step(least.variation)
        tried = run(outcome.seed, smaller, mutant=mutant)
        # Leaving one fault out can bring others about: that world is no smaller.
        no_larger = len(tried.faults) <= len(least.outcome.faults)
        if tried.violated is not None and tried.violated[0] == rule and no_larger:
            least = Shrunk(smaller, tried)
    return least


def _steps(outcome: Outcome) -> list[Step]:
    steps: list[Step] = [lambda known: replace(known, years=False)]
    steps += [_with_members(number) for number in range(1, MEMBERS_MAX)]
    return steps + [_without(Fault[name]) for name in outcome.faults]


def _with_members(number: int) -> Step:
    return lambda known: replace(known, members_max=min(known.members_max, number))


def _without(fault: Fault) -> Step:
    return lambda known: replace(known, without=known.without | {fault})
