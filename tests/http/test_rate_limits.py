"""Whoever asks too often is told so, when to come back, and where they stand; and nobody else is kept out."""

import hmac
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import jwt
import pytest
from dependency_injector import providers

from adapters.stripe.events import StripeEventReader
from builders import a_member
from domain.member import Locale, UserId
from entrypoints.http.app import create_app
from entrypoints.http.identity import READ_SUBSCRIPTIONS
from http_world import World, browser, form_fields

PLANS, CHECKOUTS, OWN, WEBHOOK = "/api/v1/plans", "/api/v1/checkouts", "/api/v1/subscription", "/api/webhooks/stripe"
HOME, ELSEWHERE = "198.51.100.7", "203.0.113.9"
FEW = {
    "RATE_LIMIT_CHECKOUTS": "2",
    "RATE_LIMIT_REQUESTS": "4",
    "RATE_LIMIT_AUTH_FAILURES": "2",
    "RATE_LIMIT_SIGNATURE_FAILURES": "2",
}
FAR_FUTURE = 4_102_444_800
SECRET = "whsec_of_the_endpoint"
FORGED = {"Authorization": "Bearer forged"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An application that takes few requests a minute."""
    world = World(tmp_path, **FEW)
    world.container.reader.override(providers.Object(StripeEventReader(secrets=(SECRET,), live=False)))
    world.app = create_app(world.container)
    return world


def at(world: World, address: str = HOME) -> httpx.AsyncClient:
    """A client at an address."""
    transport = httpx.ASGITransport(app=world.app, client=(address, 4711))  # type: ignore[arg-type] # Litestar's own types of ASGI
    return httpx.AsyncClient(transport=transport, base_url="https://pay.example.org")


def salma(world: World, user_id: str = "salma-1", scope: str = "") -> dict[str, str]:
    """The headers of a member."""
    return world.headers(a_member(user_id=UserId(user_id), locale=Locale.ENGLISH), scope=scope)


def bearing(world: World, claims: dict[str, object]) -> dict[str, str]:
    """The headers of whoever the platform signed these claims for."""
    token = jwt.encode(claims | {"exp": FAR_FUTURE}, world.settings.tokens.secret or "", algorithm="HS256")
    return {"Authorization": f"Bearer {token}"}


async def statuses(client: httpx.AsyncClient, path: str, headers: dict[str, str], times: int) -> list[int]:
    """What somebody who asks so often is answered."""
    return [(await client.get(path, headers=headers)).status_code for _ in range(times)]


def delivery(world: World, secret: str = SECRET) -> dict[str, object]:
    """An event that is of no interest, signed."""
    now = int(world.clock.now().timestamp())
    event = {"id": "evt_1", "object": "event", "type": "payout.paid", "created": now, "livemode": False}
    body = json.dumps(event | {"api_version": "2026-10-28.endive", "data": {"object": {"id": "po_1"}}}).encode()
    signed = hmac.digest(secret.encode(), f"{now}.".encode() + body, "sha256").hex()
    return {"content": body, "headers": {"Stripe-Signature": f"t={now},v1={signed}"}}


async def test_a_member_who_asks_too_often_is_told_when_to_come_back_and_is_let_in_then(world: World) -> None:
    client = at(world)
    before = await statuses(client, OWN, salma(world), 4)
    world.clock.pass_time(timedelta(seconds=20))
    answer = await client.get(OWN, headers=salma(world))
    world.clock.pass_time(timedelta(seconds=40))
    after = await client.get(OWN, headers=salma(world))

    assert ([200] * 4, 429, 200) == (before, answer.status_code, after.status_code)
    assert "application/problem+json" == answer.headers["content-type"]
    assert ("rate_limited", ["requests"]) == (answer.json()["code"], answer.json()["violated-policies"])
    assert ("40", '"requests";r=0;t=40') == (answer.headers["retry-after"], answer.headers["ratelimit"])


async def test_every_answer_of_a_limited_route_says_where_one_stands(world: World) -> None:
    client = at(world)
    own = await client.get(OWN, headers=salma(world))
    world.clock.pass_time(timedelta(seconds=1))
    started = await client.post(CHECKOUTS, headers=salma(world), json={})
    missing = await client.get(f"/api/v1/payments/{UUID(int=7)}", headers=salma(world))

    assert ('"requests";q=4;w=60', '"requests";r=3;t=60') == (
        own.headers["ratelimit-policy"],
        own.headers["ratelimit"],
    )
    assert '"requests";q=4;w=60, "checkouts";q=2;w=60' == started.headers["ratelimit-policy"]
    assert '"requests";r=2;t=59, "checkouts";r=1;t=60' == started.headers["ratelimit"]
    assert (404, '"requests";r=1;t=59') == (missing.status_code, missing.headers["ratelimit"])


async def test_a_member_starts_few_checkouts_and_asks_on_about_the_rest(world: World) -> None:
    client = at(world)
    starts = [(await client.post(CHECKOUTS, headers=salma(world), json={})).status_code for _ in range(3)]
    other = await client.post(CHECKOUTS, headers=salma(world, "yassine-2"), json={})
    own = await client.get(OWN, headers=salma(world))

    assert ([201, 200, 429], 201, 200) == (starts, other.status_code, own.status_code)


async def test_the_form_of_the_page_starts_checkouts_at_the_same_rate_and_a_person_is_told_in_a_page(
    world: World,
) -> None:
    client = browser(world, at(world), a_member(locale=Locale.ENGLISH))
    fields = await form_fields(client, "/dashboard/talent/payment")
    starts = [await client.post("/dashboard/talent/payment", data=fields) for _ in range(3)]

    assert [303, 303, 429] == [answer.status_code for answer in starts]
    assert "text/html; charset=utf-8" == starts[2].headers["content-type"]
    assert "Too many requests" in starts[2].text
    assert "Nothing was charged" in starts[2].text
    assert "60" == starts[2].headers["retry-after"]


async def test_a_refused_start_leaves_its_idempotency_key_free(world: World) -> None:
    client = at(world)
    for _ in range(2):
        await client.post(CHECKOUTS, headers=salma(world), json={})
    keyed = salma(world) | {"Idempotency-Key": "k"}
    refused = await client.post(CHECKOUTS, headers=keyed, json={})
    world.clock.pass_time(timedelta(minutes=1))
    done = await client.post(CHECKOUTS, headers=keyed, json={})

    assert (429, 200) == (refused.status_code, done.status_code)
    assert "idempotent-replayed" not in done.headers


async def test_members_behind_one_address_have_each_their_own_quota(world: World) -> None:
    client = at(world)
    strangers = await statuses(client, PLANS, {}, 5)
    forged = await statuses(client, OWN, FORGED, 1)
    members = [await statuses(client, OWN, salma(world, f"member-{number}"), 4) for number in range(3)]

    assert ([200] * 4 + [429], [429], [[200] * 4] * 3) == (strangers, forged, members)


async def test_what_is_public_counts_for_a_member_who_says_who_they_are(world: World) -> None:
    client = at(world)
    before = await statuses(client, PLANS, salma(world), 5)
    stranger = await statuses(client, PLANS, {}, 1)
    forger = await client.get(PLANS, headers=FORGED)

    assert ([200] * 4 + [429], [200]) == (before, stranger)
    assert (200, '"requests";r=2;t=60') == (forger.status_code, forger.headers["ratelimit"])


async def test_an_address_that_fails_to_authenticate_is_refused_and_a_valid_token_gets_in_from_there(
    world: World,
) -> None:
    client = at(world)
    failures = [await client.get(OWN, headers=headers) for headers in (FORGED, {}, FORGED)]
    elsewhere = await statuses(at(world, ELSEWHERE), OWN, FORGED, 1)
    member = await statuses(client, OWN, salma(world), 1)

    assert ([401, 401, 429], [401], [200]) == ([one.status_code for one in failures], elsewhere, member)
    assert ["authentication-failures"] == failures[2].json()["violated-policies"]
    assert '"requests";r=1;t=60, "authentication-failures";r=0;t=60' == failures[2].headers["ratelimit"]


async def test_a_visitor_who_has_not_signed_in_yet_has_failed_at_nothing(world: World) -> None:
    client = at(world)
    visits = await statuses(client, "/dashboard/billing", {}, 4)
    expired = [
        (await at(world, ELSEWHERE).get("/dashboard/billing", headers={"Cookie": "payments_token=old"})).status_code
        for _ in range(3)
    ]

    assert ([303] * 4, [303, 303, 429]) == (visits, expired)


async def test_forged_deliveries_are_limited_and_well_signed_ones_never_are(world: World) -> None:
    client = at(world)
    forged = [(await client.post(WEBHOOK, **delivery(world, "whsec_forged"))).status_code for _ in range(4)]  # type: ignore[arg-type] # options of httpx
    signed = [await client.post(WEBHOOK, **delivery(world)) for _ in range(20)]  # type: ignore[arg-type] # options of httpx

    assert [400, 400, 429, 429] == forged
    assert {(200, False)} == {(one.status_code, "ratelimit" in one.headers) for one in signed}


async def test_a_flood_is_one_line_a_minute_in_the_log_and_names_no_address(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    client = at(world)
    with caplog.at_level("INFO"):
        for _ in range(3):
            for _ in range(50):
                await client.post(WEBHOOK, **delivery(world, "whsec_forged"))  # type: ignore[arg-type] # options of httpx
            world.clock.pass_time(timedelta(seconds=60))
    lines = [record.getMessage() for record in caplog.records if record.name != "httpx"]

    assert 3 == lines.count("an address had 2 signature-failures within a minute: more are refused")
    assert 3 * (1 + 2) == len(lines)
    assert not [line for line in lines if HOME in line]


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/assets/none.css"])
async def test_what_operators_and_browsers_fetch_is_not_limited(world: World, path: str) -> None:
    client = at(world)
    answers = [await client.get(path) for _ in range(10)]

    assert {False} == {answer.status_code == 429 or "ratelimit" in answer.headers for answer in answers}


@pytest.mark.parametrize(("method", "status"), [("GET", 404), ("DELETE", 405)])
async def test_asking_for_what_is_not_there_is_limited_as_well(world: World, method: str, status: int) -> None:
    path = "/nowhere" if status == 404 else PLANS
    answers = [await at(world).request(method, path) for _ in range(5)]

    assert [status] * 4 + [429] == [answer.status_code for answer in answers]
    assert '"requests";r=0;t=60' == answers[4].headers["ratelimit"]


async def test_the_back_end_of_the_platform_may_ask_all_day(world: World) -> None:
    headers = bearing(world, {"sub": "platform", "scope": READ_SUBSCRIPTIONS})
    other = bearing(world, {"sub": "somebody"})

    assert [200] * 20 == await statuses(at(world), "/api/v1/users/salma-1/subscription", headers, 20)
    assert [200] * 4 + [429] == await statuses(at(world), OWN, other, 5)


@pytest.mark.parametrize(
    ("addresses", "one"),
    [
        (("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"), True),
        (("2001:db8:1:2::1", "2001:db8:1:3::1"), False),
        (("::ffff:198.51.100.7", "198.51.100.7"), True),
        (("198.51.100.7", "198.51.100.8"), False),
        (("fe80::1%eth0", "fe80::2%eth1"), True),
        (("nonsense", "x" * 4096), True),
    ],
)
async def test_an_address_is_one_ipv4_address_or_one_ipv6_network(
    world: World, addresses: tuple[str, str], one: bool
) -> None:
    first, second = addresses
    await statuses(at(world, first), PLANS, {}, 4)

    assert [429 if one else 200] == await statuses(at(world, second), PLANS, {}, 1)


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("10.0.0.7", "203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.7", "198.51.100.66, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.7", "203.0.113.9, 10.1.0.1", "203.0.113.9"),
        ("10.0.0.7", "[2001:db8::1]:4711", "2001:db8::2"),
        ("10.0.0.8", "203.0.113.9", "10.0.0.8"),
        ("203.0.113.9", "198.51.100.66", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.66", "127.0.0.1"),
        ("10.0.0.7", "", "10.0.0.7"),
    ],
)
async def test_who_asks_is_believed_of_named_proxies_alone(
    tmp_path: Path, peer: str, forwarded: str, counted: str
) -> None:
    world = World(tmp_path, **FEW, TRUSTED_PROXIES="10.0.0.7, 10.1.0.0/16")
    taken = await statuses(at(world, peer), PLANS, {"X-Forwarded-For": forwarded}, 4)
    directly = await statuses(at(world, counted), PLANS, {}, 1)
    another = await statuses(at(world, ELSEWHERE[:-1] + "8"), PLANS, {}, 1)

    assert ([200] * 4, [429], [200]) == (taken, directly, another)


async def test_a_quota_of_zero_is_no_limit(tmp_path: Path) -> None:
    world = World(tmp_path, **dict.fromkeys(FEW, "0"))
    answers = [await at(world).get(PLANS) for _ in range(20)]

    assert {(200, False)} == {(answer.status_code, "ratelimit" in answer.headers) for answer in answers}
