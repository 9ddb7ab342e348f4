"""The post office of production: mail goes out through Resend, by its official SDK."""

import asyncio
import importlib
from typing import TYPE_CHECKING, Final

from adapters.email.deliverable import check_deliverable
from application.errors import MailUnavailable
from application.ports.mail import Letter

if TYPE_CHECKING:
    from adapters.email.transport import Wire

RESEND_API: Final = "https://api.resend.com"

SEND_SECONDS_MAX: Final = 15


class ResendMailer:
    """Sends letters through Resend, which remembers a key for 24 hours. Satisfies Mailer."""

    def __init__(
        self, *, api_key: str, sender: str, api_base: str | None = None, timeout_seconds: int = SEND_SECONDS_MAX
    ) -> None:
        """sender: 'Talents Acting <payments@example.test>', of a domain that Resend has verified.

        api_base: another address that speaks Resend's protocol; None is Resend's own.
        timeout_seconds: for the whole call; connecting, writing and each wait for bytes get half of it.
        """
        self._api_key = api_key
        self._sender = sender
        self._api_base = (api_base or RESEND_API).rstrip("/")
        self._timeout_seconds = timeout_seconds

    async def send(self, letter: Letter, *, key: str) -> str:
        """Send once per `key` within 24 hours and return Resend's id of the mail.

        Raises MailUnavailable when the same call may be tried again, MailRefused when it is of no use. What the provider
        said in words is not passed on: it may repeat the letter.
        """
        check_deliverable(letter)
        await asyncio.to_thread(_make_ready)
        from adapters.email.faults import mail_fault
        from adapters.email.transport import Wire

        wire = Wire(timeout_seconds=self._timeout_seconds / 2)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._ask(letter, key, wire)
        except Exception as fault:
            translated = mail_fault(fault, answered=wire.status)
        # Raised out here so that the client's own error, which may quote the key, is not chained to it.
        raise translated

    async def _ask(self, letter: Letter, key: str, wire: "Wire") -> str:
        import resend

        # The SDK keeps its settings in module globals and reads them before its first await, so that setting them here,
        # right before the call, is safe for any number of mailers in one event loop.
        resend.api_key = self._api_key
        resend.api_url = self._api_base
        resend.default_async_http_client = wire
        answer: object = await resend.Emails.send_async(
            {
                "from": self._sender,
                "to": [letter.to],
                "subject": letter.subject,
                "html": letter.html,
                "text": letter.text,
            },
            {"idempotency_key": key},
        )
        mail_id = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(mail_id, str) or not mail_id:
            raise MailUnavailable("the mail provider's answer names no mail")
        return mail_id


def _make_ready() -> None:
    """What the first mail needs and takes half a second: the SDK and the certificates. In a thread, the event loop goes on."""
    importlib.import_module("adapters.email.faults")
    from adapters.email.transport import trusted

    trusted()
