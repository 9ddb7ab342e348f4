"""Log lines: JSON for machines, readable for people, and in neither what a program holds in its hands when it fails."""

import asyncio
import json
import logging
import subprocess
import sys

import pytest

from application.log_context import about, also_about, present
from entrypoints.http.identity import loggable
from entrypoints.logs import Event, add_context, in_one_line
from entrypoints.request_ids import id_for, request_id
from journeys.parts import clean_environment

PROGRAM = """
import logging, sys
from entrypoints.logs import configure_logs

configure_logs("INFO", as_json=sys.argv[1] == "json")
log = logging.getLogger("worker")
log.debug("too quiet to be heard")
log.info("job %s is done", "issue_receipt", extra={"stripe_request_id": "req_abc", "body": "kept-canary"})
logging.getLogger("httpx").info("chatter")

def fail(token):
    secret = "kept-" + "canary"
    raise ValueError("boom")

try:
    fail("kept-" + "canary")
except ValueError as error:
    log.error("unforeseen error", exc_info=error)
"""

OF_THE_POOL = """
import logging
from entrypoints.logs import configure_logs

configure_logs("INFO", as_json=False)
try:
    raise ConnectionRefusedError("100% away")
except OSError:
    logging.getLogger("asyncpg.pool").warning("no %s", "connection", exc_info=True)
"""


def lines_of(form: str) -> list[str]:
    """What the program logs."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, form],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "" == run.stdout

    return run.stderr.splitlines()


def test_json_has_one_object_a_line_with_its_level_time_and_logger() -> None:
    first, second = (json.loads(line) for line in lines_of("json"))

    assert ("job issue_receipt is done", "info", "worker") == (first["event"], first["level"], first["logger"])
    assert first["timestamp"].endswith("Z")
    assert "request_id" not in first
    assert ("req_abc", None) == (first["stripe_request_id"], first.get("body"))
    assert "boom" == second["exception"][0]["exc_value"]
    assert ["<module>", "fail"] == [frame["name"] for frame in second["exception"][0]["frames"]]


def test_the_readable_form_is_one_line_an_event_and_a_plain_traceback() -> None:
    lines = lines_of("text")

    assert lines[0].split("[")[1].startswith("info")
    assert "job issue_receipt is done" in lines[0]
    assert "\x1b" not in "".join(lines)
    assert "ValueError: boom" == lines[-1]


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_shows_no_variables(form: str) -> None:
    assert "kept-canary" not in "".join(lines_of(form))


def logged() -> Event:
    """A line that is written just now."""
    event: Event = {"event": "x"}
    return add_context(None, "info", event)


def test_a_line_names_what_the_work_at_hand_is_about_and_nothing_of_what_is_over() -> None:
    with about(request_id=id_for(b"req_1")):
        begun, named = logged(), request_id()
        also_about(payment_id="p1")
        with about(event_id="evt_1"):
            also_about(payment_id="p2")
            within = logged()
        after = logged()
    outside = logged()

    assert {"event": "x", "request_id": "req_1"} == begun
    assert {"event": "x", "request_id": "req_1", "payment_id": "p2", "event_id": "evt_1"} == within
    assert {"event": "x", "request_id": "req_1", "payment_id": "p1"} == after
    assert {"event": "x"} == outside
    assert ("req_1", "-") == (named, request_id())


async def test_works_side_by_side_name_each_its_own() -> None:
    async def work(name: str) -> str:
        with about(job_id=name):
            await asyncio.sleep(0)
            return present()["job_id"]

    assert ["a", "b", "c"] == await asyncio.gather(*(work(name) for name in "abc"))


def test_a_member_whose_id_is_an_address_is_named_by_a_digest_of_it() -> None:
    assert "user-1" == loggable("user-1")
    assert loggable("amal@matrix.example.org") == loggable("amal@matrix.example.org")
    assert "amal" not in loggable("amal@matrix.example.org")


def test_a_database_that_is_away_costs_one_line_of_log_and_no_traceback_each_time() -> None:
    run = subprocess.run(
        [sys.executable, "-c", OF_THE_POOL], env=clean_environment(), capture_output=True, text=True, check=True
    )
    (line,) = run.stderr.splitlines()

    assert "no connection: ConnectionRefusedError('100% away')" in line


def test_a_line_without_an_error_stays_as_it_is() -> None:
    record = logging.LogRecord("asyncpg.pool", logging.INFO, "", 0, "all %s", ("well",), None)
    kept = in_one_line(record)

    assert (True, "all well") == (kept, record.getMessage())
