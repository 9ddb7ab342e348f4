"""Errors to Sentry. Imported only where that is wanted: what it needs is the extra `sentry`.

Every line that is logged as an error is an event of Sentry, with its traceback where it has one. It names what it was about by our own
ids, and nobody: whatever could name a member or let a secret out is left behind here, in the process.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import sentry_sdk
from sentry_sdk.integrations.logging import LoggingIntegration

from application.log_context import present
from entrypoints.settings import Settings
from entrypoints.tracing import TOLD

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

PACKAGE: Final = "talents-acting-payments"
FLUSH_SECONDS_MAX: Final = 2.0
ADDRESS: Final = re.compile(r"[^\s<>\"'(),;:=]+(?:@|%40)[^\s<>\"'(),;]+", re.IGNORECASE)
SECRET: Final = re.compile(
    r"\b(?:(?:sk|rk)_(?:live|test)_|whsec_|re_|Bearer\s+|eyJ)[A-Za-z0-9_.~+/=-]{8,}", re.IGNORECASE
)
"""What looks like a secret, whoever's it is: keys of Stripe and Resend, signing secrets, tokens."""

PASSWORD_LENGTH_MIN: Final = 6
"""A shorter one would be found in every other word."""

TEXT_LENGTH_MAX: Final = 300
KEPT: Final = frozenset({"event_id", "timestamp", "platform", "level", "logger", "release", "environment"})
"""What of an event is sent as the SDK made it."""

KEPT_OF_FRAME: Final = ("filename", "function", "module", "lineno", "context_line", "in_app")
"""What of a frame is sent: where it is, and no variables."""


def start_reporting(closing: AsyncExitStack, settings: Settings, dsn: str) -> None:
    """Report what this process logs as errors from now on, until it closes."""
    clean = cleaner(settings)
    client = sentry_sdk.init(
        dsn=dsn,
        release=version(PACKAGE),
        environment="production" if settings.production else "local",
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[LoggingIntegration(level=None, event_level=logging.ERROR, sentry_logs_level=None)],
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=True,
        max_breadcrumbs=0,
        before_send=lambda event, hint: without_people(event, hint, clean),
    )

    async def close() -> None:
        await asyncio.to_thread(sentry_sdk.flush, FLUSH_SECONDS_MAX)
        client.__exit__(None, None, None)

    closing.push_async_callback(close)


def cleaner(settings: Settings) -> Callable[[object], str]:
    """Makes one line of any text: its first, without addresses, without the secrets of these settings and without what looks like one."""
    secrets = [
        settings.stripe_secret_key,
        settings.resend_api_key,
        settings.database_url,
        *passwords_in(settings.database_url or ""),
        settings.tokens.secret,
        *settings.stripe_webhook_secrets,
    ]
    known = [secret for secret in secrets if secret]

    def clean(text: object) -> str:
        line = (str(text).splitlines() or [""])[0]
        for secret in known:
            line = line.replace(secret, "[secret]")
        return ADDRESS.sub("[address]", SECRET.sub("[secret]", line))[:TEXT_LENGTH_MAX]

    return clean


def passwords_in(url: str) -> list[str]:
    """The password of a URL of a database, as it stands there and as it is meant."""
    try:
        password = urlsplit(url).password or ""
    except ValueError:
        return []
    return [password, unquote(password)] if len(password) >= PASSWORD_LENGTH_MIN else []


def without_people(event: "Event", hint: "Hint", clean: Callable[[object], str]) -> "Event":
    """An event with what may be known of it alone: built anew, so that whatever else the SDK gathers stays here."""
    raw: dict[str, Any] = {**event}  # Any: the SDK's own shapes
    sent: dict[str, Any] = {name: raw[name] for name in KEPT if name in raw}  # Any: as above
    record = hint.get("log_record")
    if isinstance(record, logging.LogRecord):
        # Grouped by what every such line has in common, and told as it was logged.
        sent["logentry"] = {"message": clean(record.msg), "formatted": clean(record.getMessage())}
    about = present()
    sent["tags"] = {name: about[name] for name in TOLD if name in about}
    errors = raw.get("exception", {}).get("values", [])
    if errors:
        sent["exception"] = {"values": [_error(one, clean) for one in errors]}
    reported: Event = sent  # type: ignore[assignment] # a TypedDict of the SDK's
    return reported


def _error(raw: dict[str, Any], clean: Callable[[object], str]) -> dict[str, Any]:  # Any: the SDK's own shapes
    frames = (raw.get("stacktrace") or {}).get("frames", [])
    return {
        "type": raw.get("type"),
        "module": raw.get("module"),
        "value": clean(raw.get("value") or ""),
        "mechanism": raw.get("mechanism"),
        "stacktrace": {"frames": [{name: one[name] for name in KEPT_OF_FRAME if name in one} for one in frames]},
    }
