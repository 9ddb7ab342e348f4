"""Keys that the platform publishes: rotated, withdrawn, withheld, and never fetched more often than is decent."""

import asyncio
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from application.errors import TryAgain
from entrypoints.http.published_keys import (
    FRESH_SECONDS,
    KEPT_SECONDS,
    PAUSE_SECONDS,
    PublishedKeys,
    UnknownKey,
    fetched,
)
from entrypoints.http.tokens import InvalidToken, TokenVerifier
from platform_keys import PRIVATE, Json, Platform, described, later, settings, signed

SHORT = rsa.generate_private_key(65537, 1024)  # noqa: S505 # must be refused
OTHER_CURVE = ec.generate_private_key(ec.SECP384R1())
DEEP = b'{"keys":' + b"[" * 100_000


@pytest.mark.parametrize("algorithm", list(PRIVATE))
@pytest.mark.parametrize("kid", ["one", None])
async def test_a_token_finds_its_key_and_verifies(algorithm: str, kid: str | None) -> None:
    platform = Platform(*(described(name, kid) for name in PRIVATE))
    keys = PublishedKeys("http://platform", algorithm, platform.fetch)
    token = signed(algorithm, kid)

    claims = jwt.decode(token, await keys.of(token), algorithms=[algorithm])

    assert "u1" == claims["sub"]


@pytest.mark.parametrize(
    "unfit",
    [
        {"use": "enc"},
        {"alg": "RS512"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"key_ops": ["encrypt"]},
        {"n": 5},
        {"kid": "two"},
        {"kid": ["one"]},
    ],
)
async def test_a_key_of_another_kind_or_use_is_never_taken(unfit: Json) -> None:
    platform = Platform(described("RS256", "spare"), described("RS256") | unfit)
    keys = PublishedKeys("http://platform", "RS256", platform.fetch)

    with pytest.raises(UnknownKey):
        await keys.of(signed("RS256"))


async def test_a_curve_of_another_length_is_never_taken() -> None:
    key: Json = jwt.algorithms.ECAlgorithm.to_jwk(OTHER_CURVE.public_key(), as_dict=True)
    keys = PublishedKeys("http://platform", "ES256", Platform(described("ES256", "spare"), key | {"kid": "one"}).fetch)

    with pytest.raises(UnknownKey):
        await keys.of(signed("ES256"))


@pytest.mark.parametrize("unsafe", [PRIVATE["RS256"], SHORT.public_key()], ids=["private", "short"])
async def test_a_private_or_short_key_proves_nothing(unsafe: rsa.RSAPrivateKey | rsa.RSAPublicKey) -> None:
    key: Json = jwt.algorithms.RSAAlgorithm.to_jwk(unsafe, as_dict=True) | {"kid": "one", "key_ops": ["verify"]}
    keys = PublishedKeys("http://platform", "RS256", Platform(described("RS256", "spare"), key).fetch)

    with pytest.raises(UnknownKey):
        await keys.of(signed("RS256"))


@pytest.mark.parametrize("ids", [("one", "two"), (None, None), ("one", None)])
async def test_two_keys_leave_open_which_is_meant_by_a_token_without_an_id(ids: tuple[str | None, ...]) -> None:
    platform = Platform(*(described("RS256", kid) for kid in ids))

    with pytest.raises(UnknownKey):
        await PublishedKeys("http://platform", "RS256", platform.fetch).of(signed("RS256", None))


async def test_a_crowd_asks_once_and_a_new_key_is_found_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    platform = Platform(described("ES256"))
    keys = PublishedKeys("http://platform", "ES256", platform.fetch)
    await asyncio.gather(*(keys.of(signed("ES256")) for _ in range(50)))
    first = platform.asked
    later(monkeypatch, keys, PAUSE_SECONDS)
    platform.published = {"keys": [described("ES256"), described("ES256", "two")]}
    await asyncio.gather(*(keys.of(signed("ES256", "two")) for _ in range(50)))

    assert (1, 2) == (first, platform.asked)


async def test_invented_ids_are_refused_without_asking_again() -> None:
    platform = Platform(described("ES256"))
    keys = PublishedKeys("http://platform", "ES256", platform.fetch)
    await keys.of(signed("ES256"))
    for number in range(20):
        with pytest.raises(UnknownKey):
            await keys.of(signed("ES256", f"invented {number}"))

    assert 1 == platform.asked


async def test_old_keys_are_renewed_while_nobody_waits_and_a_withdrawn_one_counts_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    platform = Platform(described("ES256"))
    keys = PublishedKeys("http://platform", "ES256", platform.fetch)
    await keys.of(signed("ES256"))
    platform.published = {"keys": [described("ES256", "two")]}
    later(monkeypatch, keys, FRESH_SECONDS)
    await keys.of(signed("ES256"))
    while platform.asked < 2 or "one" in keys._keys:
        await asyncio.sleep(0)

    with pytest.raises(UnknownKey):
        await keys.of(signed("ES256"))


@pytest.mark.parametrize(
    "fault", [OSError("refused"), ValueError("status 500"), {}, {"keys": []}, {"keys": 4}, [], {"keys": [4, {}]}]
)
async def test_the_last_good_keys_count_for_a_day_while_the_platform_is_away(
    monkeypatch: pytest.MonkeyPatch, fault: object
) -> None:
    platform = Platform(described("ES256"))
    keys = PublishedKeys("http://platform", "ES256", platform.fetch)
    await keys.of(signed("ES256"))
    platform.published = fault
    later(monkeypatch, keys, KEPT_SECONDS - 1)
    still = await keys.of(signed("ES256"))
    await asyncio.sleep(0.001)
    later(monkeypatch, keys, 1)

    assert "one" == still.key_id
    with pytest.raises(TryAgain):
        await keys.of(signed("ES256"))


@pytest.mark.parametrize("fault", [OSError("refused"), DEEP], ids=["dead", "deep"])
async def test_a_service_that_never_had_a_key_says_to_try_again_and_recovers(
    monkeypatch: pytest.MonkeyPatch, fault: object
) -> None:
    platform = Platform(described("ES256"))
    good, platform.published = platform.published, fault
    keys = PublishedKeys("http://platform", "ES256", platform.fetch)
    for _ in range(3):
        with pytest.raises(TryAgain):
            await keys.of(signed("ES256"))
    asked = platform.asked
    platform.published = good
    later(monkeypatch, keys, PAUSE_SECONDS)

    assert 1 == asked
    assert "one" == (await keys.of(signed("ES256"))).key_id


class Published(BaseHTTPRequestHandler):
    """An endpoint with good keys at one path, and odd answers at others."""

    def do_GET(self) -> None:  # the name that http.server asks for
        """Answer."""
        body = json.dumps({"keys": [described("ES256")]}).encode()
        self.send_response({"/moved": 302, "/gone": 404}.get(self.path, 200))
        if self.path == "/moved":
            self.send_header("location", "/keys")
        self.end_headers()
        self.wfile.write(b" " * 300_000 if self.path == "/large" else body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Be quiet."""


@pytest.fixture
def address() -> Iterator[str]:
    """Where the platform publishes."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Published)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_caller_is_known_by_a_published_key_over_real_http(address: str) -> None:
    verifier = TokenVerifier(settings(f"{address}/keys"))

    assert "u1" == (await verifier.caller(signed("ES256"))).user_id
    for other in (signed("ES256", "two"), signed("RS256"), "x.y.z"):
        with pytest.raises(InvalidToken):
            await verifier.caller(other)


@pytest.mark.parametrize("path", ["/moved", "/gone", "/large"])
async def test_what_is_elsewhere_gone_or_too_large_is_not_taken(address: str, path: str) -> None:
    with pytest.raises(ValueError, match=r"status|bytes"):
        await fetched(f"{address}{path}")


async def test_an_endpoint_that_does_not_answer_is_a_passing_fault() -> None:
    with pytest.raises(OSError, match="Connect"):
        await fetched("http://127.0.0.1:1/keys")
