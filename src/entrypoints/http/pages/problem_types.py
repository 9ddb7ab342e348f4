"""Where the `type` of a problem leads: what an error means, and what to do."""

from http import HTTPStatus
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from entrypoints.http.identity import PUBLIC
from entrypoints.http.problem_types import TYPES

AnyRequest = Request[Any, Any, Any]  # Any: no caller


@get("/errors", opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=False)
def problem_types(request: AnyRequest) -> Response[str]:
    """Every error of the API."""
    page: Response[str] = request.app.state.pages.page(request, "problem_types.html", types=TYPES)
    return page


@get("/errors/{code:str}", opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=False)
def problem_type(request: AnyRequest, code: FromPath[str]) -> Response[str]:
    """One of them."""
    known = TYPES.get(code)
    if known is None:
        raise NotFoundException
    statuses = [HTTPStatus(status) for status in known.statuses]
    page: Response[str] = request.app.state.pages.page(
        request, "problem_type.html", code=code, known=known, statuses=statuses
    )
    return page
