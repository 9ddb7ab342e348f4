"""Refunds are made, changed, taken back and refused as Stripe does it, and told in its order."""

import json
from pathlib import Path
from typing import Any

import pytest
import stripe

from sandbox.sandbox_world import World
from sandbox.stripe_description import Description

GONE_FROM_CHARGES = {"destination", "dispute", "invoice", "order", "refunds", "source"}
"""Keys that charges had in the versions of the recordings, and have no more."""


async def test_a_refund_gives_back_all_that_is_left_when_no_amount_is_named(world: World) -> None:
    paid = await world.paid()
    part = await world.refund(payment_intent=paid.payment_intent.id, amount=12000, reason="requested_by_customer")
    partly = await world.charge_of(part)
    rest = await world.refund(charge=paid.payment_intent.latest_charge.id, metadata={"refund_id": "7", "empty": ""})
    fully = await world.charge_of(rest)

    assert (12000, "requested_by_customer", "succeeded") == (part.amount, part.reason, part.status)
    assert (18000, None, {"refund_id": "7"}) == (rest.amount, rest.reason, rest.metadata.to_dict())
    assert [paid.payment_intent.id] * 2 == [part.payment_intent, rest.payment_intent]
    assert (12000, False) == (partly.amount_refunded, partly.refunded)
    assert (30000, True) == (fully.amount_refunded, fully.refunded)
    assert [rest.id, part.id] == [one.id for one in fully.refunds.data]


async def test_a_refund_is_told_in_stripes_order_with_the_key_of_its_call(world: World) -> None:
    paid = await world.paid()
    refund = await world.refund(key="refund:1", payment_intent=paid.payment_intent.id, amount=100)
    events = await world.told_of("refund.*", "charge.refund*")
    created, refunded, updated, twin = events

    assert ["refund.created", "charge.refunded", "refund.updated", "charge.refund.updated"] == [
        event["type"] for event in events
    ]
    assert ["refund:1", "refund:1", None, None] == [event["request"]["idempotency_key"] for event in events]
    assert {"amount_refunded": 0} == refunded["data"]["previous_attributes"]
    assert (100, False) == (refunded["data"]["object"]["amount_refunded"], refunded["data"]["object"]["refunded"])
    assert "pending" == created["data"]["object"]["destination_details"]["card"]["reference_status"]
    assert "available" == updated["data"]["object"]["destination_details"]["card"]["reference_status"]
    assert updated["data"] == twin["data"]
    assert "pending" == refund.destination_details.card.reference_status


async def test_a_refund_has_the_keys_of_a_recorded_one(world: World, recordings: Path) -> None:
    recorded = json.loads((recordings / "http" / "106_POST_v1.refunds_200.json").read_text())["response"]["body"]
    paid = await world.paid()
    made = (await world.refund(charge=paid.payment_intent.latest_charge.id, amount=1000)).to_dict(for_json=True)
    same = ("amount", "destination_details", "metadata", "object", "reason", "receipt_number", "status")

    assert set() == set(recorded) - set(made)
    assert {"customer", "customer_account", "payment_method"} == set(made) - set(recorded)
    assert {key: recorded[key] for key in same} == {key: made[key] for key in same}


async def test_every_object_and_event_of_refunds_fits_stripes_own_description(world: World, recordings: Path) -> None:
    for card in ("4000000000007726", "4000000000005126"):
        paid = await world.paid(card)
        refund = await world.refund(payment_intent=paid.payment_intent.id)
        await world.tell(f"refunds/{refund.id}/fail")
    paths = ["data.balance_transaction.source", "data.failure_balance_transaction", "data.charge.refunds"]
    listed = (await world.raw("GET", "/v1/refunds", params={"expand[]": paths})).json()["data"]
    events = await world.told_of("refund.*", "charge.refund*")

    description = Description(recordings)
    assert 2 == len(listed)
    assert 12 == len(events)
    for value in (*listed, *events, *(event["data"]["object"] for event in events)):
        description.check(value)
    assert listed[0]["id"] == listed[0]["balance_transaction"]["source"]["id"]
    assert (-30000, 30000) == (
        listed[0]["balance_transaction"]["net"],
        listed[0]["failure_balance_transaction"]["net"],
    )


async def test_the_same_key_refunds_once(world: World) -> None:
    paid = await world.paid()
    first = await world.refund(key="k", payment_intent=paid.payment_intent.id, amount=100)
    again = await world.refund(key="k", payment_intent=paid.payment_intent.id, amount=100)
    with pytest.raises(stripe.IdempotencyError):
        await world.refund(key="k", payment_intent=paid.payment_intent.id, amount=200)

    assert first.id == again.id
    assert 100 == (await world.charge_of(first)).amount_refunded


@pytest.mark.parametrize(
    ("change", "status", "code", "param", "text"),
    [
        ({"amount": 30001}, 400, None, "amount", r"Refund amount \(MAD300.01\) is greater than charge amount \(MAD300"),
        ({"amount": 0}, 400, "parameter_invalid_integer", "amount", "greater than or equal to 1"),
        ({"amount": "abc"}, 400, "parameter_invalid_integer", "amount", "Invalid integer: abc"),
        ({"reason": "expired"}, 400, None, "reason", "must be one of duplicate, fraudulent, or requested_by_customer"),
        ({"ammount": 5}, 400, "parameter_unknown", "ammount", "unknown parameter: ammount. Did you mean amount"),
        ({"payment_intent": "pi_x"}, 400, "resource_missing", "payment_intent", "No such payment_intent: 'pi_x'"),
        ({"payment_intent": ""}, 400, "parameter_invalid_empty", "payment_intent", "empty string"),
        ({"charge": "ch_x"}, 404, "resource_missing", "id", "No such charge: 'ch_x'"),
        ({"expand": ["nonsense"]}, 400, None, "expand", "cannot be expanded"),
        ({"metadata": {"k" * 41: "v"}}, 400, None, "metadata", "up to 40 characters"),
        ({"currency": "mad"}, 400, None, "currency", "does not offer `currency`"),
    ],
)
async def test_wrong_refunds_are_refused_in_stripes_words_and_give_nothing_back(
    world: World, change: dict[str, Any], status: int, code: str | None, param: str, text: str
) -> None:
    paid = await world.paid()
    with pytest.raises(stripe.InvalidRequestError, match=text) as refused:
        await world.refund(**{"payment_intent": paid.payment_intent.id, **change})

    assert (status, code, param) == (refused.value.http_status, refused.value.code, refused.value.param)
    assert [] == await world.told_of("refund.*", "charge.refund*")


async def test_a_refund_names_what_it_refunds(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await world.refund(amount=100)

    assert (
        "One of the following params should be provided for this request: payment_intent or charge."
        == refused.value.user_message
    )
    assert (None, None) == (refused.value.code, refused.value.param)


async def test_a_charge_is_not_refunded_beyond_what_is_left(world: World) -> None:
    paid = await world.paid()
    charge_id = paid.payment_intent.latest_charge.id
    await world.refund(charge=charge_id, amount=20000)
    with pytest.raises(stripe.InvalidRequestError, match=r"\(MAD150.00\) is greater than unrefunded amount on charge"):
        await world.refund(charge=charge_id, amount=15000)
    await world.refund(charge=charge_id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await world.refund(charge=charge_id, amount=1)

    assert f"Charge {charge_id} has already been refunded." == refused.value.user_message
    assert ("charge_already_refunded", None) == (refused.value.code, refused.value.param)


async def test_what_was_not_paid_cannot_be_refunded_nor_another_intents_charge(world: World) -> None:
    unpaid, paid, other = await world.session(), await world.paid(), await world.paid()
    await world.pay(unpaid.id, "4000000000000002")
    declined = await world.again(unpaid.id, "payment_intent")
    for named in ({"payment_intent": declined.payment_intent.id}, {"charge": declined.payment_intent.latest_charge}):
        with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund"):
            await world.refund(**named)

    with pytest.raises(stripe.InvalidRequestError, match="does not belong to PaymentIntent"):
        await world.refund(payment_intent=paid.payment_intent.id, charge=other.payment_intent.latest_charge.id)


async def test_refunds_are_listed_by_charge_intent_and_time_and_paged(world: World) -> None:
    paid, other = await world.paid(), await world.paid()
    ids = [(await world.refund(payment_intent=paid.payment_intent.id, amount=1)).id for _ in range(3)][::-1]
    last = await world.refund(payment_intent=other.payment_intent.id)
    refunds = world.client.v1.refunds
    by_intent = await refunds.list_async({"payment_intent": paid.payment_intent.id, "limit": 2})
    by_charge = await refunds.list_async({"charge": paid.payment_intent.latest_charge.id, "ending_before": ids[2]})

    assert ids[:2] == [one.id for one in by_intent.data]
    assert by_intent.has_more
    assert ids == [one.id async for one in by_intent.auto_paging_iter()]
    assert ids[:2] == [one.id for one in by_charge.data]
    assert [last.id, *ids] == [
        one.id for one in (await refunds.list_async({"created": {"gte": last.created - 60}})).data
    ]
    assert [] == (await refunds.list_async({"created": {"gt": last.created + 60}})).data
    assert last.id == (await refunds.retrieve_async(last.id)).id


async def test_the_refunds_of_a_charge_go_on_where_the_expanded_list_ends(world: World) -> None:
    paid = await world.paid()
    charge_id = paid.payment_intent.latest_charge.id
    ids = [(await world.refund(charge=charge_id, amount=1)).id for _ in range(12)][::-1]
    shown = (await world.client.v1.charges.retrieve_async(charge_id, {"expand": ["refunds"]})).refunds
    missing = await world.raw("GET", "/v1/charges/ch_x/refunds")

    assert shown is not None
    assert (ids[:10], True) == ([one.id for one in shown.data], shown.has_more)
    assert ids == [one.id async for one in shown.auto_paging_iter()]
    assert (404, "No such charge: 'ch_x'") == (missing.status_code, missing.json()["error"]["message"])


@pytest.mark.parametrize(
    ("name", "newer"),
    [
        ("274_C_refund.created__2020-03-02.json", set()),
        ("276_C_refund.updated__2020-03-02.json", {"previous_attributes"}),
        ("275_C_refund.failed__2020-03-02.json", {"previous_attributes"}),
        ("079_B_charge.refunded__2020-08-27.json", set()),
        ("078_B_charge.refund.updated__2020-08-27.json", set()),
    ],
)
async def test_events_of_refunds_have_the_keys_of_recorded_ones(
    world: World, recordings: Path, name: str, newer: set[str]
) -> None:
    recorded = json.loads((recordings / "events" / name).read_text())
    paid = await world.paid()
    refund = await world.refund(payment_intent=paid.payment_intent.id)
    await world.tell(f"refunds/{refund.id}/fail")
    told = (await world.told_of(recorded["type"]))[0]

    assert set(recorded) == set(told)
    assert newer == set(told["data"]) - set(recorded["data"])
    assert GONE_FROM_CHARGES >= set(recorded["data"]["object"]) - set(told["data"]["object"])


async def test_metadata_is_all_that_can_be_changed_of_a_refund(world: World) -> None:
    paid = await world.paid()
    refund = await world.refund(payment_intent=paid.payment_intent.id, metadata={"a": "1", "b": "2"})
    changed = await world.client.v1.refunds.update_async(refund.id, {"metadata": {"b": "", "c": "3"}})
    await world.client.v1.refunds.update_async(refund.id, {"metadata": {"c": "3"}})
    event, twin = (await world.told_of("refund.updated", "charge.refund.updated"))[2:]
    refused = await world.raw("POST", f"/v1/refunds/{refund.id}", data={"amount": "5"})

    assert {"a": "1", "c": "3"} == changed.to_dict()["metadata"]
    assert {"metadata": {"b": "2", "c": None}} == event["data"]["previous_attributes"]
    assert ["refund.updated", "charge.refund.updated"] == [event["type"], twin["type"]]
    assert (400, "parameter_unknown") == (refused.status_code, refused.json()["error"]["code"])
