"""Which language a visitor reads: their own choice, else their token's, else their browser's, else French."""

from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Request, Response, get
from litestar.connection import ASGIConnection
from litestar.params import FromPath, FromQuery

from domain.member import Locale
from entrypoints.http.identity import PUBLIC, TOKEN_COOKIE
from entrypoints.http.tokens import claimed_locale

COOKIE: Final = "payments_language"
COOKIE_SECONDS: Final = 365 * 24 * 3600
TAGS_MAX: Final = 20
BACK_LENGTH_MAX: Final = 500

AnyConnection = ASGIConnection[Any, Any, Any, Any]  # Any: with or without a caller


def locale_of(connection: AnyConnection) -> Locale:
    """The language to answer in."""
    caller = connection.scope.get("user")
    # Where no route matches, nobody was identified.
    told = caller.locale if caller is not None else claimed_locale(connection.cookies.get(TOKEN_COOKIE, ""))
    return (
        Locale.known(connection.cookies.get(COOKIE))
        or told
        or preferred(connection.headers.get("accept-language", ""))
        or Locale.FRENCH
    )


def preferred(accept_language: str) -> Locale | None:
    """The first of our languages in the order of an Accept-Language header (RFC 9110, 12.5.4); null when it has none of them."""
    weighed: list[tuple[float, Locale]] = []
    for entry in accept_language.split(",")[:TAGS_MAX]:
        tag, _, parameter = entry.partition(";")
        locale, weight = Locale.known(tag.strip()), _weight(parameter)
        if locale is not None and weight > 0:
            weighed.append((weight, locale))
    # The sort is stable: of equal weights the first stays first.
    return max(weighed, key=lambda found: found[0])[1] if weighed else None


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(1.0, float(value))
    except ValueError:
        return 0.0


@get("/language/{tag:str}", opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=False)
def choose_language(request: Request[Any, Any, Any], tag: FromPath[str], back: FromQuery[str] = "/") -> Response[None]:
    """Remember a language and go back to the page. `back` is a path of ours: anything else leads home."""
    pages = request.app.state.pages
    response: Response[None] = pages.see_other(pages.link(local_path(back)))
    locale = Locale.known(tag)
    if locale is not None:
        response.set_cookie(
            COOKIE,
            locale.value,
            max_age=COOKIE_SECONDS,
            path="/",
            secure=pages.secure,
            httponly=True,
            samesite="lax",
        )
    return response


def local_path(given: str) -> str:
    """A path of this site with its query, or `/` for anything that could lead elsewhere."""
    plain = given.isascii() and given.isprintable() and "\\" not in given and len(given) <= BACK_LENGTH_MAX
    if not plain or not given.startswith("/") or given.startswith("//"):
        return "/"
    try:
        parts = urlsplit(given)
    except ValueError:
        return "/"
    return given if not parts.scheme and not parts.netloc else "/"
