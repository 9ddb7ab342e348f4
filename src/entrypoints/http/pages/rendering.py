"""From facts to a page: templates in the visitor's language, escaped, and under the headers of every page."""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from litestar import MediaType, Request, Response

from application.ports.wording import Wording, Words
from domain.member import Locale
from entrypoints.http.forms import FormGuard
from entrypoints.http.pages.assets import Assets
from entrypoints.http.pages.headers import page_headers
from entrypoints.http.pages.language import locale_of
from entrypoints.request_ids import request_id

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES: Final = Path(__file__).parent / "templates"

OWN_NAMES: Final = {
    Locale.FRENCH: "Fran\u00e7ais",
    Locale.ENGLISH: "English",
    Locale.ARABIC: "\u0627\u0644\u0639\u0631\u0628\u064a\u0629",
}
"""Each language by its own name, whatever language the page is in."""

AnyRequest = Request[Any, Any, Any]  # Any: with or without a caller


def address_of(request: AnyRequest) -> str:
    """The path that was asked for, with its query; never from `request.url`, which is built from whatever Host a stranger sends."""
    path: str = quote(request.scope["path"], safe="/:@")
    query = quote(request.scope["query_string"], safe="/:@?=&%+,;~!$'()*")
    return f"{path}?{query}" if query else path


class Pages:
    """Renders pages. Templates and languages are loaded when the first page is asked for, or by `warm_up`."""

    def __init__(
        self,
        *,
        wording: Callable[[], Wording],
        app_url: str,
        hosted_origin: str,
        form_secret: str,
        sign_in_url: str | None,
        local: bool,
    ) -> None:
        """wording: gives the languages when they are first needed.

        hosted_origin: where the hosted checkout lies.
        form_secret: what all replicas share, for the tokens of forms.
        sign_in_url: where a visitor without a token is sent; None shows a page that says so.
        local: whether this is one machine with its own sign-in and outbox.
        """
        self._wording = wording
        self._root = urlsplit(app_url).path.rstrip("/")
        self._headers = page_headers(hosted_origin)
        self.app_url = app_url
        self.secure = app_url.startswith("https://")
        self.sign_in_url = sign_in_url
        self.local = local
        self.assets = Assets()
        self.forms = FormGuard(form_secret, app_url)

    def link(self, path: str) -> str:
        """The address of a page of ours, relative to the host."""
        return f"{self._root}{path}"

    def words(self, request: AnyRequest) -> Words:
        """The language that the visitor reads."""
        return self._wording().of(locale_of(request))

    def page(self, request: AnyRequest, template: str, *, status: int = 200, **facts: object) -> Response[str]:
        """A page. `facts` are what its template shows."""
        words = self.words(request)
        common = self._common(request, words)
        if twice := facts.keys() & common.keys():
            raise ValueError(f"a page has these facts already: {', '.join(sorted(twice))}")
        html = self._templates.get_template(template).render({**facts, **common})
        return Response(html, status_code=status, media_type=MediaType.HTML, headers=dict(self._headers))

    def see_other(self, location: str) -> Response[None]:
        """A 303 to a page of ours or to the hosted checkout, under the headers of every page."""
        return Response(None, status_code=303, headers=self._headers | {"location": location})

    def warm_up(self) -> None:
        """Load what the first page needs."""
        for locale in Locale:
            self._wording().of(locale)
        for name in self._templates.list_templates():
            self._templates.get_template(name)

    def _common(self, request: AnyRequest, words: Words) -> Mapping[str, object]:
        caller = request.scope.get("user")
        return {
            "words": words,
            "link": self.link,
            "asset": lambda name: self.link(f"/assets/{self.assets.served_name(name)}"),
            "languages": [(locale, OWN_NAMES[locale]) for locale in OWN_NAMES],
            "language_back": quote(address_of(request), safe=""),
            "member": caller.member if caller is not None else None,
            "csrf_token": self.forms.token(caller.user_id) if caller is not None else "",
            "request_id": request_id(),
            "local": self.local,
        }

    @cached_property
    def _templates(self) -> "Environment":
        from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
        from jinja2.runtime import Context
        from markupsafe import Markup

        @pass_context
        def gettext(context: Context, text: str, **blanks: object) -> Markup:
            # Translations are ours and may be markup; what fills their blanks is escaped.
            return Markup(context["words"].gettext(text)) % blanks  # noqa: S704 # see above

        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.globals["gettext"] = gettext
        return environment
