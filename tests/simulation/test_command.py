"""`payments simulate` tells people and programs the same."""

import json

import pytest
from click.testing import CliRunner

from entrypoints.cli.simulating import simulate

FOUND = ["--mutant", "moves_not_audited", "--seeds", "1"]
NOT_FOUND = ["--mutant", "mail_outside_the_transaction", "--seeds", "1"]


def test_a_broken_rule_is_json_for_programs_and_a_story_for_people() -> None:
    for_people = CliRunner().invoke(simulate, FOUND)
    for_programs = CliRunner().invoke(simulate, [*FOUND, "--json"])
    broken = json.loads(for_programs.stdout)["broken"]

    assert (0, 0) == (for_people.exit_code, for_programs.exit_code)
    assert f"Seed {broken['seed']} breaks a rule. {broken['rule']}:\n  {broken['what']}" in for_people.stdout
    assert broken["story"]
    assert for_people.stdout.startswith("\n".join(broken["story"]))
    assert for_people.stdout.endswith(f"Again: {broken['again']}\n")


def test_a_planted_bug_that_no_world_finds_ends_with_1_and_says_so_beside_the_json() -> None:
    found = CliRunner().invoke(simulate, [*NOT_FOUND, "--json"])

    assert 1 == found.exit_code
    assert json.loads(found.stdout)["broken"] is None
    assert "Not found: mail_outside_the_transaction\n" == found.stderr


@pytest.mark.parametrize(
    ("asked", "said"), [(["--mutant", "moves_not_audited", "--mutants"], "either"), (["--mutant", "x"], "no_inbox")]
)
def test_what_cannot_be_meant_is_refused(asked: list[str], said: str) -> None:
    refused = CliRunner().invoke(simulate, asked)

    assert 2 == refused.exit_code
    assert said in refused.output
