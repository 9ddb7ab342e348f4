"""Every scenario of failure names what shows it, or why nothing does; and what is named is there."""

import tomllib
from pathlib import Path

import pytest

from architecture.scenarios import LAST, counts_of, faults_of

ROOT = Path(__file__).parents[2]
LIST = (ROOT / "docs" / "scenarios.toml").read_text(encoding="ascii")
HERE = "tests/architecture/test_scenarios.py::test_every_scenario_is_shown_or_says_why_not"


def test_every_scenario_is_shown_or_says_why_not() -> None:
    assert [] == faults_of(LIST, ROOT)


def test_the_head_of_the_list_counts_what_is_shown() -> None:
    assert counts_of(LIST) in LIST
    assert f"# Shown: 1. Not yet: {LAST - 1}. Does not apply: 0.\n" == counts_of(
        a_list('says = "It rains."\nsimulation = ["KILL"]')
    )
    assert f"# Shown: 0. Not yet: {LAST - 1}. Does not apply: 1.\n" == counts_of(
        a_list('says = "It rains."\ndoes_not_apply = "There is no sky."')
    )


def a_list(first: str) -> str:
    """A list in which only the first scenario is of interest."""
    others = "".join(f'[{number}]\nsays = "It rains."\nnot_yet = "No."\n' for number in range(2, LAST + 1))
    return f"[1]\n{first}\n{others}"


@pytest.mark.parametrize(
    ("first", "fault"),
    [
        (f'says = "It rains."\ntests = ["{HERE}_gone"]', f"1: there is no {HERE}_gone"),
        ('says = "It rains."\ntests = ["tests/nowhere.py::test_it"]', "1: there is no tests/nowhere.py::test_it"),
        ('says = "It rains."', "1 has to name what shows it or the one reason why nothing does"),
        (
            f'says = "It rains."\ntests = ["{HERE}"]\nnot_yet = "No."',
            "1 has to name what shows it or the one reason why nothing does",
        ),
        (
            'says = "It rains."\nsimulation = ["KILL"]\nnot_yet = "No."',
            "1 has to name what shows it or the one reason why nothing does",
        ),
        (
            'says = "It rains."\nnot_yet = "No."\ndoes_not_apply = "Never."',
            "1 has to name what shows it or the one reason why nothing does",
        ),
        (
            f'says = "It rains."\ntests = ["{HERE}"]\ndoes_not_apply = "Never."',
            "1 has to name what shows it or the one reason why nothing does",
        ),
        ('says = "It rains."\ndoes_not_apply = ""', "1 has to name what shows it or the one reason why nothing does"),
        ('says = "It rains."\nsimulation = ["RAIN"]', "1: no world meets RAIN"),
        (f'says = "It rains."\ntests = ["{HERE}"]\ntest = "x"', "1: test means nothing"),
        (f'tests = ["{HERE}"]', "1 does not say what happens"),
    ],
)
def test_a_scenario_that_shows_nothing_is_found(first: str, fault: str) -> None:
    assert [fault] == faults_of(a_list(first), ROOT)


def test_a_scenario_that_is_left_out_or_invented_is_found() -> None:
    whole = a_list(f'says = "It rains."\ntests = ["{HERE}"]')

    assert [] == faults_of(whole, ROOT)
    assert ["7 is missing", "777 is no scenario"] == faults_of(whole.replace("[7]\n", "[777]\n"), ROOT)


@pytest.mark.parametrize("shown", [f'tests = ["{HERE}"]', 'simulation = ["EVENT_TWICE", "no_inbox"]'])
def test_a_scenario_may_be_shown_by_tests_or_by_the_simulation(shown: str) -> None:
    assert [] == faults_of(a_list(f'says = "It rains."\n{shown}'), ROOT)


def test_a_number_that_is_given_twice_is_found() -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        faults_of(a_list('says = "It rains."\nnot_yet = "No."') + '[7]\nsays = "Again."\nnot_yet = "No."\n', ROOT)
