"""What becomes of refunds later: they are paid out, fail after all, are taken back, and outlive a restart."""

import pytest
import stripe

from sandbox.conftest import WorldMaker
from sandbox.sandbox_world import Receiver, World, open_world

LATER_CARD, FAILING_CARD = "4000000000007726", "4000000000005126"


async def test_a_pending_refund_succeeds_later(world: World) -> None:
    paid = await world.paid(LATER_CARD)
    refund = await world.refund(payment_intent=paid.payment_intent.id)
    held = await world.charge_of(refund)
    settled = await world.tell(f"refunds/{refund.id}/succeed")
    events = await world.told_of("refund.updated")

    assert ("pending", "processing") == (refund.status, refund.pending_reason)
    assert (30000, True) == (held.amount_refunded, held.refunded)
    assert "succeeded" == settled["status"]
    assert "pending_reason" not in settled
    assert {"status": "pending", "pending_reason": "processing"} == events[0]["data"]["previous_attributes"]


async def test_a_refund_that_succeeded_can_fail_later_and_the_charge_is_refundable_again(world: World) -> None:
    paid = await world.paid(FAILING_CARD)
    refund = await world.refund(payment_intent=paid.payment_intent.id)
    failed = await world.tell(f"refunds/{refund.id}/fail", {"failure_reason": "lost_or_stolen_card"})
    events = (await world.told_of("refund.*", "charge.refund*"))[4:]
    freed = await world.charge_of(refund)
    anew = await world.refund(payment_intent=paid.payment_intent.id)

    assert "succeeded" == refund.status
    assert ("failed", "lost_or_stolen_card") == (failed["status"], failed["failure_reason"])
    assert failed["failure_balance_transaction"].startswith("txn_")
    assert ["refund.updated", "refund.failed", "charge.refund.updated"] == [event["type"] for event in events]
    assert ["succeeded"] * 3 == [event["data"]["previous_attributes"]["status"] for event in events]
    assert (0, False) == (freed.amount_refunded, freed.refunded)
    assert 30000 == anew.amount


async def test_an_open_refund_is_taken_back_and_a_settled_one_is_not(world: World) -> None:
    paid = await world.paid(LATER_CARD)
    refund = await world.refund(payment_intent=paid.payment_intent.id)
    canceled = await world.client.v1.refunds.cancel_async(refund.id)
    with pytest.raises(stripe.InvalidRequestError, match=r"^(Request .*: )?Canceling this refund is unsupported\.$"):
        await world.client.v1.refunds.cancel_async(refund.id)

    assert "canceled" == canceled.status
    assert 0 == (await world.charge_of(refund)).amount_refunded


@pytest.mark.parametrize("first", ["pending", "requires_action"])
async def test_refunds_can_be_set_to_wait(world: World, first: str) -> None:
    await world.tell("settings", {"refunds_begin": first})
    paid = await world.paid()
    refund = await world.refund(payment_intent=paid.payment_intent.id, amount=100)
    other = await world.refund(payment_intent=paid.payment_intent.id, amount=200)
    settled = await world.tell(f"refunds/{refund.id}/succeed")
    failed = await world.tell(f"refunds/{other.id}/fail")
    again = await world.web.post(f"/_control/refunds/{refund.id}/succeed")

    assert (first, "succeeded", "failed") == (refund.status, settled["status"], failed["status"])
    assert settled["balance_transaction"].startswith("txn_")
    assert (first == "pending") == ("failure_balance_transaction" in failed)
    assert 100 == (await world.charge_of(refund)).amount_refunded
    assert (409, "the refund is succeeded") == (again.status_code, again.json()["detail"])


@pytest.mark.parametrize("kind", ["drop_after", "html_after", "status_after"])
async def test_a_refund_whose_answer_was_lost_is_made_once_by_its_key(world: World, kind: str) -> None:
    paid = await world.paid()
    await world.tell("faults/api", {"kind": kind, "path": "/v1/refunds"})
    with pytest.raises(stripe.StripeError):
        await world.refund(key="k", payment_intent=paid.payment_intent.id, amount=100)
    again = await world.raw(
        "POST",
        "/v1/refunds",
        data={"payment_intent": paid.payment_intent.id, "amount": "100"},
        headers={"Idempotency-Key": "k"},
    )
    refunds = (await world.client.v1.refunds.list_async()).data

    assert "true" == again.headers["idempotent-replayed"]
    assert [100] == [one.amount for one in refunds]


async def test_refunds_are_there_after_a_restart(restartable: WorldMaker) -> None:
    async with restartable() as first:
        paid = await first.paid(LATER_CARD)
        refund = await first.refund(key="k", payment_intent=paid.payment_intent.id)
        await first.quiet()
    async with restartable() as second:
        again = await second.refund(key="k", payment_intent=paid.payment_intent.id)
        settled = await second.tell(f"refunds/{refund.id}/succeed")

        assert (refund.id, "true") == (again.id, again.last_response.headers["idempotent-replayed"])
        assert (refund.id, "succeeded") == (settled["id"], settled["status"])


@pytest.mark.parametrize(("card", "status"), [(LATER_CARD, "succeeded"), (FAILING_CARD, "failed")])
async def test_the_bank_decides_by_itself_when_its_time_is_set(receiver: Receiver, card: str, status: str) -> None:
    async with open_world(receiver, async_delay_seconds=60) as world:
        paid = await world.paid(card)
        refund = await world.refund(payment_intent=paid.payment_intent.id)
        await world.tell("clock", {"advance_seconds": 61})

        assert status == (await world.client.v1.refunds.retrieve_async(refund.id)).status
