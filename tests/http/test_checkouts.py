"""POST /api/v1/checkouts."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from application.errors import CurrencyRefused, ProviderRefused, ProviderUnavailable
from application.ports.gateway import CheckoutCompleted
from builders import a_member
from domain.member import UserType
from http_world import World

URL = "/api/v1/checkouts"


async def test_a_new_checkout_is_201_with_the_body_of_the_product(world: World, client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json={}, headers=world.headers())

    payment = world.store.payments()[0]
    assert 201 == answer.status_code
    assert {
        "object": "checkout",
        "payment_id": str(payment.id),
        "checkout_session_id": payment.checkout_session_id,
        "url": f"https://checkout.example/pay/{payment.checkout_session_id}",
        "expires_at": "2026-01-15T13:00:00.000000Z",
        "plan": "talent_membership",
        "amount": 30000,
        "currency": "mad",
        "status": "PENDING",
    } == answer.json()


async def test_a_second_start_gives_back_the_open_one_with_200(world: World, client: httpx.AsyncClient) -> None:
    headers = world.headers(a_member())
    first = await client.post(URL, json={}, headers=headers)

    second = await client.post(URL, json={"plan": "talent_membership"}, headers=headers)

    assert 200 == second.status_code
    assert first.json() == second.json()


async def test_thirty_starts_at_once_make_one_checkout(world: World, client: httpx.AsyncClient) -> None:
    headers = world.headers(a_member())

    answers = await asyncio.gather(*(client.post(URL, json={}, headers=headers) for _ in range(30)))

    assert [200] * 29 + [201] == sorted(answer.status_code for answer in answers)
    assert 1 == len({answer.json()["url"] for answer in answers})
    assert 1 == len(world.store.payments()) == len(world.gateway.sessions) == len(world.gateway.customers)


@pytest.mark.parametrize(
    ("user_type", "plan", "amount"),
    [
        (UserType.TALENT, "talent_membership", 30000),
        (UserType.PROFESSIONAL, "professional_access", 150000),
        (UserType.COMPANY, "company_access", 350000),
    ],
)
async def test_each_user_type_buys_its_own_plan(
    world: World, client: httpx.AsyncClient, user_type: UserType, plan: str, amount: int
) -> None:
    answer = await client.post(URL, json={}, headers=world.headers(a_member(user_type=user_type)))

    assert (plan, amount) == (answer.json()["plan"], answer.json()["amount"])


@pytest.mark.parametrize("plan", ["company_access", "no_such_plan"])
async def test_another_plan_is_403_plan_not_allowed(world: World, client: httpx.AsyncClient, plan: str) -> None:
    answer = await client.post(URL, json={"plan": plan}, headers=world.headers())

    assert (403, "plan_not_allowed") == (answer.status_code, answer.json()["code"])
    assert [] == world.store.payments()


@pytest.mark.parametrize(
    "body",
    [
        {"amount": 1},
        {"plan": "talent_membership", "user_id": "someone-else"},
        {"status": "SUCCEEDED"},
        {"plan": 5},
        {"plan": ""},
        [],
        "text",
        None,
    ],
)
async def test_a_body_with_anything_else_is_400_and_changes_nothing(
    world: World, client: httpx.AsyncClient, body: Any
) -> None:  # Any: JSON of every kind
    headers = world.headers() | {"content-type": "application/json"}
    answer = await client.post(URL, content=json.dumps(body), headers=headers)

    assert (400, "invalid_request") == (answer.status_code, answer.json()["code"])
    assert [] == world.store.payments()


async def test_an_unknown_field_is_refused_by_name(world: World, client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json={"amount": 1}, headers=world.headers())

    assert "`amount`" in answer.json()["detail"]


async def test_bytes_that_are_no_json_are_400(world: World, client: httpx.AsyncClient) -> None:
    headers = world.headers() | {"content-type": "application/json"}

    answers = [
        await client.post(URL, content=body, headers=headers)
        for body in (b"{", b"\xff\xfe", b'{"plan":"\xff"}', b"[" * 50_000)
    ]

    assert [400] * 4 == [answer.status_code for answer in answers]


async def test_a_body_that_is_not_declared_json_is_415(world: World, client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, data={"plan": "x"}, headers=world.headers())

    assert (415, "unsupported_media_type") == (answer.status_code, answer.json()["code"])


async def test_a_media_type_that_only_begins_like_json_is_415(world: World, client: httpx.AsyncClient) -> None:
    headers = world.headers() | {"content-type": "application/jsonfoo"}
    answer = await client.post(URL, content=b"{}", headers=headers)

    assert 415 == answer.status_code


@pytest.mark.parametrize("body", [b"", b"{", b"\xff"])
async def test_a_body_that_is_missing_or_broken_is_told_in_words(
    world: World, client: httpx.AsyncClient, body: bytes
) -> None:
    headers = world.headers() | {"content-type": "application/json; charset=utf-8"}
    answer = await client.post(URL, content=body, headers=headers)

    assert "body: it is missing, no JSON in UTF-8, or nested too deeply" == answer.json()["detail"]


async def test_a_body_over_the_limit_is_413(world: World, client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json={"plan": "x" * 70_000}, headers=world.headers())

    assert (413, "payload_too_large") == (answer.status_code, answer.json()["code"])


async def test_an_active_member_is_409_with_both_dates(world: World, client: httpx.AsyncClient) -> None:
    headers = world.headers(a_member())
    await world.pay((await client.post(URL, json={}, headers=headers)).json())

    answer = await client.post(URL, json={}, headers=headers)

    assert (409, "already_subscribed") == (answer.status_code, answer.json()["code"])
    assert "2027-01-15T12:00:00.000000Z" == answer.json()["current_period_end"] == answer.json()["paid_until"]


async def test_a_delayed_payment_under_way_is_409_conflict(world: World, client: httpx.AsyncClient) -> None:
    headers = world.headers(a_member())
    checkout = (await client.post(URL, json={}, headers=headers)).json()
    await world.happen(CheckoutCompleted(world.gateway.pay_later(checkout["checkout_session_id"])))

    answer = await client.post(URL, json={}, headers=headers)

    assert (409, "conflict") == (answer.status_code, answer.json()["code"])


async def test_a_provider_that_is_away_is_503_with_retry_after_and_can_be_tried_again(
    world: World, client: httpx.AsyncClient
) -> None:
    headers = world.headers(a_member())
    world.gateway.fail_next("open_checkout", ProviderUnavailable("no answer", retry_after_seconds=7))

    away = await client.post(URL, json={}, headers=headers)
    back = await client.post(URL, json={}, headers=headers)

    assert (
        away.status_code,
        away.json()["code"],
        away.headers["retry-after"],
    ) == (503, "provider_unavailable", "7")
    assert 201 == back.status_code
    assert 1 == len(world.store.payments())


async def test_a_provider_that_refuses_is_502_and_says_nothing_of_its_words(
    world: World, client: httpx.AsyncClient
) -> None:
    world.gateway.fail_next("open_checkout", ProviderRefused("the account sk_test_123 is restricted"))

    answer = await client.post(URL, json={}, headers=world.headers())

    assert (502, "provider_unavailable") == (answer.status_code, answer.json()["code"])
    assert "sk_test" not in answer.text


async def test_a_refused_currency_falls_back_to_the_next_price(world: World, client: httpx.AsyncClient) -> None:
    world.gateway.fail_next("open_checkout", CurrencyRefused("Invalid currency: mad"))

    answer = await client.post(URL, json={}, headers=world.headers())
    plans = await client.get("/api/v1/plans", params={"user_type": "talent"})

    assert (201, 3000, "usd") == (answer.status_code, answer.json()["amount"], answer.json()["currency"])
    assert (3000, "usd") == (plans.json()["data"][0]["amount"], plans.json()["data"][0]["currency"])
