"""A platform that publishes its keys, and tokens under them."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from entrypoints.http.published_keys import PublishedKeys
from entrypoints.settings import TokenSettings

Json = dict[str, Any]  # Any: JSON
PRIVATE: dict[str, Any] = {  # Any: key kinds
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def described(algorithm: str, kid: str | None = "one", **more: object) -> Json:
    """The public half of a key, as a JWKS has it."""
    kinds = {"RS256": jwt.algorithms.RSAAlgorithm, "ES256": jwt.algorithms.ECAlgorithm}
    kind: Any = kinds.get(algorithm, jwt.algorithms.OKPAlgorithm)  # Any: each takes keys of its own
    key: Json = kind.to_jwk(PRIVATE[algorithm].public_key(), as_dict=True)
    key.pop("alg", None)
    key.pop("key_ops", None)
    return key | ({"kid": kid} if kid else {}) | more


def signed(algorithm: str, kid: str | None = "one") -> str:
    """A token under a key."""
    claims = {"sub": "u1", "exp": datetime(2100, 1, 1, tzinfo=UTC)}
    return jwt.encode(claims, PRIVATE[algorithm], algorithm=algorithm, headers={"kid": kid} if kid else None)


def settings(address: str) -> TokenSettings:
    """Keys are published at an address."""
    return TokenSettings(algorithm="ES256", secret=None, public_key=None, jwks_url=address, issuer=None, audience=None)


class Platform:
    """Publishes what a test wants, and counts who asks. An exception is raised, bytes are the body, anything else is its JSON."""

    def __init__(self, *keys: Json) -> None:
        self.published: object = {"keys": list(keys)}
        self.asked = 0

    async def fetch(self, _url: str) -> bytes:
        """What stands at the address."""
        self.asked += 1
        await asyncio.sleep(0)
        if isinstance(self.published, Exception):
            raise self.published
        return self.published if isinstance(self.published, bytes) else json.dumps(self.published).encode()


def later(monkeypatch: pytest.MonkeyPatch, keys: PublishedKeys, seconds: float) -> None:
    """Let time pass for the keys."""
    now = keys._now() + seconds
    monkeypatch.setattr(PublishedKeys, "_now", staticmethod(lambda: now))
