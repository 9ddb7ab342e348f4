"""Adapters that the settings choose, or that are imported only when they are first needed: their imports cost much."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from adapters.stripe.gateway import StripeGateway
from application.ports.gateway import PaymentGateway
from entrypoints.metrics.measures import Measures
from entrypoints.observing import observed_mailer
from entrypoints.settings import ConfigurationError, Settings
from entrypoints.tracing import Tracing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from application.ports.mail import LetterWriter, Mailer, OutboxMail
    from application.ports.wording import Wording


def choose_tracing(closing: "Closing", settings: Settings) -> Tracing | None:
    """Traces by OpenTelemetry where there is a collector, else none. Raises ConfigurationError without what the extra `traces` brings."""
    if settings.otlp_endpoint is None:
        return None
    try:
        from entrypoints.tracing.exporter import open_tracing
    except ImportError as missing:
        mend = (
            f"needs the extra `traces` of this package ({missing.name} is not installed); without traces leave it out"
        )
        raise ConfigurationError([f"OTEL_EXPORTER_OTLP_ENDPOINT: {mend}"]) from missing
    return open_tracing(closing, settings.otlp_endpoint)


def report_errors(closing: "Closing", settings: Settings) -> bool:
    """Report errors to Sentry, if there is one: whether there is. Raises ConfigurationError without what the extra `sentry` brings."""
    if settings.sentry_dsn is None:
        return False
    try:
        from entrypoints.reporting import start_reporting
    except ImportError as missing:
        mend = (
            f"needs the extra `sentry` of this package ({missing.name} is not installed); without Sentry leave it out"
        )
        raise ConfigurationError([f"SENTRY_DSN: {mend}"]) from missing
    start_reporting(closing, settings, settings.sentry_dsn)
    return True


def choose_mailer(settings: Settings, measures: Measures, tracing: Tracing | None) -> "Mailer":
    """Resend where a key is configured, else the outbox folder."""
    if settings.resend_api_key is not None:
        from adapters.email.resend import ResendMailer

        resend = ResendMailer(
            api_key=settings.resend_api_key, sender=settings.email_from, api_base=settings.resend_api_base
        )
        return observed_mailer(resend, measures, tracing)
    from adapters.email.folder import FolderMailer

    return observed_mailer(FolderMailer(settings.local_folder / "outbox", settings.email_from), measures, tracing)


def choose_words(settings: Settings) -> "Wording":
    """The languages. Imported when the first page or letter needs them: they bring the data of CLDR."""
    from adapters.wording.catalogues import BabelWording

    return BabelWording(settings.billing_timezone)


def write_letters(wording: "Wording") -> "LetterWriter":
    """The writer of letters. Imported when a worker needs it: it brings templates and a CSS inliner."""
    from adapters.email.letters import JinjaLetterWriter

    return JinjaLetterWriter(wording)


def list_outbox(settings: Settings) -> "Sequence[OutboxMail]":
    """The mails in the outbox folder, newest first."""
    from adapters.email.folder import read_outbox

    return read_outbox(settings.local_folder / "outbox")


async def warm_up(gateway: PaymentGateway) -> None:
    """What is worth doing before the first request needs it: imports that cost a second."""
    if isinstance(gateway, StripeGateway):
        await gateway.warm_up()


class Closing(AsyncExitStack[bool | None]):
    """Everything that must be closed, in the reverse order of its opening."""
