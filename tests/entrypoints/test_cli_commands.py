"""The commands do what their help says, and the help says it with an example."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import httpx
import jwt
import pytest

from adapters.postgres.schema import newest
from entrypoints.cli import payments as commands
from entrypoints.cli.demo import free_port
from entrypoints.local_secrets import local_secrets
from journeys.parts import Part, clean_environment
from journeys.system import Json

Run = Callable[..., "subprocess.CompletedProcess[str]"]
IN_FILE = "a-secret-that-stands-in-the-file-0123456789"


def below(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """A command and all that lie below it, by what one types."""
    yield name, command
    if isinstance(command, click.Group):
        for word, one in command.commands.items():
            yield from below(one, f"{name} {word}")


EVERY = dict(below(commands, "payments"))


@pytest.mark.parametrize("name", EVERY)
def test_the_help_of_every_command_and_of_all_below_it_shows_an_example(name: str) -> None:
    text = EVERY[name].help or ""

    assert name in text.partition("Example: ")[2]
    assert text.splitlines()[0].endswith(".")


def test_help_is_shown_by_the_program_itself(payments: Run) -> None:
    run = payments("--help")
    of_serve = payments("serve", "-h")

    assert (0, 0) == (run.returncode, of_serve.returncode)
    assert all(f"  {name} " in run.stdout for name in commands.commands)
    assert "Example: payments serve --host 0.0.0.0" in of_serve.stdout
    assert "--workers" in of_serve.stdout


def claims(token: str, secret: str) -> Json:
    """What a token says."""
    found: Json = jwt.decode(token, secret, algorithms=["HS256"])
    return found


def test_token_prints_a_signed_token_and_nothing_else(payments: Run, tmp_path: Path) -> None:
    run = payments("token", "--user-id", "u1", "--user-type", "company", "--scope", "subscriptions:read")
    found = claims(run.stdout.removesuffix("\n"), local_secrets(tmp_path / ".local").jwt_secret)

    assert (0, "") == (run.returncode, run.stderr)
    assert ("u1", "company", "subscriptions:read") == (found["sub"], found["user_type"], found["scope"])
    assert found["iat"] < found["exp"]


def test_programs_get_the_token_with_whose_it_is_and_for_how_long(payments: Run, tmp_path: Path) -> None:
    told = json.loads(payments("token", "--user-id", "u1", "--hours", "2", "--scope", "members:admin", "--json").stdout)
    found = claims(told.pop("token"), local_secrets(tmp_path / ".local").jwt_secret)

    assert {"user_id": "u1", "user_type": "talent", "scope": "members:admin", "expires_in": 7200} == told
    assert ("u1", told["expires_in"]) == (found["sub"], found["exp"] - found["iat"])


def test_a_file_of_settings_is_honoured_locally_and_the_environment_wins_over_it(payments: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"AUTH_JWT_SECRET={IN_FILE}\n")
    from_file = payments("token", "--user-id", "u1").stdout.strip()
    from_environment = payments("token", "--user-id", "u2", AUTH_JWT_SECRET=IN_FILE[::-1]).stdout.strip()

    assert "u1" == claims(from_file, IN_FILE)["sub"]
    assert "u2" == claims(from_environment, IN_FILE[::-1])["sub"]


def test_a_file_of_settings_counts_for_nothing_in_production(
    payments: Run, tmp_path: Path, production: dict[str, str]
) -> None:
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in production.items()))
    run = payments("migrate", APP_ENV="production")

    assert 2 == run.returncode
    assert all(f"  {name}: is needed" in run.stderr for name in production if name != "APP_ENV")


def test_a_file_of_settings_that_says_production_is_held_to_its_rules(payments: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("APP_ENV=production\n")
    run = payments("token")

    assert 2 == run.returncode
    assert "DATABASE_URL: is needed in production" in run.stderr


def test_migrate_can_be_run_twice(payments: Run, empty_database_url: str) -> None:
    runs = [payments("migrate", DATABASE_URL=empty_database_url) for _ in range(2)]
    told = json.loads(payments("migrate", "--json", DATABASE_URL=empty_database_url).stdout)

    assert [0, 0] == [run.returncode for run in runs], runs[0].stderr + runs[1].stderr
    assert 1 == len({run.stdout for run in runs})
    assert f"The database is at revision {told['revision']}.\n" == runs[0].stdout
    assert {"revision": newest()} == told


def test_the_sandbox_signs_with_the_secret_that_the_service_expects(tmp_path: Path) -> None:
    port = free_port()
    environment = clean_environment(STRIPE_WEBHOOK_SECRET="whsec_newest_0123456789,whsec_oldest_0123456789")
    url = f"http://127.0.0.1:{port}/_control"
    sandbox = Part("sandbox", ["sandbox", "--port", str(port)], tmp_path, environment, ready_url=f"{url}/health")
    sandbox.start()
    try:
        settings = httpx.get(f"{url}/settings").json()
    finally:
        code = sandbox.stop()

    assert "whsec_newest_0123456789" == settings["webhook_secret"]
    assert "http://127.0.0.1:8000/api/webhooks/stripe" == settings["webhook_url"]
    assert 0 == code
