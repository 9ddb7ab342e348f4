"""Reading the configuration: variable by variable from the environment, each fault kept by name with its mend."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from application.rate_limits import Quotas
from entrypoints.local_secrets import FILE_NAME, LocalSecrets, local_secrets
from entrypoints.settings.shape import (
    APP_PORT,
    SANDBOX_PORT,
    SYMMETRIC,
    ConfigurationError,
    Settings,
    TokenSettings,
    sandbox_url,
)

EVENT_ID_DAYS_MIN: Final = 35
DAYS_MAX: Final = 36500
A_MINUTE_MAX: Final = 1_000_000
SECRET_BYTES_MIN: Final = 32
LOCAL_SIGN_IN: Final = "/dev/sign-in"
CHECKOUT_MINUTES: Final = (35, 23 * 60 + 55)
"""The bounds of CHECKOUT_TTL_MINUTES: Stripe's are 30 minutes and 24 hours, judged on its own clock when the request arrives."""

ALGORITHMS: Final = (SYMMETRIC, "RS256", "ES256", "EdDSA")
DSN: Final = re.compile(r"https?://\w+@[\w.:-]+(/[\w-]+)*/\d+")
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")


def read_settings(environment: Mapping[str, str], folder: Path) -> Settings:
    """The settings of an environment. `folder` is where local data lie and local secrets are made.

    Raises ConfigurationError with every fault at once.
    """
    return _Reader(environment, folder).settings()


def _is_base_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises where it is no port
    except ValueError:
        return False
    plain = value.isascii() and parts.username is None and not parts.query and not parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain


def _is_postgres_url(value: str) -> bool:
    try:
        scheme = urlsplit(value).scheme
    except ValueError:
        return False
    return "://" in value and scheme.partition("+")[0] in ("postgresql", "postgres")


def _is_proxy(value: str) -> bool:
    try:
        return ip_network(value).prefixlen > 0
    except ValueError:
        return False


class _Reader:
    """Reads variable by variable and gathers the faults."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = environment
        self._folder = folder
        self._faults: list[str] = []
        self._production = self._choice("APP_ENV", "local", ("local", "production")) == "production"
        self._local = LocalSecrets(jwt_secret="", stripe_secret_key="", stripe_webhook_secret="")
        if not self._production:
            self._local = self._local_secrets()

    def settings(self) -> Settings:
        """All of them."""
        own_stripe = self._get("STRIPE_SECRET_KEY") is not None
        sandbox = None if own_stripe or self._production else sandbox_url(SANDBOX_PORT)
        settings = Settings(
            production=self._production,
            app_url=self._app_url(),
            local_folder=self._folder,
            database_url=self._database_url(),
            stripe_secret_key=self._stripe_key(),
            stripe_publishable_key=self._get("STRIPE_PUBLISHABLE_KEY"),
            stripe_webhook_secrets=self._webhook_secrets(own_stripe),
            stripe_api_base=self._url("STRIPE_API_BASE") or sandbox,
            resend_api_key=self._needed_in_production("RESEND_API_KEY", "an API key of Resend (re_...)"),
            resend_api_base=self._url("RESEND_API_BASE"),
            email_from=self._email_from(),
            tokens=self._tokens(),
            rate_limits=self._rate_limits(),
            trusted_proxies=self._trusted_proxies(),
            pricing_file=Path(found) if (found := self._get("PRICING_FILE")) else None,
            currencies=self._currencies(),
            checkout_ttl_minutes=self._number("CHECKOUT_TTL_MINUTES", 60, *CHECKOUT_MINUTES),
            renewal_window_days=self._number("RENEWAL_WINDOW_DAYS", 30, 0, 365),
            event_body_days=self._event_body_days(),
            event_id_days=self._event_id_days(),
            job_days=self._number("JOB_DAYS", 30, 1, DAYS_MAX),
            billing_timezone=self._zone(),
            sign_in_url=self._sign_in_url(),
            otlp_endpoint=self._url("OTEL_EXPORTER_OTLP_ENDPOINT"),
            sentry_dsn=self._sentry_dsn(),
            log_level=self._choice("LOG_LEVEL", "INFO", LEVELS),
            log_json=self._choice("LOG_FORMAT", "json" if self._production else "text", ("json", "text")) == "json",
        )
        if self._production and self._get("STRIPE_API_BASE"):
            self._fault("STRIPE_API_BASE", "is for the sandbox: leave it out in production")
        if self._faults:
            raise ConfigurationError(self._faults)
        return settings

    def _local_secrets(self) -> LocalSecrets:
        try:
            return local_secrets(self._folder)
        except (OSError, ValueError) as error:
            path = self._folder / FILE_NAME
            self._fault(str(path), f"cannot be used ({type(error).__name__}): delete it, and make its folder writable")
            return self._local

    def _get(self, name: str) -> str | None:
        return self._environment.get(name, "").strip() or None

    def _fault(self, name: str, mend: str) -> None:
        if (fault := f"{name}: {mend}") not in self._faults:
            self._faults.append(fault)

    def _choice(self, name: str, left_out: str, words: tuple[str, ...]) -> str:
        value = self._get(name) or left_out
        found = next((word for word in words if word.lower() == value.lower()), None)
        if found is None:
            self._fault(name, f"must be one of {', '.join(words)}")
        return found or left_out

    def _number(self, name: str, left_out: int, least: int, most: int, *, why: str = "") -> int:
        value = self._get(name)
        if value is None:
            return left_out
        if not (value.isascii() and value.isdigit() and len(value) < 10) or not least <= int(value) <= most:
            self._fault(name, f"must be a whole number from {least} to {most}{why}")
            return left_out
        return int(value)

    def _url(self, name: str) -> str | None:
        value = self._get(name)
        if value is None:
            return None
        if not _is_base_url(value):
            self._fault(name, "must be an http or https URL without user and query, such as https://pay.example.org")
        return value.rstrip("/")

    def _needed_in_production(self, name: str, what: str) -> str | None:
        value = self._get(name)
        if value is None and self._production:
            self._fault(name, f"is needed in production: set it to {what}")
        return value

    def _app_url(self) -> str:
        name = "APP_URL" if self._get("APP_URL") or not self._get("NEXT_PUBLIC_APP_URL") else "NEXT_PUBLIC_APP_URL"
        value = self._url(name)
        if self._production and value is None:
            self._fault("APP_URL", "is needed in production: set it to the public base URL, https://...")
        elif self._production and value is not None and not value.startswith("https://"):
            self._fault(name, "must be https in production: members give money there")
        return value or f"http://127.0.0.1:{APP_PORT}"

    def _database_url(self) -> str | None:
        value = self._needed_in_production("DATABASE_URL", "postgresql://user:password@host/database")
        if value is not None and not _is_postgres_url(value):
            self._fault("DATABASE_URL", "must be a Postgres URL: postgresql://user:password@host/database")
        return value

    def _stripe_key(self) -> str:
        value = self._needed_in_production("STRIPE_SECRET_KEY", "the secret key of your Stripe account (sk_live_...)")
        if value is None:
            return self._local.stripe_secret_key
        live = value.startswith(("sk_live_", "rk_live_"))
        if not live and not value.startswith(("sk_test_", "rk_test_")):
            self._fault("STRIPE_SECRET_KEY", "must be a secret or restricted key of Stripe (sk_... or rk_...)")
        elif self._production and not live:
            self._fault("STRIPE_SECRET_KEY", "is a test key: production needs the live one (sk_live_...)")
        elif not self._production and live:
            self._fault("STRIPE_SECRET_KEY", "is a live key: use a test key here, or set APP_ENV=production")
        return value

    def _webhook_secrets(self, own_stripe: bool) -> tuple[str, ...]:
        value = self._get("STRIPE_WEBHOOK_SECRET")
        if value is None:
            if self._production or own_stripe:
                self._fault(
                    "STRIPE_WEBHOOK_SECRET", "is needed with a Stripe key: set it to the endpoint's secret (whsec_...)"
                )
            return (self._local.stripe_webhook_secret,)
        secrets = tuple(part.strip() for part in value.split(",") if part.strip())
        if not secrets or not all(secret.startswith("whsec_") and len(secret) >= 16 for secret in secrets):
            self._fault("STRIPE_WEBHOOK_SECRET", "must be one or more endpoint secrets (whsec_...), comma-separated")
        return secrets

    def _event_id_days(self) -> int:
        why = ": Stripe can tell an event of the last 30 days again, and it must then still be known"
        return self._number("EVENT_ID_DAYS", 400, EVENT_ID_DAYS_MIN, DAYS_MAX, why=why)

    def _event_body_days(self) -> int:
        id_days = self._event_id_days()
        why = ", the days of EVENT_ID_DAYS: a body is deleted with its event" if id_days < DAYS_MAX else ""
        return self._number("EVENT_BODY_DAYS", min(90, id_days), 1, id_days, why=why)

    def _sign_in_url(self) -> str | None:
        return self._url("SIGN_IN_URL") or (None if self._production else f"{self._app_url()}{LOCAL_SIGN_IN}")

    def _sentry_dsn(self) -> str | None:
        value = self._get("SENTRY_DSN")
        if value is not None and not DSN.fullmatch(value):
            self._fault("SENTRY_DSN", "must be the DSN of a Sentry project: https://KEY@HOST/NUMBER")
        return value

    def _email_from(self) -> str:
        value = self._needed_in_production("EMAIL_FROM", "the sender, such as Talents Acting <billing@example.org>")
        if value is not None and ("@" not in value or "\n" in value or "\r" in value):
            self._fault("EMAIL_FROM", "must be a sender, such as Talents Acting <billing@example.org>")
        return value or "Talents Acting <billing@talents-acting.example>"

    def _tokens(self) -> TokenSettings:
        secret, public_key = self._get("AUTH_JWT_SECRET"), self._get("AUTH_JWT_PUBLIC_KEY")
        jwks_url = self._url("AUTH_JWKS_URL")
        algorithm = self._choice("AUTH_JWT_ALGORITHM", SYMMETRIC, ALGORITHMS)
        if algorithm == SYMMETRIC:
            if secret is None and self._production:
                self._fault("AUTH_JWT_SECRET", "is needed in production: set it to the platform's signing secret")
            if secret is not None and len(secret.encode()) < SECRET_BYTES_MIN:
                self._fault("AUTH_JWT_SECRET", f"is too short: {SECRET_BYTES_MIN} bytes or more")
            if public_key or jwks_url:
                self._fault("AUTH_JWT_ALGORITHM", "must be RS256, ES256 or EdDSA beside a public key or a JWKS URL")
            secret = secret or self._local.jwt_secret
        elif (public_key is None) == (jwks_url is None):
            self._fault("AUTH_JWT_PUBLIC_KEY", f"{algorithm} needs either this (a PEM) or AUTH_JWKS_URL")
        return TokenSettings(
            algorithm=algorithm,
            secret=secret,
            public_key=public_key.replace("\\n", "\n") if public_key else None,
            jwks_url=jwks_url,
            issuer=self._get("AUTH_JWT_ISSUER"),
            audience=self._get("AUTH_JWT_AUDIENCE"),
        )

    def _rate_limits(self) -> Quotas:
        def limit(name: str, left_out: int) -> int:
            return self._number(f"RATE_LIMIT_{name}", left_out, 0, A_MINUTE_MAX, why=" a minute, where 0 is no limit")

        return Quotas(
            checkouts=limit("CHECKOUTS", 30),
            requests=limit("REQUESTS", 600),
            authentication_failures=limit("AUTH_FAILURES", 60),
            signature_failures=limit("SIGNATURE_FAILURES", 300),
        )

    def _trusted_proxies(self) -> tuple[str, ...]:
        value = self._get("TRUSTED_PROXIES") or ""
        proxies = tuple(part.strip() for part in value.split(",") if part.strip())
        if not all(_is_proxy(proxy) for proxy in proxies):
            mend = "must be addresses or networks of your own proxies, comma-separated, such as 10.0.3.7,10.1.0.0/16"
            self._fault("TRUSTED_PROXIES", mend)
        return proxies

    def _currencies(self) -> tuple[str, ...]:
        value = self._get("CURRENCIES") or "mad,usd"
        codes = tuple(part.strip().lower() for part in value.split(",") if part.strip())
        if not codes or len(set(codes)) != len(codes) or not all(len(code) == 3 and code.isalpha() for code in codes):
            self._fault("CURRENCIES", "must be ISO 4217 codes in order of preference, such as mad,usd")
        return codes

    def _zone(self) -> ZoneInfo:
        value = self._get("BILLING_TIMEZONE") or "Africa/Casablanca"
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._fault("BILLING_TIMEZONE", "must be a time zone's name, such as Africa/Casablanca")
            return ZoneInfo("UTC")
