"""On one machine only: signing in without a platform, and the mails as they look. In production these routes do not exist."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from litestar import MediaType, Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from application.ports.mail import OutboxMail
from domain.member import Locale, Member, UserId, UserType, is_email, is_user_id
from entrypoints.http.identity import PUBLIC, TOKEN_COOKIE
from entrypoints.http.pages.language import local_path, locale_of
from entrypoints.http.pages.payment import payment_path
from entrypoints.http.pages.rendering import Pages
from entrypoints.http.pages.visitor import fields_of
from entrypoints.http.tokens import NAME_LENGTH_MAX, sign_token

TOKEN_LIFETIME: Final = timedelta(hours=12)
MAIL_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox allow-popups"
)
"""A mail is styled inline, as mail clients want it; nothing in it may run or load."""

READY: Final = (
    (UserType.TALENT, "salma", "Salma", "salma@example.org"),
    (UserType.PROFESSIONAL, "youssef", "Youssef", "youssef@example.org"),
    (UserType.COMPANY, "atlas", "Atlas Productions", "atlas@example.org"),
)
"""Three members to try, one of each user type."""

AnyRequest = Request[Any, Any, Any]  # Any: nobody is signed in yet


class LocalVisitors:
    """What the local pages work with: the secret that signs tokens, and the mails that were sent."""

    def __init__(self, secret: str, outbox: Callable[[], Sequence[OutboxMail]]) -> None:
        self._secret = secret
        self.outbox = outbox

    def token(self, member: Member) -> str:
        """A token as the platform would issue it."""
        return sign_token(self._secret, member, scope="", lifetime=TOKEN_LIFETIME)

    def mail(self, mail_id: str) -> OutboxMail:
        """One mail. Raises NotFoundException."""
        found = next((mail for mail in self.outbox() if mail.id == mail_id), None)
        if found is None:
            raise NotFoundException
        return found


@get("/dev/sign-in", opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=False)
def sign_in_page(request: AnyRequest) -> Response[str]:
    """Three ready members, and a form for another one."""
    return _sign_in_page(request, [])


@post("/dev/sign-in", opt={PUBLIC: True}, include_in_schema=False)
async def sign_in(request: AnyRequest) -> Response[Any]:  # Any: a page or a redirect
    """Become a member, and go to the page that was asked for, or to the member's payment page."""
    pages: Pages = request.app.state.pages
    pages.forms.check_origin(request.headers)
    fields = await fields_of(request)
    member, faults = member_in(fields, locale_of(request))
    if member is None:
        return _sign_in_page(request, faults, typed=fields, status=422)
    wanted = own_path(fields.get("next", ""), pages.app_url)
    response = pages.see_other(pages.link(wanted or payment_path(member)))
    response.set_cookie(
        TOKEN_COOKIE,
        request.app.state.local.token(member),
        max_age=int(TOKEN_LIFETIME.total_seconds()),
        path="/",
        secure=pages.secure,
        httponly=True,
        samesite="lax",
    )
    return response


def member_in(fields: dict[str, str], locale: Locale) -> tuple[Member | None, list[str]]:
    """The member that a form describes, or the names of the fields that are at fault."""
    values = {name: fields.get(name, "").strip() for name in ("user_id", "user_type", "name", "email")}
    user_id, email = values["user_id"], values["email"]
    faults = []
    if not is_user_id(user_id):
        faults.append("user_id")
    if values["user_type"] not in tuple(UserType):
        faults.append("user_type")
    if not 1 <= len(values["name"]) <= NAME_LENGTH_MAX:
        faults.append("name")
    if not is_email(email):
        faults.append("email")
    if faults:
        return None, faults
    user_type = UserType(values["user_type"])
    return Member(user_id=UserId(user_id), user_type=user_type, email=email, name=values["name"], locale=locale), []


def own_path(address: str, app_url: str) -> str | None:
    """The path and query of an address of ours; null for any other."""
    path = address.removeprefix(app_url)
    return path if path != address and local_path(path) == path else None


@get("/dev/outbox", opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=True)
def outbox_page(request: AnyRequest) -> Response[str]:
    """The mails that were sent, newest first."""
    pages: Pages = request.app.state.pages
    return pages.page(request, "dev_outbox.html", mails=request.app.state.local.outbox())


@get("/dev/outbox/{mail_id:str}", opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=True)
def mail_page(request: AnyRequest, mail_id: FromPath[str]) -> Response[str]:
    """One mail: its head, its HTML in a frame, and its plain text."""
    pages: Pages = request.app.state.pages
    page = pages.page(request, "dev_mail.html", mail=request.app.state.local.mail(mail_id))
    page.headers["content-security-policy"] += "; frame-src 'self'"
    return page


@get("/dev/outbox/{mail_id:str}/html", opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=True)
def mail_html(request: AnyRequest, mail_id: FromPath[str]) -> Response[str]:
    """The HTML of one mail, as it was sent."""
    mail: OutboxMail = request.app.state.local.mail(mail_id)
    headers = {"content-security-policy": MAIL_POLICY, "referrer-policy": "no-referrer"}
    return Response(mail.html, media_type=MediaType.HTML, headers=headers)


def _sign_in_page(
    request: AnyRequest, faults: list[str], *, typed: dict[str, str] | None = None, status: int = 200
) -> Response[str]:
    pages: Pages = request.app.state.pages
    return pages.page(
        request,
        "dev_sign_in.html",
        status=status,
        ready=READY,
        user_types=tuple(UserType),
        faults=faults,
        typed=typed or {},
        following=request.query_params.get("next", ""),
    )


ROUTES: Final = (sign_in_page, sign_in, outbox_page, mail_page, mail_html)
