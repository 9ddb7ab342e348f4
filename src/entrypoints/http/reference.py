"""The description of the API: the document at /schema/openapi.json, and a page at /schema on which it can be read and tried out."""

from functools import cache
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, Router, get
from litestar.enums import MediaType
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, Reference, SecurityScheme, Tag
from litestar.params import FromPath

from entrypoints.http.described_headers import ConfigWithHeaders
from entrypoints.http.pages.headers import document_headers

PATH: Final = "/schema"
SHIPPED_BY: Final = "swagger-ui-py"
"""The package that brings Swagger UI with it, so that nothing is loaded from elsewhere."""

KINDS: Final = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}

DESCRIPTION: Final = """\
Annual fees through hosted Stripe Checkout: start a checkout, send the member to its `url`, and ask whether they have access.

Amounts are whole minor units; times are UTC, with microseconds. Each error is `application/problem+json` with a stable `code`, and its
`type` leads to a page that says what to do. Each answer has a `Request-Id`.

Requests are limited by the minute. `RateLimit-Policy` and `RateLimit` say where you stand; beyond it the answer is 429 with `Retry-After`.
"""

TAGS: Final = [
    Tag(name="Plans", description="What each user type pays."),
    Tag(name="Checkouts", description="Starting to pay. A member has one payable checkout at most."),
    Tag(name="Payments", description="The billing history of the member who asks."),
    Tag(name="Subscriptions", description="Who has access, right to the second."),
    Tag(name="Members", description="What the law gives to members: a copy of their data, and to be forgotten."),
    Tag(name="Webhooks", description="Where Stripe delivers its events."),
    Tag(name="Health", description="For those who run it."),
]

SCHEMES: Final[dict[str, SecurityScheme | Reference]] = {
    "bearer": SecurityScheme(
        type="http",
        scheme="bearer",
        bearer_format="JWT",
        description="A token of the platform, such as `payments token` prints.",
    ),
    "stripeSignature": SecurityScheme(
        type="apiKey",
        name="Stripe-Signature",
        security_scheme_in="header",
        description="Made by Stripe with the endpoint's signing secret over the bytes of the body.",
    ),
}


class ReferencePage(OpenAPIRenderPlugin):
    """The page. It reads the document by itself."""

    def __init__(self) -> None:
        super().__init__(path="/", media_type=MediaType.HTML)

    def render(
        self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]
    ) -> bytes:  # Any: as Litestar declares it
        """The page's HTML. The document is the same for everybody, so nothing of it is needed here."""
        html: str = request.app.state.pages.page(request, "reference.html", release=version(SHIPPED_BY)).content
        return html.encode()


@cache
def shipped(name: str) -> bytes:
    """A file of Swagger UI. The package is not imported: its code is for other frameworks."""
    return Path(str(distribution(SHIPPED_BY).locate_file(f"swagger_ui/static/{name}"))).read_bytes()


@get("/{release:str}/{name:str}", include_in_schema=False, sync_to_thread=True)
def reference_file(release: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """One file of Swagger UI, under an address that changes with its release."""
    if release != version(SHIPPED_BY) or name not in KINDS:
        raise NotFoundException
    return Response(
        shipped(name),
        media_type=f"{KINDS[name]}; charset=utf-8",
        headers={"cache-control": "public, max-age=31536000, immutable"},
    )


def openapi() -> OpenAPIConfig:
    """What Litestar makes the document of, and where it serves it."""
    return ConfigWithHeaders(
        title="Talents Acting Payments",
        version=version("talents-acting-payments"),
        description=DESCRIPTION,
        openapi_router=Router(
            PATH, route_handlers=[reference_file], include_in_schema=False, response_headers=document_headers()
        ),
        render_plugins=[ReferencePage()],
        use_handler_docstrings=True,
        tags=TAGS,
        components=Components(security_schemes=SCHEMES),
    )
