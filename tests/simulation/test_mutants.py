"""Bugs planted into our own code, each of which the worlds must find. About 40 seconds."""

import pytest

from domain.payment import Payment
from entrypoints.simulation.course import Variation, run
from entrypoints.simulation.many import seeds_to_find
from entrypoints.simulation.mutants import MUTANTS, planted
from entrypoints.simulation.shrink import shrink

SEEDS_MAX = 300
MUTANTS_MIN = 25


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_planted_bug_is_found(name: str) -> None:
    found = seeds_to_find(name, at_most=SEEDS_MAX)

    assert found is not None, MUTANTS[name].breaks
    assert found[1].violated is not None
    # What is planted must fit the code that it is planted into: else it would be found for the wrong reason.
    assert not any(error in found[1].violated[1] for error in ("TypeError", "AttributeError", "NameError"))


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
    found = seeds_to_find("given_up_here_only", at_most=SEEDS_MAX)
    assert found is not None
    smallest = shrink(found[1], mutant="given_up_here_only")

    assert smallest.outcome.violated is not None
    assert "I8" in smallest.outcome.violated[0]
    assert any("gave the checkout up" in line for line in smallest.outcome.story)
    # Without one kind of fault another may strike: what was left out is what counts.
    assert smallest.variation != Variation()
    assert {fault.name for fault in smallest.variation.without}.isdisjoint(smallest.outcome.faults)
    assert smallest.outcome.violated == run(found[1].seed, smallest.variation, mutant="given_up_here_only").violated


def test_a_world_in_which_nothing_is_wrong_cannot_be_shrunk() -> None:
    with pytest.raises(ValueError, match="nothing was violated"):
        shrink(run(1))
