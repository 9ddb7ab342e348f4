"""Checkout Sessions are made, shown, expired and refused as Stripe does it."""

import json
import time
from pathlib import Path

import jsonschema
import pytest
import stripe

from sandbox.sandbox_world import World
from sandbox.stripe_description import Description


def line(amount: int, currency: str) -> dict[str, object]:
    return {"price_data": {"currency": currency, "unit_amount": amount, "product_data": {"name": "Fee"}}, "quantity": 1}


async def test_a_session_has_the_keys_and_fixed_values_of_a_recorded_one(world: World, recordings: Path) -> None:
    recorded = json.loads((recordings / "http" / "041_POST_v1.checkout.sessions_200.json").read_text())["response"][
        "body"
    ]
    customer = await world.client.v1.customers.create_async({"email": "stripe@example.org"})
    made = (await world.session(customer=customer.id)).to_dict(for_json=True)
    free = {
        "id",
        "customer",
        "created",
        "expires_at",
        "url",
        "success_url",
        "cancel_url",
        "currency",
        "amount_subtotal",
        "amount_total",
    }
    ours = {
        "branding_settings",
        "payment_method_configuration_details",
        "payment_method_options",
        "payment_method_types",
    }

    assert set(recorded) == set(made)
    assert {k: v for k, v in recorded.items() if k not in free | ours} == {
        k: v for k, v in made.items() if k not in free | ours
    }
    assert (len(made["id"]), made["expires_at"] - made["created"]) == (66, 86_400)
    assert made["url"].startswith(f"{world.server.url}/c/pay/cs_test_a1")
    assert made["success_url"].endswith("{CHECKOUT_SESSION_ID}")


async def test_every_object_of_a_purchase_fits_stripes_own_description(world: World, recordings: Path) -> None:
    session = await world.session(customer_email="a@example.com", invoice_creation={"enabled": True})
    opened = session.to_dict(for_json=True)
    await world.pay(session.id, "4000000000000002")
    await world.pay(session.id)
    delayed = await world.session()
    await world.press(delayed.id, action="delayed")
    await world.tell(f"sessions/{delayed.id}/fail")
    paid = (await world.again(session.id, "payment_intent.latest_charge", "line_items", "invoice", "customer")).to_dict(
        for_json=True
    )
    payments = (await world.raw("GET", "/v1/invoice_payments")).json()["data"]
    events = await world.ask("events")

    description = Description(recordings)
    assert len(events["data"]) > 15
    for value in (opened, paid, payments[0], *events["data"], *(event["data"]["object"] for event in events["data"])):
        description.check(value)
    with pytest.raises(jsonschema.ValidationError):
        description.check({**opened, "payment_status": "perhaps"})


async def test_metadata_goes_to_the_intent_and_the_invoice_only_where_it_was_given(world: World) -> None:
    session = await world.session(
        metadata={"where": "session"},
        payment_intent_data={"metadata": {"where": "intent"}},
        invoice_creation={"enabled": True, "invoice_data": {"metadata": {"where": "invoice"}}},
    )
    await world.pay(session.id)
    paid = (await world.again(session.id, "payment_intent.latest_charge", "invoice")).to_dict()

    assert paid["metadata"] == {"where": "session"}
    assert (
        {"where": "intent"} == paid["payment_intent"]["metadata"] == paid["payment_intent"]["latest_charge"]["metadata"]
    )
    assert paid["invoice"]["metadata"] == {"where": "invoice"}


@pytest.mark.parametrize(
    ("seconds", "text"), [(1800, "at least 30 minutes"), (86_400, "less than 24 hours"), (60, "at least 30 minutes")]
)
async def test_expires_at_is_refused_at_both_ends_of_its_range(world: World, seconds: int, text: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=text) as refused:
        await world.session(expires_at=int(time.time()) + seconds)

    assert refused.value.param == "expires_at"


@pytest.mark.parametrize("seconds", [1_860, 86_100])
async def test_expires_at_is_taken_within_its_range(world: World, seconds: int) -> None:
    wanted = int(time.time()) + seconds

    assert wanted == (await world.session(expires_at=wanted)).expires_at


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (49, "usd", r"The Checkout Session's total amount due must add up to at least \$0\.50 usd"),
        (17499, "huf", r"must add up to at least 175\.00 Ft huf"),
        (399, "hkd", r"must add up to at least \$4\.00 hkd"),
        (49, "jpy", "must add up to at least \u00a550 jpy"),
        (100_000_000, "usd", "must be no more than"),
        (1001, "kwd", "multiple of 10"),
        (1000, "xyz", "Invalid currency: xyz. Stripe currently supports these currencies: usd, aed, afn"),
    ],
)
async def test_amounts_that_stripe_cannot_charge_are_refused(
    world: World, amount: int, currency: str, text: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=text):
        await world.session(line_items=[line(amount, currency)])


async def test_a_currency_can_be_taken_from_the_account_so_that_a_caller_falls_back(world: World) -> None:
    await world.tell("settings", {"unsupported_currencies": ["mad"]})
    with pytest.raises(stripe.InvalidRequestError, match="Invalid currency: mad") as refused:
        await world.session()
    fallback = await world.session(line_items=[line(3000, "usd")])

    assert refused.value.param == "line_items[0][price_data][currency]"
    assert fallback.status == "open"


async def test_an_open_session_expires_by_call_once(world: World) -> None:
    session = await world.session()
    expired = await world.client.v1.checkout.sessions.expire_async(session.id)
    await world.quiet()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await world.client.v1.checkout.sessions.expire_async(session.id)
    event = world.receiver.received[0].event()

    assert (expired.status, expired.url) == ("expired", None)
    assert (
        refused.value.user_message
        == 'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of `expired`.'
    )
    assert world.receiver.types() == ["checkout.session.expired"]
    assert event.request is not None
    assert (event.request.id or "").startswith("req_")
    assert event.request.idempotency_key


async def test_a_session_expires_when_its_time_has_come(world: World) -> None:
    session = await world.session(expires_at=int(time.time()) + 1_900)
    await world.tell("clock", {"advance_seconds": 1_901})
    await world.quiet()
    event = world.receiver.received[0].event()

    assert ((again := await world.again(session.id)).status, again.url, again.payment_intent) == ("expired", None, None)
    assert ("checkout.session.expired", session.expires_at) == (event.type, event.created)


async def test_the_line_items_of_a_session_are_listed(world: World) -> None:
    session = await world.session(line_items=[line(1000, "eur"), {**line(500, "eur"), "quantity": 3}])
    listed = await world.client.v1.checkout.sessions.line_items.list_async(session.id, {"limit": 1})

    assert session.amount_total == 2500
    assert [one.amount_total for one in listed.data] == [1000]
    assert [one.amount_total async for one in listed.auto_paging_iter()] == [1000, 1500]


async def test_a_session_of_nothing_to_pay_completes_without_a_payment(world: World) -> None:
    session = await world.session(line_items=[line(0, "eur")])
    await world.press(session.id, action="pay")
    done = await world.again(session.id)

    assert (done.status, done.payment_status, done.payment_intent) == ("complete", "no_payment_required", None)
