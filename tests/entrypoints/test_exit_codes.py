"""The table of exit codes in docs/operations/README.md is what the commands do, each outcome shown by a process."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from entrypoints.cli.stopping import STOPPED
from journeys.parts import PAYMENTS, clean_environment

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PAGE: Final = Path(__file__).parents[2] / "docs/operations/README.md"
NOBODY: Final = "http://127.0.0.1:1"
NOBODY_KNOWS: Final = "01900000-0000-7000-8000-000000000001"
IN_THE_DATABASE: Final = "DATABASE_URL"

OUTCOMES: Final[tuple[tuple[int, tuple[str, ...], dict[str, str]], ...]] = (
    (0, ("audit", "--settled"), {}),
    (0, ("events", "list"), {}),
    (0, ("jobs", "retry", "--dead"), {}),
    (0, ("review", "list"), {}),
    (0, ("member", "erase", "nobody", "--reason", "they asked"), {}),
    (0, ("migrate",), {}),
    (0, ("token",), {}),
    (0, ("simulate", "--seed", "1"), {}),
    (1, ("reconcile",), {"STRIPE_API_BASE": NOBODY}),
    (1, ("doctor",), {"LOG_LEVEL": "LOUD"}),
    (1, ("events", "replay", "evt_unknown"), {}),
    (1, ("jobs", "discard", "4711"), {}),
    (1, ("review", "refund", NOBODY_KNOWS), {}),
    (1, ("member", "export", "nobody"), {}),
    (1, ("story", "nobody"), {}),
    (1, ("simulate", "--seed", "1", "--mutant", "no_inbox"), {}),
    (1, ("demo",), {"LOG_LEVEL": "LOUD"}),
    (2, ("audit", "--seconds", "none"), {}),
    (2, ("reconcile",), {"LOG_LEVEL": "LOUD"}),
    (2, ("migrate",), {IN_THE_DATABASE: "postgresql://payments@127.0.0.1:1/payments"}),
    (2, ("events", "list"), {IN_THE_DATABASE: "postgresql://payments@127.0.0.1:1/payments"}),
    (2, ("review", "adopt", "cs_1"), {"STRIPE_API_BASE": NOBODY}),
    (3, ("audit",), {IN_THE_DATABASE: "postgresql://payments@127.0.0.1:1/payments"}),
)
"""What a command is asked over an empty database, with which settings, and how it ends.

An audit that finds a broken rule stands in test_audit_command.py, a reconciliation in which all agrees among the journeys.
"""
WITH_JSON: Final = [
    (code, words, settings) for code, words, settings in OUTCOMES if code and words[0] not in ("demo", "member")
]


@pytest.mark.parametrize(
    ("code", "words", "settings"), OUTCOMES, ids=[f"{code}-{'-'.join(w)}" for code, w, _ in OUTCOMES]
)
def test_a_command_ends_with_the_code_of_what_came_of_it(
    payments: Run, database_url: str, code: int, words: tuple[str, ...], settings: dict[str, str]
) -> None:
    done = payments(*words, **{IN_THE_DATABASE: database_url} | settings)

    assert code == done.returncode, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("code", "words", "settings"), WITH_JSON, ids=[f"{code}-{'-'.join(words)}" for code, words, _ in WITH_JSON]
)
def test_programs_read_one_document_or_nothing_where_a_command_ends_otherwise(
    payments: Run, database_url: str, code: int, words: tuple[str, ...], settings: dict[str, str]
) -> None:
    done = payments(*words, "--json", **{IN_THE_DATABASE: database_url} | settings)
    document = json.loads(done.stdout or "null")

    assert code == done.returncode, done.stdout + done.stderr
    assert document or done.stderr


def test_whoever_stops_a_command_is_told_so_and_it_ends_as_shells_have_it(tmp_path: Path, database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stripe:  # takes calls, and answers none
        environment = clean_environment(
            DATABASE_URL=database_url, STRIPE_API_BASE=f"http://127.0.0.1:{stripe.getsockname()[1]}"
        )
        with subprocess.Popen(
            [*PAYMENTS, "reconcile"], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
        ) as process:
            stripe.settimeout(20)
            stripe.accept()[0].close()
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=20)

    assert STOPPED == process.returncode
    assert "Stopped: what was repaired stays so; run it again for the rest.\n" == said


def documented() -> dict[int, set[str]]:
    """The codes of the table, with the commands that each line names."""
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {int(code): set(re.findall(r"`(\w+)`", says)) for code, says in rows}


def test_the_table_has_each_code_and_names_the_commands_that_end_with_it() -> None:
    shown = {code: {words[0] for ended, words, _ in OUTCOMES if ended == code} for code, _, _ in OUTCOMES}

    assert {*shown, STOPPED} == set(documented())
    assert shown[1] | {"audit"} == documented()[1]
    assert shown[3] == documented()[3]
