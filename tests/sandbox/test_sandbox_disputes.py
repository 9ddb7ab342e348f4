"""Disputes are opened, answered, won, lost and refused as Stripe does it, and told in its order."""

import json
from pathlib import Path

import pytest
import stripe

from sandbox.sandbox_world import World
from sandbox.stripe_description import Description

FRAUD_CARD, NOT_RECEIVED_CARD, INQUIRY_CARD, TWICE_CARD = (
    "4000000000000259",
    "4000000000002685",
    "4000000000001976",
    "4000004040000079",
)
GONE_FROM_DISPUTES = {"balance_transaction", "is_protected"}
"""Keys that disputes had in the versions of the recordings, and have no more."""

TOLD = ("charge.dispute.*", "charge.updated", "charge.refund*", "refund.*")


async def types_since(world: World, known: int) -> list[str]:
    return [event["type"] for event in (await world.told_of(*TOLD))[known:]]


async def test_a_disputed_card_is_told_of_before_its_payment(world: World) -> None:
    _, dispute = await world.disputed()
    told = [event["type"] for event in await world.told_of("*")]
    start = told.index("charge.succeeded")

    assert [
        "charge.succeeded",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ] == told[start : start + 5]
    assert ("needs_response", "fraudulent", 30000, False) == (
        dispute.status,
        dispute.reason,
        dispute.amount,
        dispute.is_charge_refundable,
    )
    assert [(-30000, 1500, -31500)] == [(one.amount, one.fee, one.net) for one in dispute.balance_transactions]


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (FRAUD_CARD, [("fraudulent", "chargeback", "10.4", 30000)]),
        (NOT_RECEIVED_CARD, [("product_not_received", "chargeback", "13.1", 30000)]),
        (INQUIRY_CARD, [("fraudulent", "inquiry", "10", 30000)]),
        (
            TWICE_CARD,
            [("product_not_received", "chargeback", "13.1", 15000), ("fraudulent", "chargeback", "10.4", 15000)],
        ),
    ],
)
async def test_each_disputing_card_disputes_in_its_own_way(
    world: World, card: str, expected: list[tuple[str, str, str, int]]
) -> None:
    paid = await world.paid(card)
    found = await world.disputes_of(paid)

    assert paid.payment_intent.latest_charge.disputed
    assert expected == [
        (
            one.reason,
            one.payment_method_details.card.case_type,
            one.payment_method_details.card.network_reason_code,
            one.amount,
        )
        for one in found
    ]


async def test_every_object_and_event_of_disputes_fits_stripes_own_description(world: World, recordings: Path) -> None:
    for card, verbs in ((FRAUD_CARD, ["win"]), (NOT_RECEIVED_CARD, ["lose"]), (INQUIRY_CARD, ["escalate", "lose"])):
        _, dispute = await world.disputed(card)
        await world.client.v1.disputes.update_async(dispute.id, {"evidence": {"product_description": "A year"}})
        for verb in verbs:
            await world.tell(f"disputes/{dispute.id}/{verb}")
    listed = (await world.raw("GET", "/v1/disputes", params={"expand[]": "data.charge"})).json()["data"]
    entry = listed[0]["balance_transactions"][0]["id"]
    booked = (await world.raw("GET", f"/v1/balance_transactions/{entry}", params={"expand[]": "source"})).json()
    events = await world.told_of(*TOLD)

    description = Description(recordings)
    assert ["lost", "lost", "won"] == [one["status"] for one in listed]
    assert listed[0]["id"] == booked["source"]["id"]
    assert 20 == len(events)
    for value in (*listed, booked, *events, *(event["data"]["object"] for event in events)):
        description.check(value)


@pytest.mark.parametrize(
    "name",
    [
        "069_B_charge.dispute.created__2020-08-27.json",
        "074_B_charge.dispute.funds_withdrawn__2020-08-27.json",
        "066_B_charge.dispute.closed__2020-08-27.json",
        "071_B_charge.dispute.funds_reinstated__2020-08-27.json",
    ],
)
async def test_events_of_disputes_have_the_keys_of_recorded_ones(world: World, recordings: Path, name: str) -> None:
    recorded = json.loads((recordings / "events" / name).read_text())
    _, dispute = await world.disputed()
    await world.tell(f"disputes/{dispute.id}/win")
    told = (await world.told_of(recorded["type"]))[0]
    theirs, ours = recorded["data"]["object"], told["data"]["object"]

    assert set(recorded) == set(told)
    assert GONE_FROM_DISPUTES >= set(theirs) - set(ours)
    assert set() == set(theirs["evidence"]) - set(ours["evidence"])
    assert set() == set(theirs["evidence_details"]) - set(ours["evidence_details"])
    for entry in theirs["balance_transactions"]:
        assert {"livemode", "metadata"} >= set(entry) - set(ours["balance_transactions"][0])


async def test_a_charge_that_was_charged_back_cannot_be_refunded_until_the_dispute_is_won(world: World) -> None:
    paid, dispute = await world.disputed()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await world.refund(payment_intent=paid.payment_intent.id, amount=100)
    known = len(await world.told_of(*TOLD))
    won = await world.tell(f"disputes/{dispute.id}/win")
    types = await types_since(world, known)
    refund = await world.refund(payment_intent=paid.payment_intent.id, amount=100)
    charge = await world.client.v1.charges.retrieve_async(refund.charge)

    assert ("charge_disputed", None) == (refused.value.code, refused.value.param)
    assert f"Charge {charge.id} has been charged back; cannot issue a refund." == refused.value.user_message
    assert ["charge.dispute.funds_reinstated", "charge.dispute.closed"] == types
    assert ("won", True) == (won["status"], won["is_charge_refundable"])
    assert [-31500, 30000] == [one["net"] for one in won["balance_transactions"]]
    assert ("succeeded", True) == (refund.status, charge.disputed)


async def test_a_lost_dispute_is_closed_for_good(world: World) -> None:
    paid, dispute = await world.disputed()
    known = len(await world.told_of(*TOLD))
    lost = await world.tell(f"disputes/{dispute.id}/lose")
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        await world.refund(payment_intent=paid.payment_intent.id)
    again = await world.web.post(f"/_control/disputes/{dispute.id}/win")

    assert ["charge.dispute.closed"] == await types_since(world, known)
    assert "lost" == lost["status"]
    assert (409, "the dispute is lost") == (again.status_code, again.json()["detail"])
    for path, form in ((f"/v1/disputes/{dispute.id}", {"metadata[a]": "1"}), (f"/v1/disputes/{dispute.id}/close", {})):
        answer = await world.raw("POST", path, data=form)
        assert (400, "This dispute is already closed") == (answer.status_code, answer.json()["error"]["message"])


@pytest.mark.parametrize(("card", "status"), [(FRAUD_CARD, "lost"), (INQUIRY_CARD, "warning_closed")])
async def test_closing_a_dispute_by_call_accepts_it(world: World, card: str, status: str) -> None:
    _, dispute = await world.disputed(card)
    known = len(await world.told_of(*TOLD))
    closed = await world.client.v1.disputes.close_async(dispute.id)

    assert status == closed.status
    assert ["charge.dispute.closed", "charge.updated"] == await types_since(world, known)


async def test_evidence_goes_under_review_and_can_be_staged_first(world: World) -> None:
    _, dispute = await world.disputed()
    disputes = world.client.v1.disputes
    staged = await disputes.update_async(dispute.id, {"evidence": {"service_date": "2026-01-01"}, "submit": False})
    sent = await disputes.update_async(dispute.id, {"submit": True, "metadata": {"case": "7"}})
    staging, _, sending, _ = (await world.told_of("charge.dispute.updated", "charge.updated"))[1:]

    assert ("needs_response", True, 0) == (
        staged.status,
        staged.evidence_details.has_evidence,
        staged.evidence_details.submission_count,
    )
    assert ("under_review", 1, "2026-01-01") == (
        sent.status,
        sent.evidence_details.submission_count,
        sent.evidence.service_date,
    )
    assert {"evidence": {"service_date": None}, "evidence_details": {"has_evidence": False}} == staging["data"][
        "previous_attributes"
    ]
    assert {"metadata": {"case": None}, "status": "needs_response", "evidence_details": {"submission_count": 0}} == (
        sending["data"]["previous_attributes"]
    )


@pytest.mark.parametrize(
    ("card", "text", "status"),
    [
        (FRAUD_CARD, "winning_evidence", "won"),
        (FRAUD_CARD, "losing_evidence", "lost"),
        (FRAUD_CARD, "escalate_inquiry_evidence", "under_review"),
        (FRAUD_CARD, "anything else", "under_review"),
        (INQUIRY_CARD, "winning_evidence", "warning_closed"),
        (INQUIRY_CARD, "losing_evidence", "warning_closed"),
        (INQUIRY_CARD, "escalate_inquiry_evidence", "needs_response"),
    ],
)
async def test_some_texts_decide_a_dispute_after_the_answer(world: World, card: str, text: str, status: str) -> None:
    _, dispute = await world.disputed(card)
    answered = await world.client.v1.disputes.update_async(dispute.id, {"evidence": {"uncategorized_text": text}})

    assert ("under_review" if card == FRAUD_CARD else "warning_under_review") == answered.status
    assert status == (await world.client.v1.disputes.retrieve_async(dispute.id)).status


async def test_an_inquiry_takes_no_money_and_leaves_the_charge_refundable_until_it_escalates(world: World) -> None:
    paid, dispute = await world.disputed(INQUIRY_CARD)
    await world.refund(payment_intent=paid.payment_intent.id, amount=10000)
    known = len(await world.told_of(*TOLD))
    escalated = await world.tell(f"disputes/{dispute.id}/escalate")
    types = await types_since(world, known)
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        await world.refund(payment_intent=paid.payment_intent.id)

    assert ([], True) == (dispute.balance_transactions, dispute.is_charge_refundable)
    assert ["charge.dispute.updated", "charge.dispute.funds_withdrawn"] == types
    assert ("needs_response", 20000, False) == (
        escalated["status"],
        escalated["amount"],
        escalated["is_charge_refundable"],
    )


async def test_an_inquiry_about_what_was_refunded_whole_cannot_escalate(world: World) -> None:
    paid, dispute = await world.disputed(INQUIRY_CARD)
    await world.refund(payment_intent=paid.payment_intent.id)
    answer = await world.web.post(f"/_control/disputes/{dispute.id}/escalate")

    assert (409, "the dispute is warning_needs_response") == (answer.status_code, answer.json()["detail"])


async def test_disputes_are_listed_by_charge_and_time_and_missed_by_name(world: World) -> None:
    paid, dispute = await world.disputed()
    other, _ = await world.disputed()
    disputes = world.client.v1.disputes
    with pytest.raises(stripe.InvalidRequestError, match="No such dispute: 'du_x'") as missed:
        await disputes.retrieve_async("du_x")

    assert [dispute.id] == [
        one.id for one in (await disputes.list_async({"charge": paid.payment_intent.latest_charge.id})).data
    ]
    assert 1 == len(await world.disputes_of(other))
    assert [] == (await disputes.list_async({"created": {"gt": dispute.created + 60}})).data
    assert (404, "dispute") == (missed.value.http_status, missed.value.param)


async def test_evidence_that_stripe_does_not_know_is_refused(world: World) -> None:
    _, dispute = await world.disputed()
    answer = await world.raw("POST", f"/v1/disputes/{dispute.id}", data={"evidence[product_descripton]": "A year"})
    error = answer.json()["error"]

    assert ("parameter_unknown", "evidence[product_descripton]") == (error["code"], error["param"])
