"""The command line as a process: run in a folder of its own with no settings but those given."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from canaries import WATCH
from journeys.parts import PAYMENTS, clean_environment

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def payments(tmp_path: Path) -> Run:
    """Runs `payments` with these arguments and settings to its end."""

    def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        environment = clean_environment(**settings)
        done = subprocess.run(
            [*PAYMENTS, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        WATCH.look("the command", done.stderr)
        return done

    return run


@pytest.fixture
def price_list(tmp_path: Path) -> Path:
    """A price list whose second plan costs less than Stripe charges."""
    plan = """
[[plan]]
id = "{user_type}_plan"
user_type = "{user_type}"
fee_type = "annual_access"
names = {{ en = "One", fr = "Un", ar = "W" }}
prices = {{ mad = {amount}, usd = 3000 }}
"""
    path = tmp_path / "prices.toml"
    amounts = {"talent": 30000, "professional": -5, "company": 30000}
    path.write_text("".join(plan.format(user_type=name, amount=amount) for name, amount in amounts.items()))
    return path


@pytest.fixture
def production() -> dict[str, str]:
    """A complete configuration of a production that does not exist."""
    return {
        "APP_ENV": "production",
        "APP_URL": "https://pay.example.org",
        "DATABASE_URL": "postgresql://payments:word@127.0.0.1:1/payments",
        "STRIPE_SECRET_KEY": "sk_live_0123456789",
        "STRIPE_WEBHOOK_SECRET": "whsec_0123456789",
        "RESEND_API_KEY": "re_0123456789",
        "EMAIL_FROM": "billing@example.org",
        "AUTH_JWT_SECRET": "a-signing-secret-of-the-platform-0123",
    }
