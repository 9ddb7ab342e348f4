"""Who may ask: tokens with one fixed algorithm, and one message for every failure."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from domain.member import Locale, UserType
from entrypoints.http.tokens import InvalidToken, TokenVerifier, caller_of
from entrypoints.settings import ConfigurationError, TokenSettings, read_settings
from http_world import World

SECRET = "s" * 32
CLAIMS: dict[str, Any] = {
    "sub": "u1",
    "user_type": "company",
    "email": "a@example.org",
    "name": "Atlas",
    "locale": "ar-MA",
    "exp": datetime(2100, 1, 1, tzinfo=UTC),
}
SHORT = rsa.generate_private_key(65537, 1024)  # noqa: S505 # must be refused
PAST = datetime.now(UTC) - timedelta(hours=1)


def settings(**changes: object) -> TokenSettings:
    """HS256 with a secret unless told otherwise."""
    values = {
        "algorithm": "HS256",
        "secret": SECRET,
        "public_key": None,
        "jwks_url": None,
        "issuer": None,
        "audience": None,
    }
    return TokenSettings(**(values | changes))  # type: ignore[arg-type] # one keyword to differ


def signed(claims: dict[str, Any], key: Any = SECRET, algorithm: str = "HS256") -> str:  # Any: claims and keys
    """A token."""
    return jwt.encode(claims, key, algorithm=algorithm)


def pair(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    """The public half of a key, as a PEM."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def private(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    """The half that only the platform may have, as a PEM."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


async def test_a_good_token_names_the_member() -> None:
    caller = await TokenVerifier(settings()).caller(signed(CLAIMS | {"scope": "a b"}))

    assert caller.member is not None
    assert ("u1", UserType.COMPANY, "Atlas", Locale.ARABIC) == (
        caller.user_id,
        caller.member.user_type,
        caller.member.name,
        caller.member.locale,
    )
    assert frozenset({"a", "b"}) == caller.scopes


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "x" * 9000,
        signed(CLAIMS | {"exp": PAST}),
        signed(CLAIMS | {"nbf": datetime(2099, 1, 1, tzinfo=UTC)}),
        signed({name: value for name, value in CLAIMS.items() if name != "exp"}),
        signed({name: value for name, value in CLAIMS.items() if name != "sub"}),
        signed(CLAIMS | {"sub": ""}),
        signed(CLAIMS | {"sub": "u" * 129}),
        signed(CLAIMS | {"sub": "u\x001"}),
        signed(CLAIMS, "t" * 32),
        signed(CLAIMS, "t" * 64, "HS512"),
        jwt.encode(CLAIMS, "", algorithm="none"),
    ],
)
async def test_every_other_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        await TokenVerifier(settings()).caller(token)


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS256", rsa.generate_private_key(65537, 2048)),
        ("ES256", ec.generate_private_key(ec.SECP256R1())),
        ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
    ],
)
async def test_a_public_key_verifies_its_own_tokens_and_no_others(algorithm: str, key: Any) -> None:  # Any: key kinds
    verifier = TokenVerifier(settings(algorithm=algorithm, secret=None, public_key=pair(key)))
    forged = signed(CLAIMS, SECRET)

    assert "u1" == (await verifier.caller(signed(CLAIMS, key, algorithm))).user_id
    with pytest.raises(InvalidToken):
        await verifier.caller(forged)


async def test_issuer_and_audience_are_checked_where_configured() -> None:
    verifier = TokenVerifier(settings(issuer="platform", audience="payments"))
    right = CLAIMS | {"iss": "platform", "aud": "payments"}

    assert "u1" == (await verifier.caller(signed(right))).user_id
    for wrong in (CLAIMS, right | {"aud": "other"}, right | {"iss": "other"}):
        with pytest.raises(InvalidToken):
            await verifier.caller(signed(wrong))


@pytest.mark.parametrize(
    "changes",
    [
        {"user_type": "admin"},
        {"user_type": None},
        {"email": "no address"},
        {"email": "a@b\nBcc: c@d"},
        {"email": "a@b"},
        {"email": "<a@b.co>"},
        {"email": "a,b@c.co"},
        {"email": "\u00e9@b.co"},
        {"email": "a" * 250 + "@example.org"},
        {"name": 5},
    ],
)
def test_a_token_that_describes_no_paying_member_has_none(changes: dict[str, object]) -> None:
    assert caller_of(CLAIMS | changes).member is None


def test_a_name_loses_what_cannot_be_stored_or_shown() -> None:
    caller = caller_of(CLAIMS | {"name": "A\x00\ud800b\n\u200fc" + "x" * 300})

    assert caller.member is not None
    assert caller.member.name.startswith("Ab\u200fcx")
    assert 200 == len(caller.member.name)


@pytest.mark.parametrize(
    ("algorithm", "pem"),
    [
        ("RS256", "no PEM"),
        ("RS256", pair(ec.generate_private_key(ec.SECP256R1()))),
        ("RS256", pair(SHORT)),
        ("ES256", pair(ec.generate_private_key(ec.SECP384R1()))),
        ("RS256", private(rsa.generate_private_key(65537, 2048))),
        ("ES256", private(ec.generate_private_key(ec.SECP256R1()))),
        ("EdDSA", private(ed25519.Ed25519PrivateKey.generate())),
    ],
    ids=["no-pem", "another-kind", "short", "another-curve", "private-rsa", "private-ec", "private-ed25519"],
)
def test_a_key_that_does_not_fit_the_algorithm_or_is_unsafe_stops_the_start(algorithm: str, pem: str) -> None:
    with pytest.raises(ConfigurationError, match="AUTH_JWT_PUBLIC_KEY: is no PEM of a public key"):
        TokenVerifier(settings(algorithm=algorithm, secret=None, public_key=pem))


@pytest.mark.parametrize("path", ["/api/v1/payments", "/api/v1/subscription", "/api/v1/users/u/subscription"])
@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Basic x"}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x.y.z"}],
)
async def test_every_failure_is_one_and_the_same_401(
    client: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    answer = await client.get(path, headers=headers)

    assert (401, "unauthenticated", "Bearer") == (
        answer.status_code,
        answer.json()["code"],
        answer.headers["www-authenticate"],
    )
    assert "The request carries no valid token." == answer.json()["detail"]


async def test_a_token_without_a_member_cannot_start_a_checkout(world: World, client: httpx.AsyncClient) -> None:
    token = signed({"sub": "platform", "exp": CLAIMS["exp"]}, world.settings.tokens.secret)

    answer = await client.post("/api/v1/checkouts", json={}, headers={"Authorization": f"Bearer {token}"})

    assert (403, "forbidden") == (answer.status_code, answer.json()["code"])


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="AUTH_JWT_SECRET: is too short"):
        read_settings({"AUTH_JWT_SECRET": "short"}, tmp_path)
