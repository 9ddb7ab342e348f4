"""Who is asking: the bearer of a token of the platform."""

import hashlib
from typing import Any, Final, TypeAlias

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.exceptions import PermissionDeniedException
from litestar.middleware import ASGIMiddleware
from litestar.middleware.authentication import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp, Receive, Scope, Send

from application.errors import ApplicationFault
from application.log_context import also_about
from application.rate_limits import RateLimits
from domain.member import Member
from entrypoints.http.rate_limits import UNLIMITED, count_caller, count_stranger
from entrypoints.http.tokens import Caller, InvalidToken, TokenVerifier

PUBLIC: Final = "public"
"""The route option of what anyone may ask."""

PAGE: Final = "page"
"""The route option of what a browser asks for: its token is in a cookie, and without one it is sent to sign in."""

TOKEN_COOKIE: Final = "payments_token"  # noqa: S105 # the name of a cookie

READ_SUBSCRIPTIONS: Final = "subscriptions:read"

CallerRequest: TypeAlias = Request[Caller, None, State]
AnyConnection: TypeAlias = ASGIConnection[Any, Any, Any, Any]  # Any: nothing is known of the connection yet


class SignInNeeded(InvalidToken):
    """A page was asked for without a valid token."""


def bearer_token(connection: AnyConnection) -> str:
    """The token of the Authorization header; empty where there is none."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class Identify(AbstractAuthenticationMiddleware):
    """Puts the Caller on every request that is not public, and counts it. Raises InvalidToken and RateLimited.

    A valid token gets in whatever its address did before: members share addresses with strangers.
    """

    def __init__(self, app: ASGIApp, verifier: TokenVerifier, limits: RateLimits) -> None:
        super().__init__(app, exclude=["^/schema"], exclude_from_auth_key=PUBLIC)
        self._verifier = verifier
        self._limits = limits

    async def authenticate_request(self, connection: AnyConnection) -> AuthenticationResult:
        """The caller of the token in the cookie, for pages, or else of a bearer token."""
        page = connection.route_handler.opt.get(PAGE)
        token = connection.cookies.get(TOKEN_COOKIE, "") if page else bearer_token(connection)
        try:
            caller = await self._verifier.caller(token)
        except InvalidToken as error:
            # Whoever opens a page without having signed in has failed at nothing.
            count_stranger(connection.scope, self._limits, failed=bool(token) or not page)
            if page:
                raise SignInNeeded from error
            raise
        also_about(member_id=loggable(caller.user_id))
        if is_counted(caller):
            count_caller(connection.scope, self._limits, caller.user_id)
        return AuthenticationResult(user=caller, auth=None)


class CountVisitors(ASGIMiddleware):
    """Counts each request for what is public: by the caller, where it carries a valid token all the same. Raises RateLimited."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = UNLIMITED

    def __init__(self, verifier: TokenVerifier, limits: RateLimits) -> None:
        self._verifier = verifier
        self._limits = limits

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope.get("user") is None:
            connection: AnyConnection = ASGIConnection(scope)
            token = bearer_token(connection) or connection.cookies.get(TOKEN_COOKIE, "")
            caller = await self._caller(token) if token else None
            if caller is None:
                count_stranger(scope, self._limits, failed=False)
            elif is_counted(caller):
                count_caller(scope, self._limits, caller.user_id)
        await next_app(scope, receive, send)

    async def _caller(self, token: str) -> Caller | None:
        try:
            return await self._verifier.caller(token)
        except (InvalidToken, ApplicationFault):
            return None


def is_counted(caller: Caller) -> bool:
    """Whether a caller has a limit. The platform's back end has none: it asks for all members at once, and they wait for it."""
    return caller.member is not None or READ_SUBSCRIPTIONS not in caller.scopes


def loggable(user_id: str) -> str:
    """A user's id as logs may have it. The platform may have chosen e-mail addresses: of such there is a digest, the same each time."""
    return user_id if "@" not in user_id else f"sha256:{hashlib.sha256(user_id.encode()).hexdigest()[:16]}"


def member_of(request: CallerRequest) -> Member:
    """The paying member who is asking. Refuses tokens that describe none."""
    if request.user.member is None:
        raise PermissionDeniedException(
            "This needs the token of a member: with user_type, name and an e-mail address that mail can be sent to."
        )
    return request.user.member


def require_scope(request: CallerRequest, scope: str) -> None:
    """Refuse callers without a scope."""
    if scope not in request.user.scopes:
        raise PermissionDeniedException(f"This needs a token with the scope {scope}.")
