"""The list of all that can go wrong, and whether what it names to show it is there: tests, faults and bugs of the simulation."""

import ast
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from entrypoints.simulation.chance import Fault
from entrypoints.simulation.mutants import MUTANTS

LAST: Final = 185
"""The scenarios are counted from 1 to this."""

SIMULATED: Final = frozenset(MUTANTS) | {fault.name for fault in Fault}
"""What the simulated worlds are known to meet: every kind of fault, and the planted bugs that they must find."""


REASONS: Final = ("not_yet", "does_not_apply")
"""Why nothing shows a scenario: what it is about is still to be built or tried, or this product has nothing of the kind."""

KEYS: Final = frozenset({"says", "tests", "simulation", *REASONS})


def faults_of(text: str, root: Path) -> list[str]:
    """What is wrong with a list of scenarios whose tests lie under `root`."""
    listed = tomllib.loads(text)
    numbers = {str(number) for number in range(1, LAST + 1)}
    faults = [f"{number} is missing" for number in sorted(numbers - set(listed), key=int)]
    faults += [f"{number} is no scenario" for number in sorted(set(listed) - numbers)]
    for number, scenario in listed.items():
        tests, simulated = scenario.get("tests", []), scenario.get("simulation", [])
        answers = [bool(tests or simulated), *(bool(scenario.get(reason)) for reason in REASONS)]
        if not scenario.get("says", "").endswith("."):
            faults.append(f"{number} does not say what happens")
        if sum(answers) != 1:
            faults.append(f"{number} has to name what shows it or the one reason why nothing does")
        faults += [f"{number}: {key} means nothing" for key in sorted(set(scenario) - KEYS)]
        faults += [f"{number}: there is no {test}" for test in missing(tests, root)]
        faults += [f"{number}: no world meets {name}" for name in simulated if name not in SIMULATED]
    return faults


def counts_of(text: str) -> str:
    """How many scenarios are shown, are not yet, and cannot happen here, in the words of the list's head."""
    listed = tomllib.loads(text).values()
    later, never = (sum(reason in scenario for scenario in listed) for reason in REASONS)
    return f"# Shown: {len(listed) - later - never}. Not yet: {later}. Does not apply: {never}.\n"


def missing(tests: Iterable[str], root: Path) -> list[str]:
    """Those of the tests, each as `path::name`, that are not there."""
    return [test for test in tests if test.partition("::")[2] not in names_of_tests(root / test.partition("::")[0])]


def names_of_tests(path: Path) -> set[str]:
    """The names of the test functions of a file; none for a file that is not there."""
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }
