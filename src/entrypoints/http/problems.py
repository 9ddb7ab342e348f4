"""Everything that goes wrong, as RFC 9457 problem details: the one place where errors become HTTP."""

from typing import Any, Final

from litestar import Response
from litestar.exceptions import HTTPException, SerializationException
from msgspec import Struct

from application.errors import (
    ApplicationFault,
    InvalidEvent,
    InvalidSignature,
    ProviderRefused,
    ProviderUnavailable,
)
from application.rate_limits import RateLimited
from domain.errors import AlreadySubscribed, DomainError
from entrypoints.http.bodies import IN_WORDS, instant
from entrypoints.http.forms import ForgedForm
from entrypoints.http.problem_types import TYPES
from entrypoints.http.tokens import InvalidToken
from entrypoints.request_ids import request_id

MEDIA_TYPE: Final = "application/problem+json"

DOMAIN_STATUS: Final = {
    "already_subscribed": 409,
    "conflict": 409,
    "plan_not_allowed": 403,
    "not_found": 404,
    "invalid_request": 400,
}

HTTP_CODES: Final = {
    400: "invalid_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "payload_too_large",
    415: "unsupported_media_type",
    422: "invalid_request",
    429: "rate_limited",
    431: "invalid_request",
    503: "unavailable",
}


class BodyTooSlow(Exception):
    """The body took longer than a body may."""


class BodyMissing(Exception):
    """The client went away before its body was whole."""


class InvalidIdempotencyKey(Exception):
    """The header Idempotency-Key holds no key. The message says what is wrong with it."""


class IdempotencyInProgress(Exception):
    """Another request is at work under the same key."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("another request is at work under this key")
        self.retry_after_seconds = retry_after_seconds


class IdempotencyMismatch(Exception):
    """The key came with another request before."""


class Problem(Struct, frozen=True, kw_only=True):
    """What is told of an error."""

    status: int
    code: str
    detail: str
    retry_after_seconds: int | None = None
    allowed: str | None = None
    more: dict[str, Any] = {}  # Any: further members of the JSON object

    def body(self, app_url: str, request_id: str) -> dict[str, Any]:  # Any: JSON
        """The JSON object, as RFC 9457 has it."""
        return {
            "type": f"{app_url}/errors/{self.code}",
            "title": TYPES[self.code].title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id,
            **self.more,
        }

    def headers(self) -> dict[str, str]:
        """The headers beside the body."""
        headers = {"retry-after": str(self.retry_after_seconds)} if self.retry_after_seconds is not None else {}
        headers |= {"allow": self.allowed} if self.allowed is not None else {}
        headers |= {"connection": "close"} if self.status == 408 else {}
        return headers | ({"www-authenticate": "Bearer"} if self.status == 401 else {})


NO_JSON: Final = Problem(
    status=400, code="invalid_request", detail="body: it is missing, no JSON in UTF-8, or nested too deeply"
)

BODY_TOO_SLOW: Final = Problem(status=408, code="request_timeout", detail="The body did not come in time.")

UNFORESEEN: Final = Problem(status=500, code="internal_error", detail="Something went wrong on our side.")

TOO_LATE: Final = Problem(
    status=503,
    code="unavailable",
    detail="The request took too long. Nothing is lost; try again in a moment.",
    retry_after_seconds=5,
)
"""What is told when a request runs out of its time."""


def problem_of(error: Exception) -> Problem:
    """What to tell of an error. Nothing from inside gets out with an error that nobody foresaw."""
    match error:
        case InvalidToken():
            return Problem(status=401, code="unauthenticated", detail="The request carries no valid token.")
        case ForgedForm():
            return Problem(status=403, code="forbidden", detail="The form is too old, or was not made by this site.")
        case AlreadySubscribed():
            return Problem(
                status=409,
                code=error.code,
                detail=str(error),
                more={
                    "current_period_end": instant(error.current_period_end),
                    "paid_until": instant(error.paid_until),
                    "renewal_opens_at": instant(error.renewal_opens_at),
                },
            )
        case DomainError() if error.code in DOMAIN_STATUS:
            return Problem(status=DOMAIN_STATUS[error.code], code=error.code, detail=str(error))
        case InvalidSignature():
            return Problem(status=400, code="signature_invalid", detail=str(error))
        case InvalidEvent():
            return Problem(status=400, code="invalid_request", detail=str(error))
        case RateLimited(allowance=allowance):
            return Problem(
                status=429,
                code="rate_limited",
                detail=f"There were {allowance.quota} {allowance.limit.replace('-', ' ')} within a minute, and no more are taken. "
                f"Ask again in {allowance.seconds} seconds.",
                retry_after_seconds=allowance.seconds,
                more={"violated-policies": [allowance.limit]},
            )
        case ProviderUnavailable():
            return Problem(
                status=503,
                code="provider_unavailable",
                detail="The payment provider does not answer. Nothing was charged; try again in a moment.",
                retry_after_seconds=error.retry_after_seconds,
            )
        case ProviderRefused():
            return Problem(
                status=502,
                code="provider_unavailable",
                detail="The payment provider refused to open the checkout. Nothing was charged.",
                retry_after_seconds=60,
            )
        case ApplicationFault():
            return Problem(
                status=503,
                code="unavailable",
                detail="The service is not available just now. Nothing is lost; try again in a moment.",
                retry_after_seconds=2,
            )
        case InvalidIdempotencyKey() | IdempotencyInProgress() | IdempotencyMismatch():
            return _of_idempotency(error)
        case RecursionError() | UnicodeDecodeError() | BodyMissing():
            return NO_JSON
        case BodyTooSlow():
            return BODY_TOO_SLOW
        case HTTPException() if _is_of_no_json(error):
            return NO_JSON
        case HTTPException() if error.status_code in HTTP_CODES:
            return _of_http(error)
    return UNFORESEEN


def _is_of_no_json(error: HTTPException) -> bool:
    """Whether Litestar found no JSON in the body. It says of an absent one that the handler's own argument is missing."""
    absent = isinstance(error.extra, list) and any(fault.get("message") == "'data'" for fault in error.extra)
    return absent or isinstance(error.__cause__, SerializationException)


def _of_idempotency(error: InvalidIdempotencyKey | IdempotencyInProgress | IdempotencyMismatch) -> Problem:
    match error:
        case InvalidIdempotencyKey():
            fault = {"pointer": "Idempotency-Key", "detail": str(error)}
            detail = f"Idempotency-Key: {error}"
            return Problem(status=400, code="invalid_request", detail=detail, more={"errors": [fault]})
        case IdempotencyInProgress():
            return Problem(
                status=409,
                code="idempotency_in_progress",
                detail="A request with this Idempotency-Key is still being worked on; ask again in a moment.",
                retry_after_seconds=error.retry_after_seconds,
            )
        case IdempotencyMismatch():
            return Problem(
                status=422,
                code="idempotency_mismatch",
                detail="This Idempotency-Key came with another request before. Take a new key for a new request.",
            )


def _of_http(error: HTTPException) -> Problem:
    code = HTTP_CODES[error.status_code]
    extra = error.extra if isinstance(error.extra, list) else []
    faults = [
        {"pointer": _pointer(fault), "detail": _said(str(fault.get("message", "")))}
        for fault in extra
        if isinstance(fault, dict)
    ]
    if faults:
        detail = "; ".join(f"{fault['pointer'] or 'body'}: {fault['detail']}" for fault in faults)
        return Problem(status=error.status_code, code=code, detail=detail, more={"errors": faults})
    methods = (error.headers or {}).get("allow")
    allowed = methods.replace("GET", "GET, HEAD") if methods is not None and "HEAD" not in methods else methods
    details = {
        404: "There is nothing at this address.",
        405: f"This address takes {allowed}.",
        413: "The body is larger than this address takes.",
    }
    return Problem(
        status=error.status_code,
        code=code,
        detail=details.get(error.status_code, error.detail),
        retry_after_seconds=5 if error.status_code == 503 else None,
        allowed=allowed,
        more=error.extra if isinstance(error.extra, dict) else {},
    )


def _said(message: str) -> str:
    """A message of the decoder without the patterns in it."""
    return next(
        (words for pattern, words in IN_WORDS.items() if repr(pattern)[1:-1] in message or pattern in message), message
    )


def _pointer(fault: dict[str, Any]) -> str:  # Any: Litestar's own account of a fault
    key, source = str(fault.get("key", "")), fault.get("source", "")
    if str(getattr(source, "value", source)) in ("query", "path", "header", "cookie"):
        return key
    return "/" + key.replace(".", "/") if key and key != "data" else ""


def problem_response(problem: Problem, app_url: str) -> Response[dict[str, Any]]:  # Any: JSON
    """A problem as an answer to a program."""
    return Response(
        problem.body(app_url, request_id()),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=problem.headers(),
    )
