"""Settings are read whole: what is left out has a default, and every fault is told by name, with its mend, in one list."""

from pathlib import Path

import pytest

from application.rate_limits import Quotas
from entrypoints.settings import ConfigurationError, read_settings

CANARY = "kept-canary-4711"


def faults_of(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """The mends of an environment that cannot be used, by the names of the variables."""
    with pytest.raises(ConfigurationError) as caught:
        read_settings(environment, folder)
    return dict(fault.split(": ", 1) for fault in caught.value.faults)


def test_an_empty_environment_is_a_complete_local_configuration(tmp_path: Path) -> None:
    settings = read_settings({}, tmp_path)

    assert "http://127.0.0.1:8000" == settings.app_url
    assert (False, False, True) == (settings.production, settings.live, settings.uses_sandbox)
    assert (None, None, False) == (settings.database_url, settings.resend_api_key, settings.log_json)
    assert (("mad", "usd"), 60, 30) == (
        settings.currencies,
        settings.checkout_ttl_minutes,
        settings.renewal_window_days,
    )
    assert (90, 400, 30) == (settings.event_body_days, settings.event_id_days, settings.job_days)
    assert (
        Quotas(checkouts=30, requests=600, authentication_failures=60, signature_failures=300) == settings.rate_limits
    )
    assert "Africa/Casablanca" == settings.billing_timezone.key
    assert 32 <= len(settings.tokens.secret or "")


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("APP_ENV", "staging", "must be one of local, production"),
        ("APP_URL", "pay.example.org", "must be an http or https URL"),
        ("APP_URL", "ftp://pay.example.org", "must be an http or https URL"),
        ("APP_URL", "http://pay.example.org?x=1", "without user and query"),
        ("APP_URL", "https://u:p@pay.example.org", "without user and query"),
        ("APP_URL", "https://p\u00e9.example.org", "without user and query"),
        ("APP_URL", "http://[::1", "must be an http or https URL"),
        ("APP_URL", "http://pay.example.org:99999", "must be an http or https URL"),
        ("NEXT_PUBLIC_APP_URL", "nowhere", "must be an http or https URL"),
        ("DATABASE_URL", f"mysql://user:{CANARY}@host/base", "must be a Postgres URL"),
        ("DATABASE_URL", f"postgresql://user:{CANARY}@[host/base", "must be a Postgres URL"),
        ("DATABASE_URL", "postgresql:base", "must be a Postgres URL"),
        ("STRIPE_SECRET_KEY", f"pk_test_{CANARY}", "must be a secret or restricted key"),
        ("STRIPE_SECRET_KEY", f"sk_live_{CANARY}", "is a live key: use a test key here, or set APP_ENV=production"),
        ("STRIPE_SECRET_KEY", f"rk_live_{CANARY}", "is a live key"),
        ("STRIPE_WEBHOOK_SECRET", CANARY, "must be one or more endpoint secrets (whsec_...)"),
        ("STRIPE_WEBHOOK_SECRET", f"whsec_{CANARY},{CANARY}", "must be one or more endpoint secrets"),
        ("STRIPE_WEBHOOK_SECRET", ",", "must be one or more endpoint secrets"),
        ("STRIPE_API_BASE", "127.0.0.1:12111", "must be an http or https URL"),
        ("RESEND_API_BASE", "resend", "must be an http or https URL"),
        ("EMAIL_FROM", "billing", "must be a sender"),
        ("EMAIL_FROM", "a@b.example\nBcc: c@d.example", "must be a sender"),
        ("AUTH_JWT_SECRET", CANARY, "is too short: 32 bytes or more"),
        ("AUTH_JWT_ALGORITHM", "none", "must be one of HS256, RS256, ES256, EdDSA"),
        ("AUTH_JWKS_URL", "keys", "must be an http or https URL"),
        ("CURRENCIES", "mad,mad", "must be ISO 4217 codes"),
        ("CURRENCIES", "dirham", "must be ISO 4217 codes"),
        ("CURRENCIES", ",", "must be ISO 4217 codes"),
        ("CHECKOUT_TTL_MINUTES", "30", "must be a whole number from 35 to 1435"),
        ("CHECKOUT_TTL_MINUTES", "1440", "must be a whole number from 35 to 1435"),
        ("CHECKOUT_TTL_MINUTES", "9" * 5000, "must be a whole number"),
        ("RENEWAL_WINDOW_DAYS", "-1", "must be a whole number from 0 to 365"),
        ("RENEWAL_WINDOW_DAYS", "3.5", "must be a whole number"),
        ("EVENT_ID_DAYS", "34", "from 35 to 36500: Stripe can tell an event of the last 30 days again"),
        ("EVENT_BODY_DAYS", "401", "from 1 to 400, the days of EVENT_ID_DAYS: a body is deleted with its event"),
        ("EVENT_BODY_DAYS", "0", "must be a whole number from 1 to 400"),
        ("JOB_DAYS", "0", "must be a whole number from 1 to 36500"),
        ("RATE_LIMIT_CHECKOUTS", "-1", "must be a whole number from 0 to 1000000 a minute, where 0 is no limit"),
        ("RATE_LIMIT_REQUESTS", "many", "must be a whole number from 0"),
        ("RATE_LIMIT_AUTH_FAILURES", "1.5", "must be a whole number from 0"),
        ("RATE_LIMIT_SIGNATURE_FAILURES", "1000001", "must be a whole number from 0"),
        ("TRUSTED_PROXIES", "*", "must be addresses or networks of your own proxies"),
        ("TRUSTED_PROXIES", "0.0.0.0/0", "must be addresses or networks"),
        ("TRUSTED_PROXIES", "10.0.0.7/8", "must be addresses or networks"),
        ("TRUSTED_PROXIES", "10.0.0.7,balancer", "must be addresses or networks"),
        ("BILLING_TIMEZONE", "Mars/Olympus", "must be a time zone's name"),
        ("BILLING_TIMEZONE", "../../etc/passwd", "must be a time zone's name"),
        ("BILLING_TIMEZONE", "Africa", "must be a time zone's name"),
        ("LOG_LEVEL", "LOUD", "must be one of DEBUG, INFO, WARNING, ERROR"),
        ("SENTRY_DSN", "sentry.example.org", "must be the DSN of a Sentry project: https://KEY@HOST/NUMBER"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "must be an http or https URL"),
        ("LOG_FORMAT", "xml", "must be one of json, text"),
    ],
)
def test_a_fault_is_told_by_the_variables_name_with_its_mend(tmp_path: Path, name: str, value: str, mend: str) -> None:
    faults = faults_of({name: value}, tmp_path)

    assert mend in faults[name]
    assert CANARY not in str(faults)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    wrong = {
        "APP_URL": "x",
        "CURRENCIES": "x",
        "LOG_LEVEL": "x",
        "EMAIL_FROM": "x",
        "BILLING_TIMEZONE": "x",
        "DATABASE_URL": "x",
        "CHECKOUT_TTL_MINUTES": "x",
    }

    assert set(wrong) == set(faults_of(wrong, tmp_path))


def test_a_stripe_key_of_ones_own_needs_its_webhook_secret_and_leaves_the_sandbox(tmp_path: Path) -> None:
    faults = faults_of({"STRIPE_SECRET_KEY": "sk_test_of_ones_own"}, tmp_path)
    settings = read_settings(
        {"STRIPE_SECRET_KEY": "sk_test_of_ones_own", "STRIPE_WEBHOOK_SECRET": "whsec_of_the_endpoint"}, tmp_path
    )

    assert ["STRIPE_WEBHOOK_SECRET"] == list(faults)
    assert (None, False) == (settings.stripe_api_base, settings.uses_sandbox)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg"])
def test_a_database_url_is_taken_with_and_without_the_suffix_of_a_driver(tmp_path: Path, scheme: str) -> None:
    url = f"{scheme}://user:word@one.example.org:5432,two.example.org/base?sslmode=require"

    assert url == read_settings({"DATABASE_URL": url}, tmp_path).database_url


def test_an_empty_variable_counts_as_left_out(tmp_path: Path) -> None:
    names = ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "DATABASE_URL", "APP_URL", "RESEND_API_KEY", "LOG_LEVEL")
    settings = read_settings(dict.fromkeys(names, " "), tmp_path)
    left_out = read_settings({}, tmp_path)

    assert left_out == settings


def test_several_webhook_secrets_are_kept_in_their_order(tmp_path: Path) -> None:
    secrets = "whsec_first_secret, whsec_second_secret ,"
    settings = read_settings({"STRIPE_WEBHOOK_SECRET": secrets}, tmp_path)

    assert ("whsec_first_secret", "whsec_second_secret") == settings.stripe_webhook_secrets


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"NEXT_PUBLIC_APP_URL": "https://a.example.org/"}, "https://a.example.org"),
        ({"APP_URL": "https://b.example.org", "NEXT_PUBLIC_APP_URL": "https://a.example.org"}, "https://b.example.org"),
        ({"APP_URL": "", "NEXT_PUBLIC_APP_URL": "https://a.example.org"}, "https://a.example.org"),
    ],
)
def test_the_front_ends_own_name_of_the_base_url_serves_where_ours_is_left_out(
    tmp_path: Path, environment: dict[str, str], url: str
) -> None:
    assert url == read_settings(environment, tmp_path).app_url


def test_settings_show_no_secret_when_they_are_printed(tmp_path: Path) -> None:
    environment = {
        "DATABASE_URL": f"postgresql://user:{CANARY}@host/base",
        "STRIPE_SECRET_KEY": f"sk_test_{CANARY}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{CANARY}",
        "RESEND_API_KEY": f"re_{CANARY}",
        "AUTH_JWT_SECRET": CANARY * 3,
    }
    settings = read_settings(environment, tmp_path)

    assert CANARY in settings.stripe_secret_key
    assert CANARY not in f"{settings} {settings!r} {settings.tokens!r}"


def test_bodies_are_kept_no_longer_than_their_events(tmp_path: Path) -> None:
    settings = read_settings({"EVENT_ID_DAYS": "35"}, tmp_path)

    assert (35, 35) == (settings.event_body_days, settings.event_id_days)
