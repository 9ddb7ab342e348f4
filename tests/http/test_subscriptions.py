"""What members have paid for: /api/v1/subscription and /api/v1/users/{user_id}/subscription."""

from datetime import timedelta

import httpx
import pytest

from builders import a_member
from domain.member import Member
from http_world import World

OWN = "/api/v1/subscription"
YEAR_BEGINS, YEAR_ENDS = "2026-01-15T12:00:00.000000Z", "2027-01-15T12:00:00.000000Z"


async def paid(world: World, client: httpx.AsyncClient, member: Member) -> None:
    """The member pays."""
    await world.pay((await client.post("/api/v1/checkouts", json={}, headers=world.headers(member))).json())


async def test_a_member_who_never_paid_has_status_none_and_no_times(world: World, client: httpx.AsyncClient) -> None:
    member = a_member()

    answer = await client.get(OWN, headers=world.headers(member))

    assert {
        "object": "subscription",
        "user_id": member.user_id,
        "user_type": "talent",
        "plan": None,
        "status": "NONE",
        "access": False,
        "current_period_start": None,
        "current_period_end": None,
        "paid_until": None,
    } == answer.json()


async def test_a_member_who_paid_is_active_for_a_year(world: World, client: httpx.AsyncClient) -> None:
    member = a_member()
    await paid(world, client, member)

    answer = await client.get(OWN, headers=world.headers(member))

    assert {
        "object": "subscription",
        "user_id": member.user_id,
        "user_type": "talent",
        "plan": "talent_membership",
        "status": "ACTIVE",
        "access": True,
        "current_period_start": YEAR_BEGINS,
        "current_period_end": YEAR_ENDS,
        "paid_until": YEAR_ENDS,
    } == answer.json()


async def test_access_ends_to_the_microsecond_without_any_job(world: World, client: httpx.AsyncClient) -> None:
    member = a_member()
    await paid(world, client, member)
    world.clock.pass_time(timedelta(days=365) - timedelta(microseconds=1))
    last = (await client.get(OWN, headers=world.headers(member))).json()
    world.clock.pass_time(timedelta(microseconds=1))

    after = (await client.get(OWN, headers=world.headers(member))).json()

    assert ("ACTIVE", True, YEAR_ENDS) == (last["status"], last["access"], last["paid_until"])
    assert ("EXPIRED", False, YEAR_ENDS) == (after["status"], after["access"], after["paid_until"])
    assert (None, None) == (after["current_period_start"], after["current_period_end"])


async def test_a_renewal_extends_what_is_paid_until(world: World, client: httpx.AsyncClient) -> None:
    member = a_member()
    await paid(world, client, member)
    world.clock.pass_time(timedelta(days=350))
    await paid(world, client, member)

    subscription = (await client.get(OWN, headers=world.headers(member))).json()

    assert (YEAR_ENDS, "2028-01-15T12:00:00.000000Z") == (
        subscription["current_period_end"],
        subscription["paid_until"],
    )


async def test_the_platform_asks_about_any_user(world: World, client: httpx.AsyncClient) -> None:
    member = a_member()
    await paid(world, client, member)
    platform = world.headers(a_member(), scope="other subscriptions:read")

    answer = await client.get(f"/api/v1/users/{member.user_id}/subscription", headers=platform)

    assert (200, member.user_id, True) == (answer.status_code, answer.json()["user_id"], answer.json()["access"])


async def test_a_user_we_never_met_has_status_none(world: World, client: httpx.AsyncClient) -> None:
    platform = world.headers(scope="subscriptions:read")

    answer = await client.get("/api/v1/users/nobody/subscription", headers=platform)

    assert ("nobody", None, "NONE", False) == tuple(
        answer.json()[name] for name in ("user_id", "user_type", "status", "access")
    )


@pytest.mark.parametrize("scope", ["", "subscriptions", "subscriptions:read:all", "payments:read"])
async def test_without_the_scope_it_is_403(world: World, client: httpx.AsyncClient, scope: str) -> None:
    member = a_member()

    answer = await client.get(
        f"/api/v1/users/{member.user_id}/subscription", headers=world.headers(member, scope=scope)
    )

    assert (403, "forbidden") == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize("user_id", ["x" * 129, "a%00b", "a%0Ab"])
async def test_an_id_that_no_user_can_have_is_400(world: World, client: httpx.AsyncClient, user_id: str) -> None:
    answer = await client.get(
        f"/api/v1/users/{user_id}/subscription", headers=world.headers(scope="subscriptions:read")
    )

    assert (400, "invalid_request") == (answer.status_code, answer.json()["code"])
