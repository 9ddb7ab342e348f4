"""Every scenario of failure names the tests that show it, or why there are none yet; and the named tests are there."""

from pathlib import Path

import pytest

from architecture.scenarios import LAST, faults_of

ROOT = Path(__file__).parents[2]
LIST = (ROOT / "docs" / "scenarios.toml").read_text(encoding="ascii")
HERE = "tests/architecture/test_scenarios.py::test_every_scenario_is_shown_or_says_why_not"


def test_every_scenario_is_shown_or_says_why_not() -> None:
    assert [] == faults_of(LIST, ROOT)


def a_list(first: str) -> str:
    """A list in which only the first scenario is of interest."""
    others = "".join(f'[{number}]\nsays = "It rains."\nnot_yet = "No."\n' for number in range(2, LAST + 1))
    return f"[1]\n{first}\n{others}"


@pytest.mark.parametrize(
    ("first", "fault"),
    [
        (f'says = "It rains."\ntests = ["{HERE}_gone"]', f"1: there is no {HERE}_gone"),
        ('says = "It rains."\ntests = ["tests/nowhere.py::test_it"]', "1: there is no tests/nowhere.py::test_it"),
        ('says = "It rains."', "1 has to name tests or the reason why there are none"),
        (
            f'says = "It rains."\ntests = ["{HERE}"]\nnot_yet = "No."',
            "1 has to name tests or the reason why there are none",
        ),
        (f'tests = ["{HERE}"]', "1 does not say what happens"),
    ],
)
def test_a_scenario_that_shows_nothing_is_found(first: str, fault: str) -> None:
    assert [fault] == faults_of(a_list(first), ROOT)


def test_a_scenario_that_is_left_out_or_invented_is_found() -> None:
    whole = a_list(f'says = "It rains."\ntests = ["{HERE}"]')

    assert [] == faults_of(whole, ROOT)
    assert ["7 is missing", "777 is no scenario"] == faults_of(whole.replace("[7]\n", "[777]\n"), ROOT)
