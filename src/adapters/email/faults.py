"""The one place where what Resend and its SDK raise becomes what the application understands."""

from typing import Final

import httpx
from resend.exceptions import ResendError

from application.errors import MailRefused, MailUnavailable

CLIENT_FAULT: Final = "HttpClientError"
"""How the SDK calls an answer that never came; what happened is only in the error's context."""

PASSING_CONFLICT: Final = "concurrent_idempotent_requests"
NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout)


def translated(error: ResendError) -> MailUnavailable | MailRefused:
    """The application's word for a letter that was not taken. The provider's own words may quote the letter: they are left out."""
    kind = str(error.error_type)
    if kind == CLIENT_FAULT:
        return MailUnavailable("no answer from the mail provider", in_doubt=not _never_sent(error))
    code = _status(error)
    if code == 429:
        after = _retry_after(error)
        return MailUnavailable(f"the mail provider answered 429, {kind}", retry_after_seconds=after, in_doubt=False)
    if code == 409 and kind == PASSING_CONFLICT:
        return MailUnavailable("the mail provider is still at work on this letter", retry_after_seconds=5)
    if code >= 500 or code == 408:
        return MailUnavailable(f"the mail provider answered {code}, {kind}")
    return MailRefused(f"the mail provider refused the letter: {code}, {kind}")


def _status(error: ResendError) -> int:
    code = str(error.code)
    return int(code) if code.isdigit() else 500


def _never_sent(error: BaseException) -> bool:
    """Whether the connection was never made, so that nothing can have been sent."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, NEVER_SENT):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _retry_after(error: ResendError) -> int | None:
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    value = headers.get("retry-after", "")
    return int(value) if value.isdigit() else None
