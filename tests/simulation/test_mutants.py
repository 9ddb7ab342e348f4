"""Bugs planted into our own code, each of which the worlds must find. About 5 seconds, and 40 where docs/reliability.md is out of date."""

import re
from pathlib import Path

import pytest

from domain.payment import Payment
from entrypoints.simulation.course import Outcome, Variation, run
from entrypoints.simulation.many import seeds_to_find
from entrypoints.simulation.mutants import MUTANTS, planted
from entrypoints.simulation.shrink import shrink

SEEDS_MAX = 300
MUTANTS_MIN = 25

PAGE = (Path(__file__).parents[2] / "docs" / "reliability.md").read_text()
WORLDS_TAKEN = {name: int(worlds) for name, worlds in re.findall(r"^\| (\w+) \| (\d+) \|$", PAGE, re.MULTILINE)}
"""How many worlds it took to find each when all of them were last run from the first on: the last one of those is tried first."""


def found_by(name: str) -> Outcome | None:
    """The world that finds a planted bug: the one that did so last, else the first one that does."""
    for first, at_most in ((WORLDS_TAKEN.get(name, 1) - 1, 1), (0, SEEDS_MAX)):
        found = seeds_to_find(name, first=first, at_most=at_most)
        if found is not None:
            return found[1]
    return None


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_planted_bug_is_found(name: str) -> None:
    found = found_by(name)

    assert found is not None, MUTANTS[name].breaks
    assert found.violated is not None
    # What is planted must fit the code that it is planted into: else it would be found for the wrong reason.
    assert not any(error in found.violated[1] for error in ("TypeError", "AttributeError", "NameError"))


def test_there_are_bugs_enough_and_each_says_what_it_breaks() -> None:
    assert len(MUTANTS) >= MUTANTS_MIN
    assert all(mutant.breaks.endswith(".") and mutant.patches for mutant in MUTANTS.values())


def test_a_planted_bug_is_gone_afterwards() -> None:
    before = Payment.expired
    with planted("expired_beats_paid"):
        during = Payment.expired

    assert before is Payment.expired
    assert during is not before


def test_a_violation_is_told_as_a_story_of_the_smallest_world_that_shows_it() -> None:
    found = found_by("given_up_here_only")
    assert found is not None
    smallest = shrink(found, mutant="given_up_here_only")

    assert smallest.outcome.violated is not None
    assert "I8" in smallest.outcome.violated[0]
    assert any("gave the checkout up" in line for line in smallest.outcome.story)
    # Without one kind of fault another may strike: what was left out is what counts.
    assert smallest.variation != Variation()
    assert {fault.name for fault in smallest.variation.without}.isdisjoint(smallest.outcome.faults)
    assert smallest.outcome.violated == run(found.seed, smallest.variation, mutant="given_up_here_only").violated


def test_a_world_in_which_nothing_is_wrong_cannot_be_shrunk() -> None:
    with pytest.raises(ValueError, match="nothing was violated"):
        shrink(run(1))
