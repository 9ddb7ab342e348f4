"""The list of all that can go wrong, and whether each test that it names is there."""

import ast
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

LAST: Final = 185
"""The scenarios are counted from 1 to this."""


def faults_of(text: str, root: Path) -> list[str]:
    """What is wrong with a list of scenarios whose tests lie under `root`."""
    listed = tomllib.loads(text)
    numbers = {str(number) for number in range(1, LAST + 1)}
    faults = [f"{number} is missing" for number in sorted(numbers - set(listed), key=int)]
    faults += [f"{number} is no scenario" for number in sorted(set(listed) - numbers)]
    for number, scenario in listed.items():
        tests, reason = scenario.get("tests", []), scenario.get("not_yet", "")
        if not scenario.get("says", "").endswith("."):
            faults.append(f"{number} does not say what happens")
        if bool(tests) == bool(reason):
            faults.append(f"{number} has to name tests or the reason why there are none")
        faults += [f"{number}: there is no {test}" for test in missing(tests, root)]
    return faults


def missing(tests: Iterable[str], root: Path) -> list[str]:
    """Those of the tests, each as `path::name`, that are not there."""
    return [test for test in tests if test.partition("::")[2] not in tests_in(root / test.partition("::")[0])]


def tests_in(path: Path) -> set[str]:
    """The names of the test functions of a file; none for a file that is not there."""
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }
