"""A key stands for one effect, whatever happens to the answers."""

import asyncio

import pytest
import stripe

from sandbox.sandbox_world import World


async def count_of_customers(world: World) -> int:
    return len((await world.raw("GET", "/v1/customers?limit=100")).json()["data"])


async def test_twenty_parallel_posts_with_one_key_make_one_object(world: World) -> None:
    posts = [
        world.raw("POST", "/v1/customers", data={"name": "one"}, headers={"Idempotency-Key": "same"}) for _ in range(20)
    ]
    answers = await asyncio.gather(*posts)

    assert {200} == {one.status_code for one in answers}
    assert len({one.text for one in answers}) == 1
    assert sum(one.headers.get("idempotent-replayed") == "true" for one in answers) == 19
    assert len({one.headers["original-request"] for one in answers}) == 1
    assert await count_of_customers(world) == 1


async def test_a_second_request_meets_409_while_the_first_runs(world: World) -> None:
    await world.tell("faults/api", {"kind": "latency", "seconds": 0.2})
    first = asyncio.create_task(world.raw("POST", "/v1/customers", headers={"Idempotency-Key": "slow"}))
    await world.seen("/v1/customers")
    second = await world.raw("POST", "/v1/customers", headers={"Idempotency-Key": "slow"})

    assert (second.status_code, second.json()["error"]["code"]) == (409, "idempotency_key_in_use")
    assert (await first).status_code == 200
    assert await count_of_customers(world) == 1


async def test_a_key_with_other_parameters_or_another_path_is_refused(world: World) -> None:
    await world.client.v1.customers.create_async({"name": "a"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="Try using a key other than 'k'") as refused:
        await world.client.v1.customers.create_async({"name": "b"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError):
        await world.session(key="k")

    assert refused.value.http_status == 400


async def test_the_order_of_parameters_does_not_matter(world: World) -> None:
    first = await world.client.v1.customers.create_async({"name": "a", "phone": "1"}, {"idempotency_key": "k"})
    second = await world.client.v1.customers.create_async({"phone": "1", "name": "a"}, {"idempotency_key": "k"})

    assert first.id == second.id


async def test_a_refused_request_leaves_its_key_free(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await world.session(key="k", locale="nowhere")

    assert (await world.session(key="k")).status == "open"


async def test_a_stored_500_comes_again_for_a_day(world: World) -> None:
    await world.tell("faults/api", {"kind": "stored_status", "status": 500})
    first = await world.raw("POST", "/v1/customers", headers={"Idempotency-Key": "k"})
    second = await world.raw("POST", "/v1/customers", headers={"Idempotency-Key": "k"})
    await world.tell("clock", {"advance_seconds": 86_401})
    third = await world.raw("POST", "/v1/customers", headers={"Idempotency-Key": "k"})

    assert (first.status_code, second.status_code, third.status_code) == (500, 500, 200)
    assert second.headers["idempotent-replayed"] == "true"
    assert first.text == second.text


async def test_a_replay_shows_the_session_as_it_was_first(world: World) -> None:
    session = await world.session(key="k")
    await world.pay(session.id)
    replayed = await world.session(key="k")

    assert ("open", session.url) == (replayed.status, replayed.url)
    assert (await world.again(session.id)).status == "complete"
