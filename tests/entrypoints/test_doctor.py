"""What the doctor says, and that a check that hangs or breaks is one fault and no more."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from entrypoints.doctor.checks import NEEDED_EVENTS, judged, published, session, skew, work
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


@pytest.mark.parametrize(
    ("url", "production", "state"),
    [
        ("https://platform.example.org/keys", True, State.OK),
        ("http://platform.example.org/keys", True, State.WARNING),
        ("http://127.0.0.1:9000/keys", False, State.OK),
    ],
)
def test_keys_that_come_without_tls_are_warned_of_in_production(url: str, production: bool, state: State) -> None:
    assert state is published("2 keys", url, production=production).state


class Statement:
    """A prepared statement that is there the second time, or not."""

    def __init__(self, fault: Exception | None) -> None:
        self._fault = fault
        self._used = False

    async def fetchval(self, **_: float) -> int:
        if self._used and self._fault is not None:
            raise self._fault
        self._used = True
        return 1


class Connection:
    """A connection whose prepared statement is found again, or not."""

    def __init__(self, fault: Exception | None = None) -> None:
        self._fault = fault
        self.said: list[str] = []

    async def prepare(self, sql: str) -> Statement:
        return Statement(self._fault)

    async def execute(self, command: str) -> None:
        self.said.append(command)


@pytest.mark.parametrize(
    ("met", "state"),
    [
        (None, State.OK),
        (asyncpg.InvalidSQLStatementNameError("gone"), State.FAULT),
        (asyncpg.DuplicatePreparedStatementError("somebody else's"), State.FAULT),
        (TimeoutError(), State.FAULT),
    ],
)
async def test_a_pooler_that_loses_prepared_statements_is_a_fault(met: Exception | None, state: State) -> None:
    other = Connection()
    found = await session(Connection(met), other)

    assert (state, "sessions") == (found.state, found.name)
    assert ["BEGIN", "ROLLBACK"] == other.said
