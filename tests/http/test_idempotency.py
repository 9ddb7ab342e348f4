"""Idempotency-Key on our JSON POST routes: what is sent again is answered as before."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from application.errors import ProviderUnavailable
from application.ports.idempotency import KEPT_DAYS
from builders import a_member
from domain.member import UserId
from entrypoints.http.app import ROUTES
from entrypoints.http.idempotency import LEASE_SECONDS, Idempotency, IdempotentOperation
from http_world import World

URL = "/api/v1/checkouts"
KEY = "0b51f9d6-5d4c-4a6f-8f0e-3c1f4f0c8a11"
OUTSIDE = {"/api/webhooks/stripe"}


def asking(world: World, user_id: str = "salma-1") -> dict[str, str]:
    """The headers of a member."""
    return world.headers(a_member(user_id=UserId(user_id)))


def keyed(world: World, key: str = KEY, user_id: str = "salma-1") -> dict[str, str]:
    """The headers of a member, with a key."""
    return asking(world, user_id) | {"Idempotency-Key": key}


def told(answer: httpx.Response) -> tuple[int, str, str | None]:
    """What matters of a refusal."""
    return answer.status_code, answer.json()["code"], answer.headers.get("idempotent-replayed")


async def test_the_same_request_gets_the_same_answer_and_is_marked(world: World, client: httpx.AsyncClient) -> None:
    first = await client.post(URL, json={}, headers=keyed(world))
    again = await client.post(URL, json={}, headers=keyed(world))

    assert (201, None) == (first.status_code, first.headers.get("idempotent-replayed"))
    assert (201, "true", first.content) == (
        again.status_code,
        again.headers["idempotent-replayed"],
        again.content,
    )
    varying = {"request-id", "idempotent-replayed", "ratelimit"}
    assert {**first.headers, **dict.fromkeys(varying)} == {**again.headers, **dict.fromkeys(varying)}


async def test_without_a_key_nothing_is_replayed(world: World, client: httpx.AsyncClient) -> None:
    await client.post(URL, json={}, headers=keyed(world))
    plain = await client.post(URL, json={}, headers=asking(world))

    assert (200, None) == (plain.status_code, plain.headers.get("idempotent-replayed"))


async def test_another_body_under_one_key_is_refused_and_does_nothing(world: World, client: httpx.AsyncClient) -> None:
    await client.post(URL, json={}, headers=keyed(world))
    other = await client.post(URL, json={"plan": "talent_membership"}, headers=keyed(world))

    assert (422, "idempotency_mismatch", None) == told(other)
    assert "https://pay.example.org/errors/idempotency_mismatch" == other.json()["type"]


async def test_spaces_and_the_quotation_marks_of_the_draft_make_no_difference(
    world: World, client: httpx.AsyncClient
) -> None:
    json_type = {"Content-Type": "application/json"}
    body = b'{"plan":"talent_membership"}'
    await client.post(URL, content=body, headers=keyed(world) | json_type)
    spaced = b'{ "plan" :\n "talent_membership" }'
    again = await client.post(URL, content=spaced, headers=keyed(world, f'"{KEY}"') | json_type)

    assert (201, "true") == (again.status_code, again.headers.get("idempotent-replayed"))


async def test_a_key_is_its_callers_own(world: World, client: httpx.AsyncClient) -> None:
    first = await client.post(URL, json={}, headers=keyed(world))
    other = await client.post(URL, json={}, headers=keyed(world, user_id="another-member"))

    assert (201, None) == (other.status_code, other.headers.get("idempotent-replayed"))
    assert first.json()["payment_id"] != other.json()["payment_id"]


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "cl\u00e9", "a\tb", '"open', '"two" "keys"'])
async def test_a_bad_key_is_refused_with_what_is_wrong(world: World, client: httpx.AsyncClient, key: str) -> None:
    headers = [*asking(world).items(), ("Idempotency-Key", key)]
    encoded = [(name.encode(), value.encode("utf-8")) for name, value in headers]
    answer = await client.post(URL, json={}, headers=encoded)

    assert (400, "invalid_request", None) == told(answer)
    assert ["Idempotency-Key"] == [fault["pointer"] for fault in answer.json()["errors"]]
    assert answer.json()["detail"].startswith("Idempotency-Key: it ")
    assert [] == world.store.payments()


async def test_two_keys_in_one_request_are_refused(world: World, client: httpx.AsyncClient) -> None:
    headers = [*asking(world).items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = await client.post(URL, json={}, headers=headers)

    assert (400, "invalid_request", None) == told(answer)


async def test_a_key_of_255_characters_is_taken(world: World, client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json={}, headers=keyed(world, "x" * 255))

    assert 201 == answer.status_code


async def test_of_twenty_at_once_one_is_at_work_and_the_others_are_told_to_come_back(
    world: World, client: httpx.AsyncClient
) -> None:
    answers = await asyncio.gather(*(client.post(URL, json={}, headers=keyed(world)) for _ in range(20)))
    again = await client.post(URL, json={}, headers=keyed(world))
    refused = [answer for answer in answers if answer.status_code == 409]

    assert [201] + [409] * 19 == sorted(answer.status_code for answer in answers)
    assert {(409, "idempotency_in_progress", None)} == {told(answer) for answer in refused}
    assert {"1", "2"} >= {answer.headers["retry-after"] for answer in refused}
    assert (201, "true") == (again.status_code, again.headers["idempotent-replayed"])


async def test_a_fault_is_not_kept_and_the_same_request_tries_again(world: World, client: httpx.AsyncClient) -> None:
    world.gateway.fail_next("open_checkout", ProviderUnavailable("no answer", retry_after_seconds=7))
    away = await client.post(URL, json={}, headers=keyed(world))
    other = await client.post(URL, json={"plan": "talent_membership"}, headers=keyed(world))
    back = await client.post(URL, json={}, headers=keyed(world))

    assert (503, "provider_unavailable", None) == told(away)
    assert (422, "idempotency_mismatch", None) == told(other)
    assert (201, None) == (back.status_code, back.headers.get("idempotent-replayed"))


async def test_a_malformed_request_may_be_mended_under_the_same_key(world: World, client: httpx.AsyncClient) -> None:
    bad = await client.post(URL, json={"plann": "talent_membership"}, headers=keyed(world))
    mended = await client.post(URL, json={"plan": "talent_membership"}, headers=keyed(world))

    assert [400, 201] == [bad.status_code, mended.status_code]


async def test_a_refusal_by_the_rules_is_kept(world: World, client: httpx.AsyncClient) -> None:
    opened = await client.post(URL, json={}, headers=asking(world))
    await world.pay(opened.json())
    refused = await client.post(URL, json={}, headers=keyed(world))
    again = await client.post(URL, json={}, headers=keyed(world))

    assert (409, "already_subscribed", None) == told(refused)
    assert (409, "already_subscribed", "true") == told(again)
    assert refused.content == again.content


async def test_an_answer_is_kept_for_a_day_and_no_longer(world: World, client: httpx.AsyncClient) -> None:
    await client.post(URL, json={}, headers=keyed(world))
    world.clock.pass_time(timedelta(minutes=59))
    soon = await client.post(URL, json={}, headers=keyed(world))
    world.clock.pass_time(timedelta(days=KEPT_DAYS))
    later = await client.post(URL, json={"plan": "talent_membership"}, headers=keyed(world))

    assert "true" == soon.headers["idempotent-replayed"]
    assert (201, None) == (later.status_code, later.headers.get("idempotent-replayed"))


async def test_a_crash_in_the_middle_frees_the_key_when_the_lease_ends(world: World, client: httpx.AsyncClient) -> None:
    started = asyncio.create_task(client.post(URL, json={}, headers=keyed(world)))
    while not world.store.payments():
        await asyncio.sleep(0)
    started.cancel()
    with pytest.raises(asyncio.CancelledError):
        await started
    at_once = await client.post(URL, json={}, headers=keyed(world))
    world.clock.pass_time(timedelta(seconds=LEASE_SECONDS))
    free = await client.post(URL, json={}, headers=keyed(world))

    assert (409, "idempotency_in_progress", None) == told(at_once)
    assert (201, None) == (free.status_code, free.headers.get("idempotent-replayed"))
    assert 1 == len(world.store.payments())


def test_every_json_route_that_changes_something_takes_a_key() -> None:
    posts = [route for route in ROUTES if "POST" in getattr(route, "http_methods", ()) and not route.opt.get("page")]
    lacking = [
        path
        for route in posts
        for path in route.paths
        if path not in OUTSIDE
        and not (
            any(isinstance(one, Idempotency) for one in route.middleware or ())
            and route.operation_class is IdempotentOperation
        )
    ]

    assert URL in {path for route in posts for path in route.paths}
    assert [] == lacking


async def test_the_description_names_the_header_and_its_answers(world: World, client: httpx.AsyncClient) -> None:
    described = (await client.get("/schema/openapi.json")).json()["paths"][URL]["post"]
    (header,) = [one for one in described["parameters"] if one["name"] == "Idempotency-Key"]

    assert ("header", False, 255) == (header["in"], header["required"], header["schema"]["maxLength"])
    assert {"409", "422"} <= described["responses"].keys()
