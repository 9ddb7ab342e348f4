"""The access check as the platform asks it all day: only what is new is sent, and many users are asked about at once."""

from datetime import timedelta

import httpx
import pytest

from builders import a_member
from domain.member import Member, UserId
from http_world import World

PATHS = ["/api/v1/subscription", "/api/v1/users/{}/subscription"]


async def paid(world: World, client: httpx.AsyncClient, member: Member) -> None:
    """The member pays."""
    await world.pay((await client.post("/api/v1/checkouts", json={}, headers=world.headers(member))).json())


@pytest.mark.parametrize("path", PATHS)
async def test_what_the_client_has_already_is_not_sent_again(
    world: World, client: httpx.AsyncClient, path: str
) -> None:
    member = a_member()
    await paid(world, client, member)
    headers = world.headers(member, scope="subscriptions:read")
    first = await client.get(path.format(member.user_id), headers=headers)
    tag = first.headers["etag"]

    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await client.get(path.format(member.user_id), headers={**headers, "If-None-Match": known})

        assert (304, b"", tag) == (again.status_code, again.content, again.headers["etag"])
    for unknown in ('"other"', tag.strip('"'), ""):
        whole = await client.get(path.format(member.user_id), headers={**headers, "If-None-Match": unknown})

        assert (200, first.content) == (whole.status_code, whole.content)
    assert "private, no-cache" == first.headers["cache-control"]
    assert "authorization" == first.headers["vary"]


async def test_the_tag_changes_in_the_moment_in_which_access_ends_although_nothing_was_stored(
    world: World, client: httpx.AsyncClient
) -> None:
    member = a_member()
    await paid(world, client, member)
    world.clock.pass_time(timedelta(days=365) - timedelta(microseconds=1))
    last = await client.get(PATHS[0], headers=world.headers(member))
    world.clock.pass_time(timedelta(microseconds=1))
    after = await client.get(PATHS[0], headers=world.headers(member) | {"If-None-Match": last.headers["etag"]})

    assert (True, 200, False) == (last.json()["access"], after.status_code, after.json()["access"])


async def test_the_tag_changes_when_the_member_pays(world: World, client: httpx.AsyncClient) -> None:
    member = a_member()
    before = await client.get(PATHS[0], headers=world.headers(member))
    await paid(world, client, member)
    after = await client.get(PATHS[0], headers=world.headers(member) | {"If-None-Match": before.headers["etag"]})

    assert (200, "ACTIVE") == (after.status_code, after.json()["status"])


async def test_many_users_are_answered_at_once_in_the_order_asked_for(world: World, client: httpx.AsyncClient) -> None:
    first, second = a_member(), a_member(user_id=UserId("second, & more"))
    await paid(world, client, second)
    answer = await client.get(
        "/api/v1/subscriptions",
        params={"user_id": ["nobody", second.user_id, first.user_id, second.user_id]},
        headers=world.headers(scope="subscriptions:read"),
    )

    assert 200 == answer.status_code
    assert [("nobody", "NONE", False), (second.user_id, "ACTIVE", True), (first.user_id, "NONE", False)] == [
        (one["user_id"], one["status"], one["access"]) for one in answer.json()["data"]
    ]


@pytest.mark.parametrize("users", [[], ["x"] * 101, ["fine", "a\nb"], ["x" * 129], [""]])
async def test_who_cannot_be_asked_about_is_400(world: World, client: httpx.AsyncClient, users: list[str]) -> None:
    answer = await client.get(
        "/api/v1/subscriptions", params={"user_id": users}, headers=world.headers(scope="subscriptions:read")
    )

    assert (400, "invalid_request") == (answer.status_code, answer.json()["code"])


async def test_a_hundred_long_ids_fit(world: World, client: httpx.AsyncClient) -> None:
    users = [f"{number:0128}" for number in range(100)]
    answer = await client.get(
        "/api/v1/subscriptions", params={"user_id": users}, headers=world.headers(scope="subscriptions:read")
    )

    assert users == [one["user_id"] for one in answer.json()["data"]]


async def test_whose_access_was_asked_about_is_not_logged(
    world: World, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="http"):
        await client.get(
            "/api/v1/users/salma@members.example/subscription", headers=world.headers(scope="subscriptions:read")
        )

    assert "salma" not in caplog.text
    assert "subscription answered 200" in caplog.text
