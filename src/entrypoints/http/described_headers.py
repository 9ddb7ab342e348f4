"""The headers that answers have from the frame, the limits and the problems, added to the OpenAPI document."""

from dataclasses import dataclass, fields
from typing import Any, Final

from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import OpenAPI

Json = dict[str, Any]  # Any: JSON

HEADERS: Final[dict[str, Json]] = {
    "Request-Id": {
        "description": "The id of this request, which every line of the log about it has: yours, if you sent a plain word, else a new one.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Cache-Control": {
        "description": "`no-store`, unless the answer is the same for everybody.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "After how many seconds the same request may do better.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "RateLimit-Policy": {
        "description": "The limits that this request was counted against: how many (`q`) in how many seconds (`w`).",
        "schema": {"type": "string"},
        "example": '"requests";q=600;w=60',
    },
    "RateLimit": {
        "description": "Where you stand with each of them: how many are left (`r`), and after how many seconds there are more (`t`).",
        "schema": {"type": "string"},
        "example": '"requests";r=599;t=1',
    },
    "WWW-Authenticate": {
        "description": "What is asked for (RFC 9110, 11.6.1).",
        "required": True,
        "schema": {"type": "string"},
    },
    "Idempotent-Replayed": {
        "description": "`true` where this is the answer of an earlier request under the same `Idempotency-Key`.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}

OF_ALL: Final = ("Request-Id", "Cache-Control")
OF_LIMITED: Final = ("RateLimit-Policy", "RateLimit")
OF_STATUS: Final = {
    "401": ("WWW-Authenticate",),
    "409": ("Retry-After",),
    "429": ("Retry-After",),
    "502": ("Retry-After",),
    "503": ("Retry-After",),
}
KEY: Final = "Idempotency-Key"
REPLAYED: Final = ("Idempotent-Replayed",)


@dataclass
class DocumentWithHeaders(OpenAPI):
    """The document, with those headers at every answer that may have them."""

    def to_schema(self) -> Json:
        """The document as JSON."""
        document = super().to_schema()
        document.setdefault("components", {})["headers"] = HEADERS
        for item in document["paths"].values():
            for operation in item.values():
                for status, answer in operation["responses"].items():
                    told = {name: {"$ref": f"#/components/headers/{name}"} for name in names_at(operation, status)}
                    answer["headers"] = told | answer.get("headers", {})
        return document


def names_at(operation: Json, status: str) -> tuple[str, ...]:
    """Which of the headers an answer of an operation may have."""
    limited = OF_LIMITED if "429" in operation["responses"] else ()
    keyed = any(parameter.get("name") == KEY for parameter in operation.get("parameters", ()))
    return (*OF_ALL, *limited, *OF_STATUS.get(status, ()), *(REPLAYED if keyed else ()))


class ConfigWithHeaders(OpenAPIConfig):
    """Makes such documents."""

    def to_openapi_schema(self) -> OpenAPI:
        """The document before its paths are known."""
        plain = super().to_openapi_schema()
        return DocumentWithHeaders(**{field.name: getattr(plain, field.name) for field in fields(plain) if field.init})
