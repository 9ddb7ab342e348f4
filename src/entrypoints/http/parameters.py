"""What an address may ask: a misspelt filter must not read as no filter."""

from collections.abc import Mapping
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.exceptions import ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.params import QueryParameter

SHOWN_LENGTH_MAX: Final = 40
"""What an error repeats of a name that somebody invented."""


def known_parameters(
    connection: ASGIConnection[Any, Any, Any, Any],  # Any: nothing is asked of the caller
    handler: BaseRouteHandler,
) -> None:
    """Refuse, by name, the query parameters that the route does not have. Raises ValidationException."""
    known = [
        field.kwarg_definition.name or name
        for name, field in handler.parsed_fn_signature.parameters.items()
        if isinstance(field.kwarg_definition, QueryParameter)
    ]
    unknown = [name for name in connection.query_params if name not in known]
    if unknown:
        reason = f"no such parameter; known here: {', '.join(known) or 'none'}"
        raise invalid_parameters({name[:SHOWN_LENGTH_MAX]: reason for name in unknown})


def invalid_parameters(reasons: Mapping[str, str]) -> ValidationException:
    """What is wrong with parameters of an address, by their names."""
    return ValidationException(
        extra=[{"key": name, "source": "query", "message": reason} for name, reason in reasons.items()]
    )
