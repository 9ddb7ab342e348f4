"""Who is asking: the bearer of a token of the platform."""

from typing import Any, Final, TypeAlias

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import PermissionDeniedException
from litestar.middleware.authentication import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp

from domain.member import Member
from entrypoints.http.tokens import Caller, InvalidToken, TokenVerifier

PUBLIC: Final = "public"
"""The route option of what anyone may ask."""

PAGE: Final = "page"
"""The route option of what a browser asks for: its token is in a cookie, and without one it is sent to sign in."""

TOKEN_COOKIE: Final = "payments_token"  # noqa: S105 # the name of a cookie

READ_SUBSCRIPTIONS: Final = "subscriptions:read"

CallerRequest: TypeAlias = Request[Caller, None, State]


class SignInNeeded(InvalidToken):
    """A page was asked for without a valid token."""


class Identify(AbstractAuthenticationMiddleware):
    """Puts the Caller on every request that is not public. Raises InvalidToken."""

    def __init__(self, app: ASGIApp, verifier: TokenVerifier) -> None:
        super().__init__(app, exclude=["^/schema"], exclude_from_auth_key=PUBLIC)
        self._verifier = verifier

    async def authenticate_request(
        self,
        connection: ASGIConnection[Any, Any, Any, Any],  # Any: nothing is known of the connection yet
    ) -> AuthenticationResult:
        """The caller of the token in the cookie, for pages, or else of a bearer token."""
        if connection.route_handler.opt.get(PAGE):
            return AuthenticationResult(user=await self._visitor(connection.cookies.get(TOKEN_COOKIE)), auth=None)
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise InvalidToken
        return AuthenticationResult(user=await self._verifier.caller(token.strip()), auth=None)

    async def _visitor(self, token: str | None) -> Caller:
        try:
            return await self._verifier.caller(token or "")
        except InvalidToken as error:
            raise SignInNeeded from error


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
