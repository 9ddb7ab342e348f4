"""What an address may ask: a misspelt filter must not read as no filter."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.exceptions import ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import OpenAPIHeader, OpenAPIResponse, OpenAPIType, Operation, Parameter, Schema
from litestar.params import QueryParameter
from litestar.typing import FieldDefinition

from domain.member import Locale
from entrypoints.http.body_schemas import value_of

WHOLE_NUMBER: Final = re.compile(r"-?[0-9]+")
SHOWN_LENGTH_MAX: Final = 40
"""What an error repeats of a name that somebody invented."""


async def known_parameters(
    connection: ASGIConnection[Any, Any, Any, Any],  # Any: nothing is asked of the caller
    handler: BaseRouteHandler,
) -> None:
    """Refuse, by name, the query parameters that the route does not have, and values that could be misread.

    Raises ValidationException. Asynchronous as all guards are: Litestar sends others to a thread, which costs more than the check.
    """
    fields = {
        field.kwarg_definition.name or name: field
        for name, field in handler.parsed_fn_signature.parameters.items()
        if isinstance(field.kwarg_definition, QueryParameter)
    }
    known = list(fields)
    unknown = [name for name in connection.query_params if name not in known]
    if unknown:
        reason = f"no such parameter; known here: {', '.join(known) or 'none'}"
        raise invalid_parameters({name[:SHOWN_LENGTH_MAX]: reason for name in unknown})
    given = {name: connection.query_params.getall(name, []) for name in fields}
    reasons = {name: wrong for name, field in fields.items() if (wrong := wrong_with(field, given[name])) is not None}
    if reasons:
        raise invalid_parameters(reasons)


def wrong_with(field: FieldDefinition, given: Sequence[str]) -> str | None:
    """What is wrong with the values of a parameter, in words for whoever sent them; null for nothing that can be seen here."""
    if not given:
        return "is missing" if field.is_required else None
    if len(given) > 1 and not field.is_non_string_collection:
        return "is there more than once"
    if field.is_optional and "null" in (value.lower() for value in given):
        return "leave it out, or give a value: null is none"
    kinds = [inner.annotation for inner in field.inner_types] if field.is_optional else [field.annotation]
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, Enum) and given[0] not in [one.value for one in kind]:
            return f"is one of {', '.join(str(one.value) for one in kind)}"
        if kind is int and WHOLE_NUMBER.fullmatch(given[0]) is None:
            return "is a whole number"
    return None


def invalid_parameters(reasons: Mapping[str, str]) -> ValidationException:
    """What is wrong with parameters of an address, by their names."""
    return ValidationException(
        extra=[{"key": name, "source": "query", "message": reason} for name, reason in reasons.items()]
    )


@dataclass
class FilteredOperation(Operation):
    """The description of a route with parameters that may be left out. In an address none can be null."""

    def __post_init__(self) -> None:
        """Describe each parameter by its value alone."""
        for parameter in self.parameters or ():
            if isinstance(parameter, Parameter) and isinstance(parameter.schema, Schema):
                parameter.schema = value_of(parameter.schema)


@dataclass
class PagedOperation(FilteredOperation):
    """The description of a filtered list that is answered page by page."""

    def __post_init__(self) -> None:
        """Say where the pages beside a page are told."""
        super().__post_init__()
        told_with(
            self,
            "Link",
            OpenAPIHeader(
                schema=Schema(type=OpenAPIType.STRING),
                description='Where the pages beside this one are (RFC 8288): `rel="next"` leads to older entries, `rel="prev"` to newer '
                "ones, each with the same query. Left out where there is none.",
            ),
        )


@dataclass
class TranslatedOperation(FilteredOperation):
    """The description of a filtered list whose words are in the language that the client asks for."""

    def __post_init__(self) -> None:
        """Add the headers of both directions."""
        super().__post_init__()
        asked = Parameter(
            name="Accept-Language",
            param_in="header",
            required=False,
            description="The languages that are understood, the preferred ones first or by weight (RFC 9110, 12.5.4): the best of `fr`, "
            "`ar` and `en` is answered, and English where none of them is named.",
            schema=Schema(type=OpenAPIType.STRING),
            example="fr-MA, en;q=0.5",
        )
        self.parameters = [*(self.parameters or []), asked]
        languages = Schema(type=OpenAPIType.STRING, enum=sorted(Locale))
        told_with(
            self,
            "Content-Language",
            OpenAPIHeader(schema=languages, description="The language of the names.", required=True),
        )


def told_with(operation: Operation, name: str, header: OpenAPIHeader) -> None:
    """Describe a header of the answers without error."""
    answer = (operation.responses or {}).get("200")
    if isinstance(answer, OpenAPIResponse):
        answer.headers = {**(answer.headers or {}), name: header}
