"""The payment page in the bare program: the service's own template under Jinja2, and its words under Babel, filled from one statement.

So it saves the framework, the use cases and the statements, and no rendering: it shows what a member sees who is to pay and has nothing
open. For anybody else it has no page.
"""

import hashlib
import hmac
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from adapters.catalogue import load_catalogue
from adapters.wording.catalogues import BabelWording
from bench.reference.asgi import HTML, Answer, Headers, Pool
from bench.reference.tokens import member_of, of_cookie
from domain.member import Locale, UserType
from domain.subscription import SubscriptionStatus, year_after

PAGES: Final = Path(__file__).parents[2] / "src" / "entrypoints" / "http" / "pages"
ZONE: Final = ZoneInfo("Africa/Casablanca")
FORM_SECONDS: Final = 24 * 3600
LANGUAGES: Final = (
    (Locale.FRENCH, "Fran\u00e7ais"),
    (Locale.ENGLISH, "English"),
    (Locale.ARABIC, "\u0627\u0644\u0639\u0631\u0628\u064a\u0629"),
)
STANDING: Final = """
    SELECT EXISTS (SELECT FROM payments WHERE user_id = $1 AND status IN ('PENDING', 'PROCESSING'))
        OR EXISTS (SELECT FROM periods WHERE user_id = $1) AS has_begun,
           array(SELECT currency FROM refused_currencies) AS refused
"""


@pass_context
def gettext(context: Context, text: str, **blanks: object) -> Markup:
    """A text in the language of the page."""
    return Markup(context["words"].gettext(text)) % blanks  # noqa: S704 # as the service's: what fills the blanks is escaped


class PayingPage:
    """Shows the page."""

    def __init__(self, secret: bytes, form_secret: bytes, *, local: bool) -> None:
        """secret: of the tokens. local: whether the page says that it is on this machine only."""
        self._secret = secret
        self._form_key = hmac.digest(form_secret, b"forms of the pages", "sha256")
        self._local = local
        self._wording = BabelWording(ZONE)
        self._catalogue = load_catalogue(None, ("mad", "usd"))
        self._assets = {path.name: f"/assets/{served_name(path)}" for path in (PAGES / "static").iterdir()}
        environment = Environment(
            loader=FileSystemLoader(PAGES / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.globals["gettext"] = gettext
        self._template = environment.get_template("payment.html")

    async def __call__(self, pool: Pool, headers: Headers, path: str) -> Answer:
        """The page of the member who asks."""
        member = member_of(of_cookie(headers), self._secret)
        row = await pool.fetchrow(STANDING, member.sub)
        if row is None or row["has_begun"]:
            return Answer(409, b"", [HTML])
        locale = Locale(member.locale)
        plan = self._catalogue.plan_for(UserType(member.user_type))
        price, now = plan.price(frozenset(row["refused"])), datetime.now(UTC)
        access = SimpleNamespace(allowed=False, status=SubscriptionStatus.NONE, paid_until=None)
        facts = {
            "words": self._wording.of(locale),
            "link": str,
            "asset": self._assets.__getitem__,
            "languages": LANGUAGES,
            "language_back": quote(path, safe=""),
            "member": SimpleNamespace(user_type=UserType(member.user_type), name=member.name, email=member.email),
            "csrf_token": self._proof(member.sub),
            "local": self._local,
            "standing": SimpleNamespace(
                access=access,
                price=price,
                buys_from=now,
                buys_until=year_after(now, ZONE),
                may_pay=True,
                certain=True,
            ),
            "plan_name": plan.name(locale),
            "subscription": "Not active",
            "open_payment": None,
            "processing": None,
            "fallback": plan.prices[0] if price != plan.prices[0] else None,
        }
        return Answer(200, self._template.render(facts).encode(), [HTML])

    def _proof(self, user_id: str) -> str:
        expires_at = int(time.time()) + FORM_SECONDS
        proved = b"%d\0%s" % (expires_at, user_id.encode())
        return f"{expires_at}.{hmac.digest(self._form_key, proved, 'sha256').hex()}"


def served_name(path: Path) -> str:
    """The name under which the service serves a file of its pages."""
    return f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}{path.suffix}"
