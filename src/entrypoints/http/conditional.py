"""Answers that are sent only where they differ from what the client has: ETag and If-None-Match (RFC 9110, 8.8.3 and 13.1.2)."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
from litestar import MediaType, Request, Response
from litestar.openapi.spec import OpenAPIHeader, OpenAPIResponse, OpenAPIType, Operation, Parameter, Schema

Body = TypeVar("Body", bound=msgspec.Struct)

TAGS: Final = re.compile(r'(?:W/)?("[^"]*")')
CACHED: Final = {"cache-control": "private, no-cache", "vary": "authorization"}
"""It may be kept by the client alone, and used again only when we have said that it still is as it was: it can end at any moment."""


def answer_if_new(request: Request[Any, Any, Any], body: Body) -> Response[Body]:  # Any: whoever asks
    """The body under its tag, or 304 without a body for a client that has it already. The tag changes when anything in the body does."""
    content = msgspec.json.encode(body)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    known = request.headers.get("if-none-match", "")
    same = known.strip() == "*" or tag in TAGS.findall(known)
    answer: Response[Any] = Response(  # Any: encoded already
        None if same else content,
        status_code=304 if same else 200,
        media_type=MediaType.JSON,
        headers={**CACHED, "etag": tag},
    )
    return answer


@dataclass
class ConditionalOperation(Operation):
    """The description of a route that answers with `answer_if_new`."""

    def __post_init__(self) -> None:
        """Add the headers of both directions."""
        header = Parameter(
            name="If-None-Match",
            param_in="header",
            required=False,
            description="The `ETag` of an earlier answer: 304 without a body means that it still is as it was.",
            schema=Schema(type=OpenAPIType.STRING),
            example='"8f14e45fceea167a5a36dedd4bea2543"',
        )
        self.parameters = [*(self.parameters or []), header]
        tag = OpenAPIHeader(
            schema=Schema(type=OpenAPIType.STRING),
            description="Changes when anything in the answer does.",
            required=True,
        )
        for status, answer in (self.responses or {}).items():
            if status in ("200", "304") and isinstance(answer, OpenAPIResponse):
                answer.headers = {"ETag": tag}
