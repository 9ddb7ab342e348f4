"""What the handlers of pages share: the visitor, and what a form carried."""

from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import ClientException

from domain.member import Member
from entrypoints.http.forms import FIELD
from entrypoints.http.identity import PAGE, member_of
from entrypoints.http.pages.language import locale_of
from entrypoints.http.pages.rendering import Pages
from entrypoints.http.tokens import Caller

FIELDS_MAX: Final = 50

PageRequest: TypeAlias = Request[Caller, None, State]

OPTIONS: Final[dict[str, Any]] = {"opt": {PAGE: True}, "include_in_schema": False}  # Any: options of any kind
"""Of every route that a signed-in person opens in a browser."""


def pages_of(request: PageRequest) -> Pages:
    """The renderer of this application."""
    pages: Pages = request.app.state.pages
    return pages


def reader_of(request: PageRequest) -> Member:
    """The member, addressed in the language that they read the page in. Refuses tokens that describe no member."""
    member = member_of(request)
    return Member(
        user_id=member.user_id,
        user_type=member.user_type,
        email=member.email,
        name=member.name,
        locale=locale_of(request),
    )


async def checked_form(request: PageRequest) -> dict[str, str]:
    """The fields of a form of ours. Raises ForgedForm, and ClientException for bytes that are no form."""
    forms = pages_of(request).forms
    forms.check_origin(request.headers)
    fields = await fields_of(request)
    forms.check(request.user.user_id, fields.get(FIELD, ""))
    return fields


async def fields_of(request: Request[Any, Any, Any]) -> dict[str, str]:  # Any: with or without a caller
    """The fields of a form, as our pages send them: URL-encoded. Raises ClientException for anything else."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise ClientException("The body is no form of ours.", status_code=415)
    try:
        return dict(
            parse_qsl((await request.body()).decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
        )
    except ValueError as error:
        raise ClientException("The body is no form.") from error
