"""Tokens of the platform: JSON Web Tokens, verified by PyJWT with one fixed algorithm and one source of the key."""

import hashlib
import time
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from unicodedata import category

import jwt
from jwt.algorithms import get_default_algorithms
from msgspec import Struct

from domain.member import Locale, Member, UserId, UserType, is_email, is_user_id
from entrypoints.http.published_keys import RSA_BITS_MIN, PublishedKeys, UnknownKey, check_verifying
from entrypoints.settings import SYMMETRIC, ConfigurationError, TokenSettings

LEEWAY_SECONDS: Final = 30
"""How far the platform's clock may lie from ours."""

TOKEN_LENGTH_MAX: Final = 8192
NAME_LENGTH_MAX: Final = 200
VERIFIED_MAX: Final = 4096
"""How many callers are remembered: some three megabytes."""


class InvalidToken(Exception):
    """The token proves nobody. Why is nobody's business: every failure reads the same outside."""


class Caller(Struct, frozen=True, kw_only=True):
    """Who is asking. `member` is null for a token that describes no paying member, as the platform's own back end uses.

    locale: the language that the token names; null when it names none of ours.
    """

    user_id: UserId
    member: Member | None
    scopes: frozenset[str]
    locale: Locale | None = None


class VerifiedTokens:
    """The callers of the tokens that were verified last: the same token comes with every request until it ends.

    Each holds until its token ends, or the clock is set back, or the keys change by which it was verified: a key that the platform has
    withdrawn proves nothing any more. Kept under a digest, so that no token lies in memory.
    """

    def __init__(self) -> None:
        self._found: OrderedDict[bytes, tuple[Caller, object, float, float]] = OrderedDict()

    def find(self, token: str, keys: object) -> Caller | None:
        """The caller of a token that was verified by these keys and still holds; null for one that has to be verified."""
        digest = digest_of(token)
        caller, by, since, ends_at = self._found.get(digest, (None, None, 0.0, 0.0))
        if caller is None or keys is None or by is not keys or not since <= time.time() < ends_at:
            return None
        self._found.move_to_end(digest)
        return caller

    def keep(self, token: str, keys: object, caller: Caller, ends_at: float) -> None:
        """Remember a caller, and forget the one that has not been asked about for the longest time where there are too many."""
        if keys is None:
            return
        self._found[digest_of(token)] = caller, keys, time.time(), ends_at
        if len(self._found) > VERIFIED_MAX:
            self._found.popitem(last=False)


def digest_of(token: str) -> bytes:
    """What stands for a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


class TokenVerifier:
    """Verifies tokens. Raises ConfigurationError at construction when the configured key does not fit the algorithm."""

    def __init__(self, settings: TokenSettings, *, published: PublishedKeys | None = None) -> None:
        """published: where the keys are taken from instead of `jwks_url`."""
        self._settings = settings
        self._published: PublishedKeys | None = None
        self._key: Any = None  # a key object of whichever algorithm is configured
        self._verified = VerifiedTokens()
        if settings.jwks_url is not None:
            self._published = published or PublishedKeys(settings.jwks_url, settings.algorithm)
            return
        try:
            self._key = get_default_algorithms()[settings.algorithm].prepare_key(
                (settings.secret or "") if settings.algorithm == SYMMETRIC else (settings.public_key or "")
            )
            check_verifying(self._key)
        except (jwt.InvalidKeyError, ValueError, TypeError) as error:
            bits = f" of {RSA_BITS_MIN} bits or more" if settings.algorithm == "RS256" else ""
            fault = f"AUTH_JWT_PUBLIC_KEY: is no PEM of a public key{bits} for {settings.algorithm}"
            raise ConfigurationError([fault]) from error

    async def warm_up(self) -> None:
        """Fetch the published keys before the first token comes: a platform that is away by then is survived by every replica."""
        if self._published is not None:
            await self._published.fetch_first()

    async def caller(self, token: str) -> Caller:
        """Who the token proves. Raises InvalidToken, and TryAgain where the keys of the platform cannot be had."""
        if len(token) > TOKEN_LENGTH_MAX:
            raise InvalidToken
        keys = self._key if self._published is None else self._published.known_good
        known = self._verified.find(token, keys)
        if known is not None:
            return known
        caller, ends_at = await self._verify(token)
        if self._published is None or keys is self._published.known_good:
            self._verified.keep(token, keys, caller, ends_at)
        return caller

    async def _verify(self, token: str) -> tuple[Caller, float]:
        """The caller, and until when the token holds (seconds since the epoch)."""
        try:
            key = self._key if self._published is None else await self._published.of(token)
            claims = jwt.decode(
                token,
                key,
                algorithms=[self._settings.algorithm],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "sub"], "verify_aud": self._settings.audience is not None},
            )
        except (jwt.PyJWTError, UnknownKey, ValueError, RecursionError) as error:
            raise InvalidToken from error
        return caller_of(claims), int(claims["exp"]) + LEEWAY_SECONDS


def caller_of(claims: dict[str, Any]) -> Caller:  # Any: claims are whatever JSON the platform signed
    """The caller that verified claims describe. Raises InvalidToken when they name no user."""
    user_id, scope, locale = claims.get("sub"), claims.get("scope"), claims.get("locale")
    if not isinstance(user_id, str) or not is_user_id(user_id):
        raise InvalidToken
    return Caller(
        user_id=UserId(user_id),
        member=_member_of(UserId(user_id), claims),
        scopes=frozenset(scope.split()) if isinstance(scope, str) else frozenset(),
        locale=Locale.known(locale) if isinstance(locale, str) else None,
    )


def claimed_locale(token: str) -> Locale | None:
    """The language that a token names, its signature unchecked: good for choosing a language, and for nothing else."""
    if len(token) > TOKEN_LENGTH_MAX:
        return None
    try:
        locale = jwt.decode(token, options={"verify_signature": False}).get("locale")
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    return Locale.known(locale) if isinstance(locale, str) else None


def _member_of(user_id: UserId, claims: dict[str, Any]) -> Member | None:  # Any: JSON
    user_type, email, name = claims.get("user_type"), claims.get("email"), claims.get("name")
    if user_type not in tuple(UserType) or not isinstance(email, str) or not isinstance(name, str):
        return None
    if not is_email(email):
        return None
    locale = claims.get("locale")
    return Member(
        user_id=user_id,
        user_type=UserType(user_type),
        email=email,
        # Control characters and lone surrogates can neither be stored nor shown.
        name="".join(letter for letter in name if category(letter) not in ("Cc", "Cs"))[:NAME_LENGTH_MAX],
        locale=Locale.best(locale if isinstance(locale, str) else None),
    )


def sign_token(secret: str, member: Member, *, scope: str, lifetime: timedelta) -> str:
    """A token for local use, as the platform would issue it."""
    now = datetime.now(UTC)
    claims = {
        "sub": member.user_id,
        "user_type": member.user_type.value,
        "email": member.email,
        "name": member.name,
        "locale": member.locale.value,
        "iat": now,
        "exp": now + lifetime,
    }
    return jwt.encode(claims | ({"scope": scope} if scope else {}), secret, algorithm=SYMMETRIC)
