"""The translator: every way in which the mail provider's client fails, told as one of our two faults."""

import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Final

import httpx
from resend.exceptions import ResendError

from application.errors import MailRefused, MailUnavailable

RETRY_AFTER_SECONDS_MAX: Final = 86_400
"""No provider can put a mail off for longer than a day with one answer."""

TOO_MANY_REQUESTS: Final = 429

PASSING_STATUSES: Final = frozenset({408, 409, 425})
"""Refusals that time may heal, beside 429 and every 5xx; whether the letter was sent is unknown."""

NO_ANSWER: Final = "HttpClientError"
"""How the SDK calls an answer that never came; what happened is only in the error's chain."""

NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    UnicodeEncodeError,
)
"""Errors before the first byte of the letter has left."""

NOT_RESENDS_WORD: Final = frozenset({"application_error", "InternalServerError"})
"""What the SDK says when an answer was not JSON or named no error: then a proxy has spoken, not Resend."""

OF_THE_ACCOUNT: Final = frozenset({401, 403})
"""A wrong key, a sender that is not verified yet: the letter is fine, and goes out once an operator has mended the account."""

WRONG_SENDER: Final = "invalid_from_address"

ACCOUNT_PAUSE_SECONDS: Final = 60

FINAL_CONFLICTS: Final = frozenset({"invalid_idempotent_request"})


def mail_fault(fault: Exception, *, answered: int | None = None) -> MailUnavailable | MailRefused:
    """The fault of ours that an error raised around a call to Resend amounts to. `answered` is the status of its answer, if one came.

    The message holds the kind of the error and nothing that was sent: neither the key, nor the reader, nor the letter.
    """
    if isinstance(fault, (MailUnavailable, MailRefused)):
        return fault
    if isinstance(fault, TimeoutError):
        return MailUnavailable("the mail provider did not answer in time")
    if not isinstance(fault, ResendError) or fault.error_type == NO_ANSWER:
        chain = list(_chain(fault))
        in_doubt = not any(isinstance(link, NEVER_SENT) for link in chain)
        return MailUnavailable(f"no answer from the mail provider: {type(chain[-1]).__name__}", in_doubt=in_doubt)
    status, kind = _status(fault), _kind(fault)
    message = f"the mail provider answered {status}, {kind}"
    if status == TOO_MANY_REQUESTS:
        return MailUnavailable(message, retry_after_seconds=_retry_after_seconds(fault), in_doubt=False)
    if status in OF_THE_ACCOUNT or kind == WRONG_SENDER:
        return MailUnavailable(message, retry_after_seconds=ACCOUNT_PAUSE_SECONDS, in_doubt=False)
    passing = status >= 500 or status < 400 or status in PASSING_STATUSES or kind in NOT_RESENDS_WORD
    if passing and kind not in FINAL_CONFLICTS:
        # An answered error says that the letter was not taken; a provider that answers so for a day must lose none.
        in_doubt = answered is None or answered < 400 or answered in PASSING_STATUSES
        return MailUnavailable(message, retry_after_seconds=_retry_after_seconds(fault), in_doubt=in_doubt)
    return MailRefused(message)


def _chain(fault: BaseException) -> Iterator[BaseException]:
    """The error and those beneath it, down to the first that was raised: the SDK wraps what its HTTP client raises."""
    link: BaseException | None = fault
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _status(fault: ResendError) -> int:
    """The HTTP status that the SDK's error carries; 500 when it carries none."""
    code = str(fault.code)
    return int(code) if re.fullmatch(r"[0-9]{3}", code) else 500


def _kind(fault: ResendError) -> str:
    """The provider's name for the error. A name that does not look like one could be anything: it is left out."""
    name = str(fault.error_type)
    return name if re.fullmatch(r"[A-Za-z_]{1,60}", name) else "an error without a name"


def _retry_after_seconds(fault: ResendError) -> int | None:
    """How long the provider asks us to wait, in whole seconds; None if it does not say, or not in a way to be read."""
    fields = {name.lower(): value.strip() for name, value in fault.headers.items()}
    asked = fields.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", asked):
        return min(ceil(float(asked)), RETRY_AFTER_SECONDS_MAX)
    until, since = _http_date(asked), _http_date(fields.get("date", ""))
    # The provider's own clock on both sides: ours may be wrong.
    if until is None or since is None:
        return None
    return min(max(ceil((until - since).total_seconds()), 0), RETRY_AFTER_SECONDS_MAX)


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo is not None else None
