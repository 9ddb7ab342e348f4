"""Hundreds of worlds of faults, and not one rule broken. About 40 seconds."""

import os
import subprocess
import sys

import pytest

from entrypoints.simulation.course import Outcome, run
from entrypoints.simulation.many import SEEDS_FOR_COVERAGE, Figures, outcomes

FINGERPRINTS = "from entrypoints.simulation.course import run; print(*(run(seed).fingerprint for seed in range(3)))"


@pytest.mark.timeout(600)
def test_whatever_fails_no_rule_is_broken_and_every_fault_and_move_occurs() -> None:
    figures = Figures()
    broken: list[Outcome] = []
    for outcome in outcomes(range(SEEDS_FOR_COVERAGE), processes=1):
        figures.add(outcome)
        broken += [outcome] if outcome.violated is not None else []

    assert [] == [(outcome.seed, outcome.violated) for outcome in broken]
    assert [] == figures.never_occurred
    assert figures.years > 10
    assert sum(figures.faults.values()) > 10_000


def test_a_seed_is_the_same_world_each_time() -> None:
    assert run(11).fingerprint == run(11).fingerprint
    assert run(11).fingerprint != run(12).fingerprint


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_a_seed_is_the_same_world_in_every_process(hash_seed: str) -> None:
    other = subprocess.run(
        [sys.executable, "-c", FINGERPRINTS],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )

    assert [run(seed).fingerprint for seed in range(3)] == other.stdout.split()
