"""What is remembered of a token: who it proves, for as long as it does, under the keys that proved it."""

import asyncio
import time
from itertools import count
from typing import Any, Final

import jwt
import pytest

from entrypoints.http.published_keys import FRESH_SECONDS, PAUSE_SECONDS, PublishedKeys
from entrypoints.http.tokens import LEEWAY_SECONDS, VERIFIED_MAX, InvalidToken, TokenVerifier, VerifiedTokens, caller_of
from entrypoints.settings import TokenSettings
from platform_keys import Platform, described, later, settings, signed

SECRET: Final = "s" * 32
BY_SECRET: Final = TokenSettings(
    algorithm="HS256", secret=SECRET, public_key=None, jwks_url=None, issuer=None, audience=None
)
CLAIMS: Final[dict[str, Any]] = {"sub": "u1", "exp": 4_000_000_000}  # Any: JSON


async def test_a_token_that_is_known_ends_as_well() -> None:
    verifier = TokenVerifier(BY_SECRET)
    token = jwt.encode(CLAIMS | {"exp": int(time.time()) - LEEWAY_SECONDS + 2}, SECRET)
    before = await verifier.caller(token)
    await asyncio.sleep(2.1)

    assert "u1" == before.user_id
    with pytest.raises(InvalidToken):
        await verifier.caller(token)


async def test_a_token_that_differs_in_one_letter_from_a_known_one_proves_nobody() -> None:
    verifier = TokenVerifier(BY_SECRET)
    token = jwt.encode(CLAIMS, SECRET)
    head, claims, signature = token.split(".")
    await verifier.caller(token)

    for other in (f"{head}.{claims}.A{signature[1:]}", f"{head}.{claims}.{signature[:-2]}", f"{head}.{claims}."):
        with pytest.raises(InvalidToken):
            await verifier.caller(other)


@pytest.mark.parametrize(
    ("keys", "passed", "known"), [("ours", 0, True), ("ours", 60, False), ("ours", -1, False), ("others", 0, False)]
)
def test_what_is_known_of_a_token_holds_for_its_time_and_its_keys(
    monkeypatch: pytest.MonkeyPatch, keys: str, passed: float, known: bool
) -> None:
    now = time.time()
    caller = caller_of(CLAIMS)
    key_sets = {"ours": object(), "others": object()}
    verified = VerifiedTokens()
    monkeypatch.setattr(time, "time", lambda: now)
    verified.keep("token", key_sets["ours"], caller, now + 60)
    monkeypatch.setattr(time, "time", lambda: now + passed)

    assert (caller if known else None) == verified.find("token", key_sets[keys])


def test_the_tokens_that_were_asked_about_last_are_the_ones_that_are_known() -> None:
    caller, keys = caller_of(CLAIMS), object()
    verified = VerifiedTokens()
    names = (f"token {number}" for number in count())
    first, second = next(names), next(names)
    verified.keep(first, keys, caller, float("inf"))
    verified.keep(second, keys, caller, float("inf"))
    verified.find(first, keys)
    for _ in range(VERIFIED_MAX - 1):
        verified.keep(next(names), keys, caller, float("inf"))

    assert caller == verified.find(first, keys)
    assert verified.find(second, keys) is None


async def test_a_token_that_is_known_proves_nobody_once_its_key_is_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    platform = Platform(described("ES256"))
    keys = PublishedKeys("http://platform", "ES256", platform.fetch)
    verifier = TokenVerifier(settings("http://platform"), published=keys)
    token = signed("ES256")
    before = [(await verifier.caller(token)).user_id for _ in range(2)]
    platform.published = {"keys": [described("ES256", "two")]}
    later(monkeypatch, keys, FRESH_SECONDS)
    while_old = (await verifier.caller(token)).user_id
    await asyncio.sleep(0.01)

    assert ["u1", "u1"] == before
    assert "u1" == while_old
    assert 2 == platform.asked
    with pytest.raises(InvalidToken):
        await verifier.caller(token)


async def test_keys_that_were_fetched_before_the_first_token_outlive_the_platform() -> None:
    platform = Platform(described("ES256"))
    verifier = TokenVerifier(
        settings("http://platform"), published=PublishedKeys("http://platform", "ES256", platform.fetch)
    )
    await verifier.warm_up()
    platform.published = OSError("away")
    caller = await verifier.caller(signed("ES256"))

    assert ("u1", 1) == (caller.user_id, platform.asked)


async def test_a_platform_that_is_away_at_the_start_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    platform = Platform(described("ES256"))
    there, platform.published = platform.published, OSError("away")
    keys = PublishedKeys("http://platform", "ES256", platform.fetch)
    verifier = TokenVerifier(settings("http://platform"), published=keys)
    await verifier.warm_up()
    platform.published = there
    later(monkeypatch, keys, PAUSE_SECONDS)

    assert "u1" == (await verifier.caller(signed("ES256"))).user_id
