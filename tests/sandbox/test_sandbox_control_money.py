"""Tests and developers move money back through the control API; what they did outlives a restart."""

import pytest

from sandbox.conftest import WorldMaker
from sandbox.sandbox_world import World


async def test_a_chargeback_overtakes_a_refund_that_was_not_paid_out_yet(world: World) -> None:
    paid = await world.paid()
    refund = await world.tell(f"payments/{paid.id}/refund", {"status": "pending", "amount": 10000})
    dispute = await world.tell(f"payments/{paid.payment_intent.id}/dispute", {"reason": "product_not_received"})
    failed = await world.client.v1.refunds.retrieve_async(refund["id"])

    assert 20000 == dispute["amount"]
    assert ("failed", "charge_for_pending_refund_disputed") == (failed.status, failed.failure_reason)


@pytest.mark.parametrize(
    ("path", "told", "status"),
    [
        ("payments/{paid}/refund", {"amount": 0}, 400),
        ("payments/{paid}/refund", {"amount": 30001}, 409),
        ("payments/{paid}/refund", {"sum": 1}, 400),
        ("payments/{open}/refund", {}, 404),
        ("payments/cs_x/dispute", {}, 404),
        ("payments/{paid}/dispute", {"amount": 30001}, 400),
        ("payments/{paid}/dispute", {"reason": "bored"}, 400),
        ("refunds/re_x/fail", {}, 404),
        ("disputes/du_x/win", {}, 404),
    ],
)
async def test_the_control_api_says_what_money_it_cannot_move(
    world: World, path: str, told: dict[str, object], status: int
) -> None:
    names = {"paid": (await world.paid()).id, "open": (await world.session()).id}
    answer = await world.web.post(f"/_control/{path.format(**names)}", json=told)

    assert status == answer.status_code
    assert answer.json()["detail"]
    assert [] == await world.told_of("refund.*", "charge.dispute.*")


async def test_disputes_are_there_after_a_restart(restartable: WorldMaker) -> None:
    async with restartable() as first:
        _, dispute = await first.disputed()
    async with restartable() as second:
        won = await second.tell(f"disputes/{dispute.id}/win")

        assert "won" == won["status"]
        assert "won" == (await second.client.v1.disputes.retrieve_async(dispute.id)).status
