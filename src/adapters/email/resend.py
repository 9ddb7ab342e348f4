"""Sending through Resend, with one idempotency key a letter. The SDK is imported when the first letter is sent."""

import asyncio
import importlib
from typing import TYPE_CHECKING, Final

from application.errors import MailUnavailable
from application.ports.mail import Letter

if TYPE_CHECKING:
    from resend import Emails

SEND_SECONDS_MAX: Final = 15


class ResendMailer:
    """The port Mailer over Resend, which remembers keys for 24 hours.

    api_base: another base URL than Resend's own, for a stand-in.
    """

    def __init__(
        self, *, api_key: str, sender: str, api_base: str | None = None, timeout_seconds: int = SEND_SECONDS_MAX
    ) -> None:
        self._api_key = api_key
        self._sender = sender
        self._api_base = api_base
        self._timeout_seconds = timeout_seconds

    async def send(self, letter: Letter, *, key: str) -> str:
        # The SDK takes half a second to import: in a thread, so that the worker goes on with other jobs meanwhile.
        await asyncio.to_thread(importlib.import_module, "adapters.email.faults")
        import resend
        from resend.http_client_httpx import HTTPXClient

        from adapters.email.faults import translated

        # The SDK is configured by globals of its module.
        resend.api_key = self._api_key
        resend.default_async_http_client = HTTPXClient(timeout=self._timeout_seconds)
        if self._api_base is not None:
            resend.api_url = self._api_base
        params: Emails.SendParams = {
            "from": self._sender,
            "to": [letter.to],
            "subject": letter.subject,
            "html": letter.html,
            "text": letter.text,
        }
        try:
            sent = await resend.Emails.send_async(params, {"idempotency_key": key})
        except resend.exceptions.ResendError as error:
            raise translated(error) from error
        identifier = sent.get("id") if isinstance(sent, dict) else None
        if not isinstance(identifier, str):
            raise MailUnavailable("the mail provider answered without an id")
        return identifier
