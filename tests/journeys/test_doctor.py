"""`payments doctor`, as an operator runs it: on a system that works, and on one of which a part is missing."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from journeys.system import Json, System


def doctor(system: System, folder: Path, *options: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """What the command says with these settings."""
    return subprocess.run(
        [sys.executable, "-m", "entrypoints.cli", "doctor", *options],
        env=system.environment | settings,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def states(answer: "subprocess.CompletedProcess[str]") -> dict[str, str]:
    """The state of each check."""
    document: Json = json.loads(answer.stdout)
    assert document["sound"] == (answer.returncode == 0)

    return {check["name"]: check["state"] for check in document["checks"]}


def test_a_system_that_works_is_sound(system: System) -> None:
    answer = doctor(system, system.folder, "--json")

    assert 0 == answer.returncode, answer.stdout
    assert {"webhook endpoint": "warning", "durability": "warning"} == {
        name: state for name, state in states(answer).items() if state != "ok"
    }, answer.stdout
    assert {
        "rights",
        "sessions",
        "configuration",
        "database",
        "migrations",
        "Stripe",
        "webhook door",
        "mail",
        "tokens",
        "time zone",
    } <= set(states(answer))
    assert not {system.secrets.stripe_secret_key, system.secrets.jwt_secret} & set(answer.stdout.split())


@pytest.mark.parametrize(
    ("settings", "faults"),
    [
        ({"DATABASE_URL": "postgresql://user:a-password-6021@127.0.0.1:1/x"}, {"database"}),
        ({"STRIPE_API_BASE": "http://127.0.0.1:1"}, {"Stripe"}),
        (
            {"STRIPE_SECRET_KEY": "sk_test_another", "STRIPE_WEBHOOK_SECRET": "whsec_" + "x" * 32},
            {"Stripe", "webhook door"},
        ),
        ({"RESEND_API_KEY": "re_x", "RESEND_API_BASE": "http://127.0.0.1:1", "EMAIL_FROM": "a@example.org"}, {"mail"}),
        (
            {"AUTH_JWT_ALGORITHM": "ES256", "AUTH_JWKS_URL": "http://127.0.0.1:1/keys"},
            {"tokens"},
        ),
        ({"BILLING_TIMEZONE": "Mars/One"}, {"configuration"}),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_missing_is_named_with_what_to_do(system: System, settings: dict[str, str], faults: set[str]) -> None:
    answer = doctor(system, system.folder, **settings)
    lines = answer.stdout.splitlines()
    named = {line.removeprefix("FAULT").strip().partition(":")[0] for line in lines if line.startswith("FAULT")}

    assert (1, faults) == (answer.returncode, named), answer.stdout
    assert all("->" in after for line, after in pairwise(lines) if line.startswith("FAULT"))
    assert "a-password-6021" not in answer.stdout + answer.stderr


def test_a_service_that_does_not_run_is_a_warning_on_one_machine(system: System) -> None:
    system.service.stop()
    answer = doctor(system, system.folder, "--json")

    assert "warning" == states(answer)["webhook door"]


def test_a_role_that_lacks_rights_is_told_which(system: System) -> None:
    system.rows("DROP ROLE IF EXISTS reads_only")
    system.rows("CREATE ROLE reads_only LOGIN")
    system.rows("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reads_only")
    answer = doctor(system, system.folder, DATABASE_URL=system.database_url.replace("postgres:", "reads_only:", 1))
    system.rows("DROP OWNED BY reads_only")
    system.rows("DROP ROLE reads_only")
    (line,) = [line for line in answer.stdout.splitlines() if line.startswith("FAULT")]

    assert 1 == answer.returncode
    assert "the role lacks DELETE on events, DELETE on idempotency_keys" in line
