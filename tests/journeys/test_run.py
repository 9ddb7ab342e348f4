"""`payments run` brings up everything on a machine with nothing installed, and takes everything away again."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoints.cli.demo import free_port
from entrypoints.settings import SANDBOX_PORT, sandbox_url
from journeys.parts import PAYMENTS, Part, answers, clean_environment, eventually
from journeys.shopper import Shopper
from journeys.system import System

SANDBOX = sandbox_url(SANDBOX_PORT)


class Everything(System):
    """The same system in the hands of one command."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "")
        self.sandbox_url = SANDBOX
        self.environment = clean_environment(APP_URL=self.url)
        self.run = Part("run", ["run"], folder, self.environment, ready_word="Ctrl-C stops everything")

    def over(self, database_url: str) -> Part:
        """The command with another database, for one short start."""
        environment = self.environment | {"DATABASE_URL": database_url}
        return Part("short-run", ["run"], self.folder, environment, ready_word="Ctrl-C stops everything")

    def second(self, app_url: str) -> subprocess.CompletedProcess[str]:
        """What becomes of another `payments run` in another folder."""
        folder = self.folder / "second"
        folder.mkdir(exist_ok=True)
        return subprocess.run(
            [*PAYMENTS, "run"],
            cwd=folder,
            env=self.environment | {"APP_URL": app_url},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


@pytest.fixture(scope="module")
def everything(open_folder_of_module: Path) -> Iterator[Everything]:
    """A folder in which `payments run` is started. Its sandbox listens on a fixed port, which somebody else may use."""
    if answers(SANDBOX):
        pytest.skip(f"the sandbox's port {SANDBOX_PORT} is taken on this machine")
    system = Everything(open_folder_of_module)
    yield system
    system.web.close()
    if system.run.runs:
        system.run.signal(signal.SIGINT)
        system.run.exit_code(seconds=30)


@pytest.fixture
def running(everything: Everything) -> Everything:
    """`payments run`, ready."""
    if not everything.run.runs:
        everything.run.start()
    return everything


def test_everything_is_ready_and_a_member_can_pay(running: Everything) -> None:
    shopper = Shopper(running)
    checkout = shopper.buys()
    number = shopper.receipt_number(checkout)
    welcome = running.run.said()

    assert 200 == running.web.get(f"{running.url}/health/ready").status_code
    assert "SUCCEEDED" == shopper.payment(checkout)["status"]
    assert number in shopper.mails()[0].text
    assert [1, 1, 1] == [welcome.count(f"--user-type {word}") for word in ("talent", "professional", "company")]
    assert f"{running.url}/schema" in welcome
    assert SANDBOX in welcome


def test_a_second_run_says_which_port_is_taken_and_changes_nothing(running: Everything) -> None:
    same = running.second(running.url)
    beside = running.second(f"http://127.0.0.1:{free_port()}")

    assert (2, 2) == (same.returncode, beside.returncode)
    assert f"The service cannot listen on {running.url.removeprefix('http://')}" in same.stderr
    assert f"The Stripe sandbox cannot listen on 127.0.0.1:{SANDBOX_PORT}" in beside.stderr
    assert [1, 1] == [len(run.stderr.strip().splitlines()) for run in (same, beside)]
    assert 200 == running.web.get(f"{running.url}/health/ready").status_code
    assert running.sandbox_told("GET", "health")


def test_ctrl_c_stops_the_service_the_worker_the_sandbox_and_postgres(running: Everything) -> None:
    mark = running.folder / ".local" / "postgres" / "postmaster.pid"
    before = (mark.exists(), answers(running.url), answers(SANDBOX))
    running.run.signal(signal.SIGINT)
    code = running.run.exit_code(seconds=15)

    assert (True, True, True) == before
    assert 0 == code
    assert (False, False, False) == (mark.exists(), answers(running.url), answers(SANDBOX))
    assert "Traceback" not in running.run.said()


def test_what_was_paid_is_still_there_after_a_new_start(running: Everything) -> None:
    shopper = Shopper(running)
    checkout = shopper.buys()
    open_one = Shopper(running)
    still_open = open_one.checkout()
    running.run.signal(signal.SIGTERM)
    code = running.run.exit_code(seconds=15)
    running.run.start()
    open_one.pays(still_open)

    assert 0 == code
    assert "SUCCEEDED" == shopper.payment(checkout)["status"]
    assert "SUCCEEDED" == open_one.payment(still_open)["status"]


def test_a_start_that_is_told_to_stop_half_way_leaves_no_sandbox_behind(
    everything: Everything, empty_database_url: str
) -> None:
    if everything.run.runs:
        everything.run.stop()
    run = everything.over(empty_database_url)
    run.launch()
    eventually("the sandbox listens", lambda: answers(SANDBOX))
    run.signal(signal.SIGTERM)
    code = run.exit_code(seconds=15)

    assert code in (0, 1, 130)
    assert not answers(SANDBOX)
    assert "Traceback" not in run.said()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL])
def test_a_closed_terminal_or_a_killed_run_leaves_no_sandbox_behind(
    everything: Everything, number: signal.Signals
) -> None:
    if not everything.run.runs:
        everything.run.start()
    everything.run.signal(number)
    everything.run.exit_code(seconds=15)
    eventually("the sandbox has ended too", lambda: not answers(SANDBOX))
    everything.run.start()

    assert answers(SANDBOX)
