"""Events reach the endpoint as Stripe's do: signed, in its layout, again until a 2xx, and spoiled when a test wants it."""

import asyncio
import json
import time

import pytest
import stripe

from entrypoints.sandbox.wire import pretty
from sandbox.sandbox_world import SECRET, Received, Receiver, World, eventually, open_world


def timestamp(delivery: Received) -> int:
    return int(delivery.headers["stripe-signature"].split(",")[0].removeprefix("t="))


async def customer(world: World) -> stripe.Customer:
    return await world.client.v1.customers.create_async({"email": "a@example.com"})


async def test_a_purchase_is_told_in_causal_order_by_nobody_in_particular(world: World) -> None:
    session = await world.session(invoice_creation={"enabled": True}, payment_intent_data={"metadata": {"order": "1"}})
    await world.pay(session.id)
    await world.quiet()
    events = (await world.ask("events"))["data"]
    by_type = {event["type"]: event for event in events}

    assert [event["type"] for event in events] == [
        "customer.created",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
        "charge.updated",
    ]
    assert by_type["payment_intent.created"]["data"]["object"]["status"] == "requires_payment_method"
    assert by_type["invoice.created"]["data"]["object"]["status"] == "draft"
    assert by_type["invoice.created"]["data"]["object"]["number"] is None
    assert by_type["charge.succeeded"]["data"]["object"]["balance_transaction"] is None
    assert by_type["charge.updated"]["data"]["previous_attributes"] == {"balance_transaction": None}
    assert by_type["charge.updated"]["data"]["object"]["balance_transaction"].startswith("txn_")
    for event in events:
        assert event["request"] == {"id": None, "idempotency_key": None}
        assert event["livemode"] is False
    assert len(events) == len(world.receiver.received)


async def test_deliveries_have_stripes_headers_and_a_signature_the_sdk_accepts(world: World) -> None:
    made = await customer(world)
    await world.quiet()
    delivery = world.receiver.received[0]

    assert made.id == delivery.event().data.object["id"]
    assert delivery.headers["content-type"] == "application/json; charset=utf-8"
    assert delivery.headers["user-agent"] == "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
    assert [part.split("=")[0] for part in delivery.headers["stripe-signature"].split(",")] == ["t", "v1", "v0"]
    assert abs(time.time() - timestamp(delivery)) < 3


async def test_the_body_has_stripes_layout_to_the_byte(world: World) -> None:
    await world.client.v1.customers.create_async({"name": "Zo\u00e9 \u0639"})
    await world.quiet()
    body = world.receiver.received[0].body.decode()

    assert body.startswith('{\n  "id": "evt_')
    assert '\n  "object": "event",\n  "api_version": "2026-10-28.endive",\n  "created": ' in body
    assert '\n      "metadata": {\n      },\n' in body
    assert '\n      "preferred_locales": [\n\n      ],\n' in body
    assert '"Zo\u00e9 \u0639"' in body
    assert body.endswith('"type": "customer.created"\n}')
    assert pretty(json.loads(body)) == body


async def test_a_delivery_is_tried_again_with_a_fresh_signature_until_a_2xx(world: World) -> None:
    world.receiver.answers = [500, 302, 200]
    await customer(world)
    await world.quiet()
    (delivery,) = (await world.ask("deliveries"))["data"]
    signatures = {one.headers["stripe-signature"] for one in world.receiver.received}
    event = await world.client.v1.events.retrieve_async(delivery["event_id"])

    assert [one["status"] for one in delivery["attempts"]] == [500, 302, 200]
    assert delivery["state"] == "delivered"
    assert len(signatures) == 3
    assert len({one.event().id for one in world.receiver.received}) == 1
    assert json.loads(world.receiver.received[0].body)["pending_webhooks"] == 1
    assert event.pending_webhooks == 0


async def test_a_delivery_is_given_up_when_the_schedule_has_ended(world: World) -> None:
    world.receiver.answers = [500] * 9
    await customer(world)
    await world.quiet()
    (delivery,) = (await world.ask("deliveries"))["data"]
    failed = await world.client.v1.events.list_async({"delivery_success": False})

    assert (delivery["state"], len(delivery["attempts"])) == ("given_up", 4)
    assert [delivery["event_id"]] == [one.id for one in failed.data]


async def test_an_endpoint_that_is_down_is_an_attempt_without_status(world: World) -> None:
    await world.tell("settings", {"webhook_url": "http://127.0.0.1:9/nothing"})
    await customer(world)
    await eventually(lambda: len(world.server.sandbox_config.retry_schedule_seconds) == 3)
    await world.quiet()
    (delivery,) = (await world.ask("deliveries"))["data"]

    assert [one["status"] for one in delivery["attempts"]] == [None] * 4
    assert delivery["attempts"][0]["error"]


async def test_the_redirect_waits_for_the_endpoint_to_have_heard(receiver: Receiver) -> None:
    async with open_world(receiver, redirect_wait_seconds=5.0) as world:
        session = await world.session()
        receiver.answers = [500] * 4
        await world.pay(session.id)

        assert "checkout.session.completed" in receiver.types()
        (delivery,) = (await world.ask("deliveries?type=checkout.session.completed"))["data"]
        assert delivery["state"] == "delivered"


async def test_the_redirect_does_not_wait_for_ever(receiver: Receiver) -> None:
    async with open_world(receiver, redirect_wait_seconds=0.1, retry_schedule_seconds=(60.0,)) as world:
        session = await world.session()
        receiver.answers = [500] * 9
        began = time.monotonic()

        assert (await world.pay(session.id)).status_code == 303
        assert time.monotonic() - began < 3


async def test_an_event_can_be_lost_and_sent_again_by_hand(world: World) -> None:
    await world.tell("faults/deliveries", {"kind": "lose", "type": "checkout.session.*"})
    session = await world.session()
    await world.pay(session.id)
    await world.quiet()
    before = world.receiver.types()
    (event,) = (await world.ask("events?type=checkout.session.completed"))["data"]
    await world.tell(f"events/{event['id']}/resend")
    await world.quiet()

    assert "checkout.session.completed" not in before
    assert world.receiver.types().count("checkout.session.completed") == 1


async def test_an_event_can_come_several_times_at_once(world: World) -> None:
    await world.tell("faults/deliveries", {"kind": "duplicate", "type": "customer.*", "copies": 5})
    await customer(world)
    await world.quiet()

    assert len(world.receiver.received) == 5
    assert len({one.event().id for one in world.receiver.received}) == 1


async def test_the_same_change_can_be_told_under_two_event_ids(world: World) -> None:
    await world.tell("faults/deliveries", {"kind": "twin"})
    made = await customer(world)
    await world.quiet()
    events = [one.event() for one in world.receiver.received]

    assert len({one.id for one in events}) == 2
    assert {made.id} == {one.data.object["id"] for one in events}


async def test_an_event_can_be_delayed(world: World) -> None:
    await world.tell("faults/deliveries", {"kind": "delay", "seconds": 60})
    await customer(world)
    waiting = await world.web.get("/_control/quiet")
    hurried = await world.tell("deliveries/hurry")
    await world.quiet()

    assert (waiting.status_code, waiting.json()["waiting"]) == (409, 1)
    assert hurried == {"hurried": 1}
    assert len(world.receiver.received) == 1


async def test_events_can_be_held_and_come_in_reverse(world: World) -> None:
    await world.tell("faults/deliveries", {"kind": "hold", "type": "customer.*", "times": 3})
    made = [(await customer(world)).id for _ in range(3)]
    await world.quiet()

    assert made[::-1] == [one.event().data.object["id"] for one in world.receiver.received]


async def test_held_events_are_released_by_command(world: World) -> None:
    await world.tell("faults/deliveries", {"kind": "hold", "times": 9})
    made = [(await customer(world)).id for _ in range(2)]
    held = (await world.ask("quiet"))["held"]
    released = await world.tell("deliveries/release")
    await world.quiet()

    assert (held, released) == (2, {"released": 2})
    assert made[::-1] == [one.event().data.object["id"] for one in world.receiver.received]


async def test_a_second_secret_signs_beside_the_first(world: World) -> None:
    await world.tell("faults/deliveries", {"kind": "second_secret", "secret": "whsec_new"})
    await customer(world)
    await world.quiet()

    assert world.receiver.received[0].event(SECRET).id == world.receiver.received[0].event("whsec_new").id


async def test_a_wrong_secret_signs_the_first_try_only(world: World) -> None:
    await world.tell("faults/deliveries", {"kind": "wrong_secret"})
    world.receiver.answers = [400]
    await customer(world)
    await world.quiet()
    first, second = world.receiver.received

    with pytest.raises(stripe.SignatureVerificationError):
        first.event()
    assert second.event().type == "customer.created"


async def test_a_stale_timestamp_is_signed_and_old(world: World) -> None:
    await world.tell("faults/deliveries", {"kind": "stale", "seconds": 900})
    await customer(world)
    await world.quiet()
    delivery = world.receiver.received[0]

    assert 890 < time.time() - timestamp(delivery) < 910
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        delivery.event()


async def test_an_event_can_claim_to_be_live(world: World) -> None:
    await world.tell("faults/deliveries", {"kind": "wrong_livemode"})
    await customer(world)
    await world.quiet()

    assert world.receiver.received[0].event().livemode is True


async def test_an_answer_can_be_forgotten_so_that_the_event_comes_again(world: World) -> None:
    await world.tell("faults/deliveries", {"kind": "forget_answer"})
    await customer(world)
    await world.quiet()
    (delivery,) = (await world.ask("deliveries"))["data"]

    assert [one["status"] for one in delivery["attempts"]] == [200, 200]


async def test_deliveries_can_be_paused_and_go_on(world: World) -> None:
    await world.tell("deliveries/pause")
    await customer(world)
    paused = await world.ask("quiet")
    await world.tell("deliveries/resume")
    await world.quiet()

    assert (paused["quiet"], paused["waiting"]) == (False, 1)
    assert len(world.receiver.received) == 1


async def test_url_and_secret_change_at_run_time(world: World) -> None:
    async with Receiver.listening() as other:
        await world.tell("settings", {"webhook_url": other.url, "webhook_secret": "whsec_rolled"})
        await customer(world)
        await world.quiet()

        assert other.received[0].event("whsec_rolled").type == "customer.created"
    assert world.receiver.received == []


async def test_many_deliveries_run_at_once(world: World) -> None:
    await asyncio.gather(*(world.raw("POST", "/v1/customers") for _ in range(60)))
    await world.quiet()

    assert len({one.event().id for one in world.receiver.received}) == 60
