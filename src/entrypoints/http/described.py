"""How the answers of a route are described in the OpenAPI document: the errors are the same problem everywhere."""

from typing import Annotated, Final

from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from msgspec import Meta, Struct

from entrypoints.http.body_schemas import formatted
from entrypoints.http.problem_types import TYPES
from entrypoints.http.problems import DOMAIN_STATUS, HTTP_CODES, MEDIA_TYPE


class FieldFault(Struct, frozen=True, kw_only=True):
    """What is wrong with one field of the body (a JSON pointer) or one parameter (its name)."""

    pointer: str
    detail: str


class ProblemBody(Struct, frozen=True, kw_only=True):
    """A problem as RFC 9457 has it. `code` is stable; `detail` is for people."""

    type: Annotated[str, Meta(extra_json_schema=formatted("uri"))]
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldFault] | None = None


DESCRIPTIONS: Final = {
    400: "The request is not valid: an unknown or malformed field, parameter or signature",
    401: "No valid token",
    403: "The token does not allow this, or the plan is for another user type",
    404: "Nothing of that id for this member",
    408: "The body did not come in time",
    409: "The subscription is active already, a payment is still being processed, or a request with the same key is under way",
    413: "The body is too large",
    422: "The Idempotency-Key came with another request before",
    415: "The body is not declared as JSON",
    429: "Too many requests in a minute; Retry-After tells when to come back, and RateLimit where you stand",
    500: "Something went wrong on our side",
    502: "The payment provider refused",
    503: "Not available just now; Retry-After tells when to come back",
}

EXAMPLE_CODES: Final = {
    400: "invalid_request",
    409: "already_subscribed",
    422: "idempotency_mismatch",
    502: "provider_unavailable",
    500: "internal_error",
}


BEARER: Final[list[dict[str, list[str]]]] = [{"bearer": []}]
"""What a route asks for that answers members: a token of the platform."""


def answer(example: Struct, description: str) -> ResponseSpec:
    """An answer without error, by an example of it."""
    return ResponseSpec(
        type(example),
        generate_examples=False,
        description=description,
        examples=[Example(summary=description, value=example)],
    )


UNCHANGED: Final = {
    304: ResponseSpec(None, generate_examples=False, description="Still as under the ETag of If-None-Match")
}
"""The answer of a conditional route to a client that has it already."""


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """The errors of a route, by status; each may answer 500 and 503 as well."""
    return {status: _problem(status) for status in (*statuses, 500, 503)}


def _problem(status: int) -> ResponseSpec:
    codes = {code for code, of_domain in DOMAIN_STATUS.items() if of_domain == status}
    code = EXAMPLE_CODES.get(status) or HTTP_CODES.get(status) or min(codes)
    example = {
        "type": f"https://pay.example.org/errors/{code}",
        "title": TYPES[code].title,
        "status": status,
        "detail": DESCRIPTIONS[status],
        "code": code,
        "request_id": "req_d4f1c0d6698bef370563",
    }
    return ResponseSpec(
        ProblemBody,
        generate_examples=False,
        description=DESCRIPTIONS[status],
        media_type=MEDIA_TYPE,
        examples=[Example(summary=TYPES[code].title, value=example)],
    )
