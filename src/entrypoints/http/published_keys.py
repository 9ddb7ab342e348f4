"""The keys that the platform publishes (JWKS, RFC 7517): fetched once for all, renewed while nobody waits, and kept while it is away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import jwt
import msgspec

from application.errors import TryAgain

log = logging.getLogger(__name__)

FRESH_SECONDS: Final = 300.0
"""So long after a fetch the keys are used without a thought; then they are fetched again in the background."""

PAUSE_SECONDS: Final = 10.0
"""Between two fetches, whatever is asked for: tokens with invented key ids must not become requests to the platform."""

KEPT_SECONDS: Final = 86_400.0
"""So long the last good keys count while the platform publishes none; a key that was withdrawn counts no longer than that."""

FETCH_SECONDS_MAX: Final = 5.0
BYTES_MAX: Final = 256 * 1024

SHAPES: Final = {
    "RS256": {"kty": "RSA"},
    "ES256": {"kty": "EC", "crv": "P-256"},
    "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
}
"""What a key must be for each algorithm: one of another kind is never used, whatever it calls itself."""


RSA_BITS_MIN: Final = 2048
"""Shorter keys can be broken; RFC 7518 (3.3) forbids them."""


class UnknownKey(Exception):
    """No published key fits the token."""


async def fetched(url: str) -> bytes:
    """What is published at an address. Follows no redirect: the address is configured, and no other is. Raises OSError or ValueError."""
    import httpx

    try:
        async with (
            asyncio.timeout(FETCH_SECONDS_MAX),
            httpx.AsyncClient(timeout=FETCH_SECONDS_MAX, follow_redirects=False) as client,
            client.stream("GET", url, headers={"accept": "application/json"}) as answer,
        ):
            if answer.status_code != 200:
                raise ValueError(f"status {answer.status_code}")
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > BYTES_MAX:
                    raise ValueError(f"more than {BYTES_MAX} bytes")
            return body
    except httpx.HTTPError as error:
        raise OSError(f"{type(error).__name__}: {error}") from error


def keys_in(body: bytes, algorithm: str) -> dict[str | int, jwt.PyJWK]:
    """The usable keys of a JWKS by their ids, by their places where they have none. Raises ValueError where there is none."""
    try:
        published = msgspec.json.decode(body, type=dict[str, Any])["keys"]  # Any: JSON
    except (msgspec.DecodeError, KeyError, RecursionError) as error:
        raise ValueError("no JWKS") from error
    found: dict[str | int, jwt.PyJWK] = {}
    for place, described in enumerate(published if isinstance(published, list) else ()):
        if not isinstance(described, dict) or not _fits(described, algorithm):
            continue
        try:
            key = jwt.PyJWK(described, algorithm=algorithm)
            check_verifying(key.key)
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            log.warning("a published key cannot be used: %s", error)
            continue
        found[place if key.key_id is None else key.key_id] = key
    if not found:
        raise ValueError(f"no key for {algorithm}")
    return found


def check_verifying(key: object) -> None:
    """Raises ValueError for a key that must not verify tokens: a private one, which too many know by now, or a short one."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if hasattr(key, "private_bytes"):
        raise ValueError("it is a private key")
    if isinstance(key, RSAPublicKey) and key.key_size < RSA_BITS_MIN:
        raise ValueError(f"it has less than {RSA_BITS_MIN} bits")


def _fits(described: dict[str, Any], algorithm: str) -> bool:  # Any: JSON
    shape = all(described.get(name) == value for name, value in SHAPES[algorithm].items())
    operations = described.get("key_ops")
    return (
        shape
        and isinstance(described.get("kid", ""), str)
        and described.get("use", "sig") == "sig"
        and described.get("alg", algorithm) == algorithm
        and (operations is None or (isinstance(operations, list) and "verify" in operations))
    )


class PublishedKeys:
    """The keys at one address, for one algorithm."""

    def __init__(self, url: str, algorithm: str, fetch: Callable[[str], Awaitable[bytes]] = fetched) -> None:
        self._url = url
        self._algorithm = algorithm
        self._fetch = fetch
        self._keys: dict[str | int, jwt.PyJWK] = {}
        self._good_at = self._tried_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def of(self, token: str) -> jwt.PyJWK:
        """The key that a token names; where it names none, the only one there is.

        Raises UnknownKey, TryAgain while no key was ever fetched or the last good ones are too old, and DecodeError for what is no token.
        """
        key_id = jwt.get_unverified_header(token).get("kid")
        age = self._now() - self._good_at
        if age >= KEPT_SECONDS:
            await self._renewed()
            if self._now() - self._good_at >= KEPT_SECONDS:
                raise TryAgain("the keys of the platform cannot be fetched")
        elif age >= FRESH_SECONDS:
            self._renew()
        found = self._found(key_id)
        if found is None:
            await self._renewed()
            found = self._found(key_id)
        if found is None:
            raise UnknownKey
        return found

    async def fetch_first(self) -> None:
        """Fetch the keys, unless they were fetched already. That they cannot be is logged, and tried again when a token comes."""
        if self.known_good is None:
            await self._renewed()

    @property
    def known_good(self) -> object | None:
        """The keys as they stand: another object once they were fetched again; null where they are old enough to be fetched."""
        return self._keys if self._now() - self._good_at < FRESH_SECONDS else None

    def _found(self, key_id: object) -> jwt.PyJWK | None:
        if key_id is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(key_id) if isinstance(key_id, str) else None

    def _renew(self) -> asyncio.Task[None] | None:
        """The fetch that is under way, or a new one; null where the last one was a moment ago."""
        if self._fetching is None or self._fetching.done():
            if self._now() - self._tried_at < PAUSE_SECONDS:
                return None
            self._tried_at = self._now()
            self._fetching = asyncio.create_task(self._fetch_once())
        return self._fetching

    async def _renewed(self) -> None:
        """Wait for the fetch, together with all others who do. One who gives up leaves it to them."""
        fetching = self._renew()
        if fetching is not None:
            await asyncio.shield(fetching)

    async def _fetch_once(self) -> None:
        try:
            self._keys = keys_in(await self._fetch(self._url), self._algorithm)
        except (OSError, ValueError) as error:
            log.error("the keys of the platform cannot be fetched: %s", error)
        else:
            self._good_at = self._now()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
