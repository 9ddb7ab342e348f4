"""When something goes wrong on a page: in the same clothes, with the request's id and a way on."""

from typing import Any, Final
from urllib.parse import quote

from litestar import Request, Response

from application.ports.wording import message
from entrypoints.http.problems import Problem

AnyRequest = Request[Any, Any, Any]  # Any: with or without a caller

NOTHING_LOST: Final = message("Nothing was charged by this, and nothing is lost. Try again in a moment.")

WORDS: Final = {
    401: (message("Please sign in"), message("Sign in on the platform, then come back to this page.")),
    403: (
        message("This cannot be done from here"),
        message("The form may be too old, or the page is not meant for your account. Go back and try again."),
    ),
    404: (message("Page not found"), message("There is nothing at this address, or it belongs to another account.")),
    409: (message("Already under way"), message("Something else is being done with this payment at the same time.")),
    413: (message("Too large"), message("What was sent is larger than this page takes.")),
    429: (message("Too many requests"), message("Wait a moment, then try again.")),
    500: (
        message("Something went wrong"),
        message("The fault is ours, and we know of it. Nothing was charged by this."),
    ),
    502: (message("The payment page cannot be opened"), NOTHING_LOST),
    503: (message("Not available just now"), NOTHING_LOST),
}
OTHER: Final = (message("This request is not valid"), message("Go back and try again."))


def error_page(request: AnyRequest, problem: Problem) -> Response[str]:
    """The page of a problem."""
    title, text = WORDS.get(problem.status, OTHER)
    page: Response[str] = request.app.state.pages.page(
        request,
        "error.html",
        status=problem.status,
        title=title,
        text=text,
        # Trying again is of use where the fault may pass; the address is our own, never one that was given.
        retry=request.scope["path"] if problem.status in (429, 500, 502, 503) and request.method == "GET" else None,
    )
    page.headers.update(problem.headers())
    return page


def sign_in_location(request: AnyRequest) -> str:
    """Where a visitor signs in, with the page to come back to. A form that was sent is not sent again."""
    pages = request.app.state.pages
    base: str = pages.sign_in_url
    path = request.scope["path"]
    query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
    return f"{base}{'&' if '?' in base else '?'}next={quote(pages.app_url + path + query, safe='')}"
