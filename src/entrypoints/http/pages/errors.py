"""When something goes wrong on a page: in the same clothes, with the request's id and a way on."""

from typing import Any, Final
from urllib.parse import quote

from litestar import Request, Response

from application.ports.wording import message
from entrypoints.http.pages.rendering import address_of
from entrypoints.http.problems import Problem

AnyRequest = Request[Any, Any, Any]  # Any: with or without a caller

NOT_STARTED: Final = message("Nothing was charged by this. Try again in a moment.")
PERHAPS_PAID: Final = message("If you have paid already, do not pay again. Try again in a moment.")

PASSING: Final = frozenset({429, 500, 502, 503})
"""Faults that may be gone at the next try."""

WORDS: Final = {
    401: (message("Please sign in"), message("Sign in on the platform, then come back to this page.")),
    403: (
        message("This cannot be done from here"),
        message("The form may be too old, or the page is not meant for your account. Go back and try again."),
    ),
    404: (message("Page not found"), message("There is nothing at this address, or it belongs to another account.")),
    409: (message("Already under way"), message("Something else is being done with this payment at the same time.")),
    413: (message("Too large"), message("What was sent is larger than this page takes.")),
    429: (message("Too many requests"), PERHAPS_PAID),
    500: (message("Something went wrong on our side"), PERHAPS_PAID),
    502: (message("The payment page cannot be opened"), PERHAPS_PAID),
    503: (message("Not available just now"), PERHAPS_PAID),
}
OTHER: Final = (message("This request is not valid"), message("Go back and try again."))


def error_page(request: AnyRequest, problem: Problem) -> Response[str]:
    """The page of a problem. It claims nothing about money, except that a start that failed has charged nothing."""
    title, text = WORDS.get(problem.status, OTHER)
    starting = request.method == "POST" and request.scope["path"].startswith("/dashboard/")
    page: Response[str] = request.app.state.pages.page(
        request,
        "error.html",
        status=problem.status,
        title=title,
        text=NOT_STARTED if starting and text is PERHAPS_PAID else text,
        # Every form of ours has a page at its own address: trying again leads there.
        retry=address_of(request) if problem.status in PASSING else None,
        signed_out=problem.status == 401,
    )
    page.headers.update(problem.headers())
    return page


def sign_in_location(request: AnyRequest, sign_in_url: str) -> str:
    """Where a visitor signs in, with the page to come back to. A form that was sent is not sent again."""
    following = quote(request.app.state.pages.app_url + address_of(request), safe="")
    return f"{sign_in_url}{'&' if '?' in sign_in_url else '?'}next={following}"
