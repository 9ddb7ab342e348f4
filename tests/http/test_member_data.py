"""What the law gives to members, over HTTP: for a token with the scope `members:admin`, and for nobody else."""

import httpx
import pytest

from builders import a_member
from domain.member import Member, UserId
from entrypoints.http.members import MEMBERS_ADMIN
from http_world import World

PAYER = a_member(user_id=UserId("payer"))
DATA, ERASURE = "/api/v1/users/payer/data", "/api/v1/users/payer/erasure"


@pytest.fixture
def staff(world: World) -> dict[str, str]:
    """The headers of somebody at the platform's desk."""
    desk: Member = a_member(user_id=UserId("desk"))
    return world.headers(desk, scope=MEMBERS_ADMIN)


async def opened(world: World, client: httpx.AsyncClient) -> None:
    """A member starts to pay."""
    answer = await client.post("/api/v1/checkouts", json={}, headers=world.headers(PAYER))
    assert 201 == answer.status_code


async def left_behind(world: World, client: httpx.AsyncClient) -> None:
    """A member starts to pay, and the checkout ends."""
    await opened(world, client)
    (payment,) = world.store.payments()
    await world.container.cancel_checkout()(PAYER.user_id, payment.id)


async def test_a_member_is_exported_and_then_erased_once(
    world: World, client: httpx.AsyncClient, staff: dict[str, str]
) -> None:
    await left_behind(world, client)
    copy = (await client.get(DATA, headers=staff)).json()
    first = await client.post(ERASURE, json={"reason": "asked"}, headers=staff)
    again = await client.post(ERASURE, json={"reason": "asked"}, headers=staff)
    gone = await client.get(DATA, headers=staff)
    (payment,) = world.store.payments()
    actors = [row.cause.actor for row in world.store.audit if row.entity == "member"]

    assert (PAYER.email, [str(payment.id)]) == (copy["contact"]["email"], [one["id"] for one in copy["payments"]])
    assert (200, payment.user_id, 1) == (first.status_code, first.json()["pseudonym"], first.json()["payments"])
    assert (200, None) == (again.status_code, again.json()["pseudonym"])
    assert (404, "not_found") == (gone.status_code, gone.json()["code"])
    assert ["operator:desk", "operator:desk"] == actors
    assert {} == world.gateway.customers


async def test_an_erasure_that_must_wait_says_why(
    world: World, client: httpx.AsyncClient, staff: dict[str, str]
) -> None:
    await opened(world, client)
    answer = await client.post(ERASURE, json={"reason": "asked", "forfeit_access": True}, headers=staff)

    assert (409, "conflict") == (answer.status_code, answer.json()["code"])
    assert "its money may still come" in answer.json()["detail"]


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": " "}, {"reason": "a\nb"}, {"reason": "a" * 201}])
async def test_a_reason_is_a_few_printable_words(
    client: httpx.AsyncClient, staff: dict[str, str], body: dict[str, str]
) -> None:
    answer = await client.post(ERASURE, json=body, headers=staff)

    assert (400, "invalid_request") == (answer.status_code, answer.json()["code"])
    assert "^" not in answer.json()["detail"]


async def test_what_a_reason_may_be_is_said_in_words(client: httpx.AsyncClient, staff: dict[str, str]) -> None:
    answer = await client.post(ERASURE, json={"reason": "a\nb"}, headers=staff)

    assert "/reason: one line of printable characters, not only spaces" == answer.json()["detail"]


async def test_an_erasure_under_a_key_is_answered_again(
    world: World, client: httpx.AsyncClient, staff: dict[str, str]
) -> None:
    await left_behind(world, client)
    keyed = staff | {"Idempotency-Key": "erase-1"}
    answers = [await client.post(ERASURE, json={"reason": "asked"}, headers=keyed) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert "true" == answers[1].headers["idempotent-replayed"]


async def test_another_member_may_not_even_with_the_right_words(world: World, client: httpx.AsyncClient) -> None:
    headers = world.headers(PAYER, scope="subscriptions:read")
    statuses = [
        (await client.get(DATA, headers=headers)).status_code,
        (await client.post(ERASURE, json={"reason": "mine"}, headers=headers)).status_code,
    ]

    assert [403, 403] == statuses
