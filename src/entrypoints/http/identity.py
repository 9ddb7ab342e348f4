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

READ_SUBSCRIPTIONS: Final = "subscriptions:read"

CallerRequest: TypeAlias = Request[Caller, None, State]


class Identify(AbstractAuthenticationMiddleware):
    """Puts the Caller on every request that is not public. Raises InvalidToken."""

    def __init__(self, app: ASGIApp, verifier: TokenVerifier) -> None:
        super().__init__(app, exclude=["^/schema"], exclude_from_auth_key=PUBLIC)
        self._verifier = verifier

    async def authenticate_request(
        self,
        connection: ASGIConnection[Any, Any, Any, Any],  # Any: nothing is known of the connection yet
    ) -> AuthenticationResult:
        """The caller of a bearer token."""
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise InvalidToken
        return AuthenticationResult(user=await self._verifier.caller(token.strip()), auth=None)


def member_of(request: CallerRequest) -> Member:
    """The paying member who is asking. Refuses tokens that describe none."""
    if request.user.member is None:
        raise PermissionDeniedException("This needs the token of a member: with user_type, email and name.")
    return request.user.member


def require_scope(request: CallerRequest, scope: str) -> None:
    """Refuse callers without a scope."""
    if scope not in request.user.scopes:
        raise PermissionDeniedException(f"This needs a token with the scope {scope}.")
