"""What an operator can mend is said in one message with the mend, without a traceback, and ends with exit code 2."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from entrypoints.cli.commands import address_of_run
from entrypoints.cli.environment import Unusable, check_port
from entrypoints.settings import read_settings

Run = Callable[..., "subprocess.CompletedProcess[str]"]
CANARY = "kept-canary-4711"
NOBODY_LISTENS = f"postgresql://payments:{CANARY}@127.0.0.1:1/payments"


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def said(run: "subprocess.CompletedProcess[str]") -> str:
    """The one message of a command that could not be run."""
    assert 2 == run.returncode, run.stderr
    assert "" == run.stdout
    assert "Traceback" not in run.stderr

    return run.stderr


@pytest.mark.parametrize("command", ["run", "serve", "worker", "migrate", "sandbox", "token"])
def test_every_command_reads_the_configuration_first_and_tells_all_its_faults(payments: Run, command: str) -> None:
    message = said(payments(command, LOG_LEVEL="LOUD", STRIPE_SECRET_KEY=f"sk_live_{CANARY}"))

    assert message.startswith("The configuration cannot be used:\n")
    assert "  LOG_LEVEL: must be one of DEBUG" in message
    assert "  STRIPE_SECRET_KEY: is a live key: use a test key here" in message
    assert CANARY not in message


def test_a_price_list_that_breaks_a_rule_stops_the_start_and_is_named_with_its_line(
    payments: Run, price_list: Path
) -> None:
    message = said(payments("serve", PRICING_FILE=str(price_list)))

    assert message.startswith("The price list cannot be used:\n")
    assert f"{price_list}, line 9: " in message


def test_a_price_list_that_is_not_there_is_named(payments: Run) -> None:
    assert "nowhere.toml: cannot be read" in said(payments("worker", PRICING_FILE="nowhere.toml"))


def test_a_currency_without_a_price_is_named_with_the_plan_that_lacks_it(payments: Run) -> None:
    assert "talent_membership has no price in eur: add it" in said(payments("migrate", CURRENCIES="mad,eur"))


@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
def test_a_database_that_does_not_answer_is_named_without_its_password(payments: Run, command: str) -> None:
    options = ["--port", "0"] if command == "serve" else []
    message = said(payments(command, *options, DATABASE_URL=NOBODY_LISTENS))

    assert "The database cannot be reached: postgresql://payments@127.0.0.1:1/payments" in message
    assert "Start that server or correct DATABASE_URL" in message
    assert CANARY not in message


@pytest.mark.parametrize(("command", "what"), [("serve", "The service"), ("sandbox", "The Stripe sandbox")])
def test_a_port_that_is_taken_is_named(payments: Run, taken_port: int, command: str, what: str) -> None:
    message = said(payments(command, "--port", str(taken_port)))

    assert f"{what} cannot listen on 127.0.0.1:{taken_port}: Address already in use." in message
    assert 1 == len(message.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "--port", "70000"),
        ("serve", "--workers", "0"),
        ("sandbox", "--port", "-1"),
        ("token", "--user-type", "king"),
        ("pay",),
    ],
)
def test_an_option_or_command_that_does_not_exist_or_fit_is_refused(payments: Run, arguments: tuple[str, ...]) -> None:
    assert "Error: " in said(payments(*arguments))


def test_an_address_of_version_six_can_be_listened_on_where_the_machine_has_it() -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no ::1")
    check_port("::1", 0, "The service")


def test_an_address_that_is_not_this_machines_cannot_be_listened_on() -> None:
    with pytest.raises(Unusable, match=r"The service cannot listen on 203\.0\.113\.1:0"):
        check_port("203.0.113.1", 0, "The service")


@pytest.mark.parametrize("command", ["run", "token", "sandbox"])
def test_what_is_for_one_machine_is_refused_in_production(
    payments: Run, production: dict[str, str], command: str
) -> None:
    message = said(payments(command, **production))

    assert "production" in message or "APP_ENV=local" in message
    assert 1 == len(message.splitlines())


def test_a_settings_file_that_is_no_text_is_named(payments: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe")

    assert "The file .env cannot be read as UTF-8 text" in said(payments("token"))


@pytest.mark.parametrize("option", [("--user-id", "org/7"), ("--user-id", ""), ("--email", "nobody")])
def test_a_member_that_no_token_can_be_for_is_refused(payments: Run, option: tuple[str, str]) -> None:
    assert option[0] in said(payments("token", *option))


@pytest.mark.parametrize(
    ("app_url", "address"),
    [
        ("http://127.0.0.1:8123", ("127.0.0.1", 8123)),
        ("http://localhost", ("localhost", 8000)),
        ("https://pay.example.org", ("127.0.0.1", 8000)),
        ("https://pay.example.org:8443", ("127.0.0.1", 8000)),
    ],
)
def test_a_run_behind_a_tunnel_listens_at_the_usual_place(
    app_url: str, address: tuple[str, int], tmp_path: Path
) -> None:
    assert address == address_of_run(read_settings({"APP_URL": app_url}, tmp_path))
