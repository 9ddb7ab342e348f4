"""The watch over what is logged sees what must not be known, in every shape, and fails the test in which it was told."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.memory.store import MemoryStore
from adapters.memory.world import MemoryClock
from application.ports.jobs import JobKind, NewJob
from canaries import WATCH, given_away, plant, watched

log = logging.getLogger("of.a.test")

CANARIES = {
    "an address": "mailed salma@members.example.org",
    "a key of Stripe": "Invalid API Key provided: sk_" + "test_51AbCdEf",
    "a restricted live key": "rk_" + "live_51AbCdEf",
    "a webhook secret": "no signature of whsec_" + "0123456789",
    "a key of Resend": "API key is invalid: re_" + "secret_4711",
    "a token": "cannot verify eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2lnbmF0dXJl",
    "a header": "Authorization: Bearer 0123456789abcdef.x",
    "a password": "cannot reach postgresql://payments:hunter2@127.0.0.1/payments",
    "a name": "no receipt for Salma Bennani",
}
PLAIN = [
    "POST /api/v1/checkouts answered 201 in 3.4 ms",
    "event evt_1TestEvent of type checkout.session.completed: handled",
    "Stripe refused a call: status 401, code None, request req_123",
    "postgresql://payments@127.0.0.1:1/payments",
    "worker started, job re_issue of re_raised",
    "payment 01900000-0000-7000-8000-000000000001 is confirmed with pi_3Abc and cs_test_a1b2",
    "www-authenticate: Bearer",
    "refund re_1Nispe2eZvKYlo2Cd31jOCgZ of pi_1",
    "x" * 200_000,
    "--email: one address in ASCII, such as member@example.org",
]


@pytest.mark.parametrize("text", CANARIES.values(), ids=CANARIES)
def test_what_must_not_be_known_is_seen(text: str) -> None:
    assert 1 == len(given_away(text))


@pytest.mark.parametrize("text", PLAIN)
def test_what_may_be_known_passes(text: str) -> None:
    assert [] == given_away(text)


def test_a_secret_that_was_made_meanwhile_is_seen() -> None:
    plant("0f" * 16)

    assert ["a word that was planted: " + "0f" * 16] == given_away("key " + "0f" * 16)


def test_a_record_of_any_level_is_looked_at() -> None:
    with pytest.raises(AssertionError, match="a key of Stripe"), watched():
        log.debug("with %s", CANARIES["a key of Stripe"])


def test_a_traceback_is_looked_at_with_its_causes() -> None:
    with pytest.raises(AssertionError, match="a password in a URL"), watched():
        try:
            try:
                raise OSError(CANARIES["a password"])
            except OSError as error:
                raise RuntimeError("nothing to see") from error
        except RuntimeError:
            log.exception("it failed")


def test_the_log_of_a_process_is_looked_at_from_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "serve.log"
    file.write_text(f"{CANARIES['a token']}\n")
    WATCH.watch_file(file)
    with watched():
        file.open("a").write("worker started\n")

    with pytest.raises(AssertionError, match=r"serve\.log tells a token"), watched():
        file.open("a").write(f"{CANARIES['a token']}\n")


def test_the_error_of_a_job_is_looked_at() -> None:
    store = MemoryStore(MemoryClock())
    store.jobs.add(NewJob(kind=JobKind.ISSUE_RECEIPT, subject="p"))
    store.jobs.rows[0].last_error = CANARIES["an address"]

    with pytest.raises(AssertionError, match="a job tells an e-mail address"), watched():
        WATCH.look_into(store)


def test_the_test_that_gives_something_away_fails_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from canaries import listen, nothing_is_given_away\n\nlisten()\n")
    (tmp_path / "test_it.py").write_text(
        "import logging\n\n"
        "def test_one():\n    logging.getLogger('x').info('fine')\n\n"
        f"def test_two():\n    logging.getLogger('x').debug({CANARIES['an address']!r})\n\n"
        "def test_three():\n    logging.getLogger('x').info('fine')\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        ".",
        "-v",
        "test_it.py",
    ]

    run = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "3 passed, 1 error" in run.stdout
    assert "ERROR test_it.py::test_two" in run.stdout
