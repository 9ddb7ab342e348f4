"""The shape of the configuration: what can be set, and what follows from it."""

from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from application.rate_limits import Quotas

APP_PORT: Final = 8000
SANDBOX_PORT: Final = 12111

SYMMETRIC: Final = "HS256"


class ConfigurationError(Exception):
    """The configuration cannot be used. `faults` names every variable at fault, each with the mend."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class TokenSettings(Struct, frozen=True, kw_only=True):
    """How tokens are verified: one fixed algorithm, and one source of its key."""

    algorithm: str
    secret: str | None
    public_key: str | None
    jwks_url: str | None
    issuer: str | None
    audience: str | None

    def __repr__(self) -> str:
        """Nothing that must not be known."""
        return f"TokenSettings(algorithm={self.algorithm!r}, ...)"


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that can be configured. `database_url` is null for the embedded Postgres, `resend_api_key` for the outbox folder,
    `event_body_days` and `event_id_days` are counted from an event's receipt, `job_days` from the end of an event's retry;
    `trusted_proxies` are addresses and networks; `sign_in_url` is null where visitors without a token see a page that says so.
    """

    production: bool
    app_url: str
    local_folder: Path
    database_url: str | None
    stripe_secret_key: str
    stripe_publishable_key: str | None
    stripe_webhook_secrets: tuple[str, ...]
    stripe_api_base: str | None
    resend_api_key: str | None
    resend_api_base: str | None
    email_from: str
    tokens: TokenSettings
    rate_limits: Quotas
    trusted_proxies: tuple[str, ...]
    pricing_file: Path | None
    currencies: tuple[str, ...]
    checkout_ttl_minutes: int
    renewal_window_days: int
    event_body_days: int
    event_id_days: int
    job_days: int
    billing_timezone: ZoneInfo
    sign_in_url: str | None
    otlp_endpoint: str | None
    sentry_dsn: str | None
    log_level: str
    log_json: bool

    def __repr__(self) -> str:
        """Nothing that must not be known."""
        return f"Settings(production={self.production!r}, app_url={self.app_url!r}, ...)"

    @property
    def live(self) -> bool:
        """Whether the Stripe key moves real money."""
        return self.stripe_secret_key.startswith(("sk_live_", "rk_live_"))

    @property
    def signs_tokens(self) -> bool:
        """Whether tokens can be made here, for local use."""
        return not self.production and self.tokens.algorithm == SYMMETRIC

    @property
    def uses_sandbox(self) -> bool:
        """Whether payments go to the local Stripe sandbox."""
        return not self.production and self.stripe_api_base == sandbox_url(SANDBOX_PORT)


def sandbox_url(port: int) -> str:
    """The base URL of the local Stripe sandbox."""
    return f"http://127.0.0.1:{port}"
