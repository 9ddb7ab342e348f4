"""What the doctor says, and that a check that hangs or breaks is one fault and no more."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from entrypoints.doctor.checks import NEEDED_EVENTS, judged, skew, work
from entrypoints.doctor.findings import Finding, State, examined, ok

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SECRET = "sk_live_of_a_message"


async def fine() -> Sequence[Finding]:
    """A check that finds nothing wrong."""
    return [ok("fine", "all is well")]


async def hangs() -> Sequence[Finding]:
    """A check whose other side never answers."""
    await asyncio.Event().wait()
    return []


async def breaks() -> Sequence[Finding]:
    """A check with a mistake of its own."""
    raise RuntimeError(SECRET)


async def test_a_check_that_hangs_or_breaks_is_a_fault_and_keeps_no_other_from_being_made() -> None:
    found = await examined({"hangs": hangs, "breaks": breaks, "fine": fine}, seconds_max=0.01)

    assert [("hangs", State.FAULT), ("breaks", State.FAULT), ("fine", State.OK)] == [
        (finding.name, finding.state) for finding in found
    ]
    assert SECRET not in str(found)


@pytest.mark.parametrize(
    ("seconds", "state"),
    [
        (0, State.OK),
        (-2, State.OK),
        (2.1, State.WARNING),
        (-30, State.WARNING),
        (30.1, State.FAULT),
        (-3600, State.FAULT),
    ],
)
def test_clocks_may_differ_by_little(seconds: float, state: State) -> None:
    assert state is skew("clock", NOW + timedelta(seconds=seconds), NOW, NOW).state


@pytest.mark.parametrize(
    ("changes", "state", "word"),
    [
        ({}, State.OK, "every event"),
        ({"enabled_events": ["*"]}, State.OK, "every event"),
        ({"status": "disabled"}, State.FAULT, "disabled"),
        ({"enabled_events": sorted(NEEDED_EVENTS - {"refund.failed"})}, State.WARNING, "refund.failed"),
    ],
)
def test_an_endpoint_has_to_be_enabled_and_told_of_everything(changes: dict[str, Any], state: State, word: str) -> None:
    endpoint = {"status": "enabled", "enabled_events": sorted(NEEDED_EVENTS)} | changes
    finding = judged(endpoint, "webhook endpoint")

    assert state is finding.state
    assert word in finding.says


@pytest.mark.parametrize(
    ("waiting", "states"),
    [
        ({"dead": 0, "parked": 0, "late": None}, [State.OK]),
        ({"dead": 0, "parked": 0, "late": 299.0}, [State.OK]),
        ({"dead": 2, "parked": 1, "late": 301.0}, [State.WARNING, State.WARNING, State.FAULT]),
    ],
)
def test_what_waits_for_somebody_is_said(waiting: dict[str, Any], states: list[State]) -> None:
    assert states == [finding.state for finding in work(waiting)]
