"""Each fault of the API does what its name says, and the real SDK meets it."""

import aiohttp
import httpx
import pytest
import stripe

from sandbox.sandbox_world import World


async def names(world: World) -> list[str]:
    return [one["name"] for one in (await world.raw("GET", "/v1/customers")).json()["data"]]


async def create(world: World, name: str, key: str = "k") -> stripe.Customer:
    return await world.client.v1.customers.create_async({"name": name}, {"idempotency_key": key})


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, stripe.RateLimitError),
        (500, stripe.APIError),
        (409, stripe.APIError),
        (402, stripe.CardError),
        (403, stripe.PermissionError),
    ],
)
async def test_a_status_comes_before_any_effect_and_once(
    world: World, status: int, error: type[stripe.StripeError]
) -> None:
    await world.tell("faults/api", {"kind": "status", "status": status, "method": "POST", "path": "/v1/customers"})
    with pytest.raises(error) as refused:
        await create(world, "a")
    await create(world, "a")

    assert status == refused.value.http_status
    assert await names(world) == ["a"]


async def test_faults_match_by_method_and_path_and_can_skip(world: World) -> None:
    await world.tell(
        "faults/api", {"kind": "status", "method": "POST", "path": "/v1/checkout/*", "skip": 1, "times": 1}
    )
    await create(world, "a")
    await world.session()
    with pytest.raises(stripe.APIError):
        await world.session()

    assert await world.ask("faults") == {"api": [], "deliveries": []}


@pytest.mark.parametrize(("kind", "made"), [("drop_before", []), ("drop_after", ["a"]), ("drop_mid_body", ["a"])])
async def test_a_dropped_connection_loses_the_answer_and_perhaps_the_effect(
    world: World, kind: str, made: list[str]
) -> None:
    await world.tell("faults/api", {"kind": kind})
    # Over aiohttp the SDK lets a break within the body through as it is.
    with pytest.raises((stripe.APIConnectionError, aiohttp.ClientPayloadError)):
        await create(world, "a")
    known = await names(world)
    again = await create(world, "a")

    assert made == known
    assert await names(world) == ["a"]
    assert again.id.startswith("cus_")


async def test_a_dropped_connection_sends_no_byte(world: World) -> None:
    await world.tell("faults/api", {"kind": "drop_after"})

    with pytest.raises(httpx.RemoteProtocolError, match="disconnected without sending"):
        await world.raw("POST", "/v1/customers")


@pytest.mark.parametrize(("kind", "made"), [("html", []), ("html_after", ["a"])])
async def test_a_proxy_can_answer_in_html(world: World, kind: str, made: list[str]) -> None:
    await world.tell("faults/api", {"kind": kind})
    with pytest.raises(stripe.APIError) as refused:
        await create(world, "a")

    assert refused.value.http_status == 502
    assert "Bad Gateway" in str(refused.value.http_body)
    assert made == await names(world)


async def test_a_500_after_the_effect_is_replayed_though_the_effect_remains(world: World) -> None:
    await world.tell("faults/api", {"kind": "status_after", "status": 500})
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            await create(world, "a")

    assert await names(world) == ["a"]


@pytest.mark.parametrize("status", [409, 429])
async def test_what_stripe_never_answers_after_an_effect_cannot_be_asked_for(world: World, status: int) -> None:
    answer = await world.web.post("/_control/faults/api", json={"kind": "status_after", "status": status})

    assert 400 == answer.status_code
    assert f"Stripe answers {status} only before any effect" in answer.text


async def test_the_retry_header_can_be_set(world: World) -> None:
    await world.tell(
        "faults/api", [{"kind": "status", "should_retry": True}, {"kind": "status", "should_retry": False}]
    )
    first = await world.raw("POST", "/v1/customers")
    second = await world.raw("POST", "/v1/customers")

    assert (first.headers["stripe-should-retry"], second.headers["stripe-should-retry"]) == ("true", "false")


async def test_the_sdk_retries_over_a_fault_with_one_effect(world: World) -> None:
    await world.tell("faults/api", {"kind": "drop_after"})
    customer = await world.client.v1.customers.create_async({"name": "a"}, {"max_network_retries": 1})
    seen = (await world.ask("requests?method=POST&path=/v1/customers"))["data"]

    assert customer.name == "a"
    assert await names(world) == ["a"]
    assert [(one["replayed"], one["fault"]) for one in seen] == [(False, "drop_after"), (True, None)]
    assert len({one["idempotency_key"] for one in seen}) == 1


async def test_everything_can_be_reset(world: World) -> None:
    await world.pay((await world.session()).id)
    await world.tell("faults/api", {"kind": "status"})
    await world.tell("settings", {"unsupported_currencies": ["mad"]})
    await world.tell("reset")

    assert await names(world) == []
    assert [] == (await world.ask("events"))["data"] == (await world.ask("deliveries"))["data"]
    assert (await world.session()).status == "open"


@pytest.mark.parametrize(
    ("path", "told", "status"),
    [
        ("faults/api", {"kind": "nonsense"}, 400),
        ("faults/api", [1], 400),
        ("faults/deliveries", "x", 400),
        ("settings", {"webhook": "x"}, 400),
        ("settings", {"unsupported_currencies": ["xyz"]}, 400),
        ("clock", {"advance_seconds": -1}, 400),
        ("sessions/cs_nobody/pay", {}, 404),
        ("events/evt_nobody/resend", {}, 404),
        ("deliveries/fly", {}, 404),
    ],
)
async def test_the_control_api_says_what_it_does_not_understand(
    world: World, path: str, told: object, status: int
) -> None:
    answer = await world.web.post(f"/_control/{path}", json=told)

    assert status == answer.status_code
    assert answer.json()["detail"]


async def test_a_session_is_driven_without_the_page(world: World) -> None:
    declined, delayed = await world.session(), await world.session()
    outcome = await world.tell(f"sessions/{declined.id}/decline")
    asked = await world.tell(f"sessions/{declined.id}/pay", {"card_number": "4000002760003184"})
    paid = await world.tell(f"sessions/{declined.id}/authenticate", {"succeeds": True})
    again = await world.tell(f"sessions/{declined.id}/pay")
    processing = await world.tell(f"sessions/{delayed.id}/delay")
    settled = await world.tell(f"sessions/{delayed.id}/settle")
    expired = await world.tell(f"sessions/{(await world.session()).id}/expire")

    assert (
        outcome["outcome"],
        outcome["message"],
        outcome["session"]["status"],
    ) == ("declined", "Your card was declined.", "open")
    assert [asked["outcome"], paid["outcome"], again["outcome"]] == ["authenticate", "paid", "closed"]
    assert [processing["outcome"], settled["outcome"]] == ["processing", "paid"]
    assert expired["session"]["status"] == "expired"
