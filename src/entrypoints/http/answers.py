"""How an error is answered: as problem details to programs, as a page to people."""

import logging
from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, Response

from application.rate_limits import RateLimited
from entrypoints.http.identity import SignInNeeded
from entrypoints.http.pages.errors import error_page, sign_in_location
from entrypoints.http.pages.rendering import Pages
from entrypoints.http.problems import Problem, problem_of, problem_response
from entrypoints.http.rate_limits import count_stranger

log = logging.getLogger(__name__)

AnyRequest = Request[Any, Any, Any]  # Any: with or without a caller

PAGE_PATHS: Final = ("/dashboard", "/payment/", "/dev/", "/language/")
PROGRAM_PATHS: Final = ("/api/", "/health/", "/schema", "/metrics", "/assets/")


def answer_error(request: AnyRequest, error: Exception) -> Response[Any]:
    """The answer to an error."""
    pages: Pages = request.app.state.pages
    if isinstance(error, SignInNeeded) and pages.sign_in_url is not None:
        return pages.see_other(sign_in_location(request, pages.sign_in_url))
    if not leads_anywhere(request.scope):  # then nobody has counted it yet
        try:
            count_stranger(request.scope, request.app.state.rate_limits, failed=False)
        except RateLimited as refused:
            error = refused
    problem = problem_of(error)
    if problem.status == 500:
        log.error("unforeseen error", exc_info=error)
    return answer_problem(request, problem)


def leads_anywhere(scope: Mapping[str, object]) -> bool:
    """Whether a route was found for a request."""
    return "route_handler" in scope


def answer_problem(request: AnyRequest, problem: Problem) -> Response[Any]:
    """A problem in the form that whoever asked can read."""
    if is_for_people(request):
        try:
            return error_page(request, problem)
        except Exception:
            # An error inside the error page: the plain form is better than none.
            log.exception("the error page could not be made")
    return problem_response(problem, request.app.state.app_url)


def is_for_people(request: AnyRequest) -> bool:
    """Whether a browser asked for a page: by its path, or where nothing lies, by what it accepts."""
    path = request.scope["path"]
    if path == "/" or path.startswith(PAGE_PATHS):
        return True
    return not path.startswith(PROGRAM_PATHS) and "text/html" in request.headers.get("accept", "")
