"""What a reconciliation found is told in lines for people and in JSON for programs, and what is another installation's is counted."""

import json

import pytest

from application.findings import Difference
from application.reconcile import Reconciliation
from entrypoints.cli.reconciling import as_document, as_lines

REPAIRED = Difference(what="refund", id="re_1", before="unknown", after="succeeded", why="nobody told", repaired=True)
LEFT = Difference(what="checkout", id="cs_1", before="unknown", after="unknown", why="not stored", repaired=False)


@pytest.mark.parametrize(("foreign", "told"), [(0, ""), (12, ", foreign 12")])
def test_each_difference_is_a_line_and_the_last_one_counts(foreign: int, told: str) -> None:
    lines = as_lines(Reconciliation(checked=7, differences=(REPAIRED, LEFT), foreign=foreign)).splitlines()

    assert [
        "refund re_1: unknown -> succeeded, nobody told",
        "checkout cs_1: still unknown, not stored",
        f"checked 7, repaired 1, differences 2{told}",
    ] == lines


def test_programs_get_the_same() -> None:
    found = json.loads(as_document(Reconciliation(checked=7, differences=(LEFT,), faults=("away",), foreign=12)))

    assert (7, 0, 12, False, ["away"]) == (
        *(found["checked"], found["repaired"], found["foreign"]),
        *(found["complete"], found["faults"]),
    )
    assert ["cs_1"] == [one["id"] for one in found["differences"]]
