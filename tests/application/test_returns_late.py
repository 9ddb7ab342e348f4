"""What went back is told at awkward moments: after an appeal, into a confirmation, or by the charge alone."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from application.ports.gateway import ChargeRefunded, CheckoutCompleted, DisputeTold, RefundTold
from domain.audit import Cause
from domain.payment import Figures, PaymentStatus
from domain.returns import DisputeStage, DisputeStatus, RefundStatus
from domain.subscription import SubscriptionStatus

if TYPE_CHECKING:
    from application.conftest import World

P = PaymentStatus
S = SubscriptionStatus


async def test_a_dispute_that_is_lost_again_after_an_appeal_takes_the_time_again(world: "World") -> None:
    payment = await world.buy()
    session_id = payment.checkout_session_id or ""
    lost = world.gateway.dispute(session_id, DisputeStage.LOST)
    await world.deliver(DisputeTold(lost))
    await world.deliver(DisputeTold(world.gateway.dispute(session_id, DisputeStage.APPEALED)))
    during = world.payment().dispute
    await world.deliver(DisputeTold(world.gateway.dispute(session_id, DisputeStage.LOST)))
    world.clock.pass_time(timedelta(minutes=1))
    await world.work()

    assert DisputeStatus.OPEN is during
    assert DisputeStatus.LOST is world.payment().dispute
    assert S.CANCELLED is world.subscription().status


@pytest.mark.parametrize(
    "stages",
    [[DisputeStage.OPEN], [DisputeStage.OPEN, DisputeStage.LOST, DisputeStage.APPEALED]],
    ids=["at once", "on appeal"],
)
async def test_a_dispute_that_is_won_leaves_the_payment_and_its_year_as_they_were(
    world: "World", stages: list[DisputeStage]
) -> None:
    payment = await world.buy()
    year = world.subscription().periods
    access = []
    for stage in (*stages, DisputeStage.WON):
        world.clock.pass_time(timedelta(days=20))
        told = world.gateway.dispute(payment.checkout_session_id or "", stage)
        await world.deliver(DisputeTold(told))
        access.append((stage, (await world.check_access(world.member.user_id)).allowed))
    await world.work_for_an_hour()

    assert [(stage, stage is not DisputeStage.LOST) for stage in (*stages, DisputeStage.WON)] == access
    assert (P.SUCCEEDED, 0, DisputeStatus.WON) == (
        world.payment().status,
        world.payment().refunded_minor,
        world.payment().dispute,
    )
    assert [(one.starts_at, one.ends_at) for one in year] == [
        (one.starts_at, one.ends_at) for one in world.subscription().periods
    ]
    assert S.ACTIVE is world.subscription().status
    assert {} == world.gateway.refunds


async def test_the_loss_before_an_appeal_told_late_changes_nothing(world: "World") -> None:
    payment = await world.buy()
    session_id = payment.checkout_session_id or ""
    lost = world.gateway.dispute(session_id, DisputeStage.LOST)
    await world.deliver(DisputeTold(world.gateway.dispute(session_id, DisputeStage.APPEALED)))
    await world.deliver(DisputeTold(lost))
    world.clock.pass_time(timedelta(minutes=1))
    await world.work()

    assert DisputeStatus.OPEN is world.payment().dispute
    assert S.ACTIVE is world.subscription().status


async def test_a_refund_that_failed_hides_no_later_one_that_only_the_charge_tells_of(world: "World") -> None:
    payment = await world.buy()
    session_id = payment.checkout_session_id or ""
    refund = world.gateway.give_back(session_id)
    await world.deliver(RefundTold(refund))
    await world.deliver(RefundTold(world.gateway.fail_refund(refund.id)))
    world.gateway.give_back(session_id)
    await world.deliver(ChargeRefunded(payment.payment_intent_id or "", 30000, "mad"))
    world.clock.pass_time(timedelta(minutes=1))
    await world.work()

    assert P.REFUNDED is world.payment().status


@pytest.mark.parametrize("status", [RefundStatus.SUCCEEDED, RefundStatus.FAILED])
async def test_a_fact_that_falls_into_the_confirmation_of_its_payment_counts_a_minute_later(
    world: "World", status: RefundStatus
) -> None:
    """Also where an earlier fact about the same refund was looked at before."""
    session = await world.paid_session()
    refund = world.gateway.give_back(session.id)
    await world.deliver(RefundTold(replace(refund, status=RefundStatus.PENDING)))
    world.clock.pass_time(timedelta(seconds=90))
    await world.work()
    world.gateway.refunds[refund.id] = replace(refund, status=status)
    async with world.begin() as work:
        await world.confirm.within(work, session, at=world.clock.now(), cause=Cause(why="paid"))
        await world.deliver(RefundTold(replace(refund, status=status)))
        await work.commit()
    world.clock.pass_time(timedelta(seconds=90))
    await world.work()

    assert (P.REFUNDED if status is RefundStatus.SUCCEEDED else P.SUCCEEDED) is world.payment().status


async def test_a_refunded_charge_that_falls_into_the_confirmation_of_its_payment_counts_too(world: "World") -> None:
    session = await world.paid_session()
    refund = world.gateway.give_back(session.id)
    async with world.begin() as work:
        await world.confirm.within(work, session, at=world.clock.now(), cause=Cause(why="paid"))
        await world.deliver(ChargeRefunded(refund.payment_intent_id, 30000, "mad", (refund,)))
        await work.commit()
    world.clock.pass_time(timedelta(seconds=90))
    await world.work()

    assert P.REFUNDED is world.payment().status


async def test_money_under_review_that_had_gone_back_before_it_was_heard_of_is_refunded_at_once(world: "World") -> None:
    session = world.gateway.pay((await world.start()).session_id, Figures(29999, "mad"))
    await world.deliver(RefundTold(world.gateway.give_back(session.id)))
    await world.deliver(CheckoutCompleted(session))

    assert P.REFUNDED is world.payment().status
    assert [("PENDING", "REVIEW"), ("REVIEW", "REFUNDED")] == [move[:2] for move in world.moves()[1:]]


async def test_what_a_charge_listed_stays_known_when_something_else_is_told_of_it(world: "World") -> None:
    payment = await world.buy()
    refund = world.gateway.give_back(payment.checkout_session_id or "", 12000)
    await world.deliver(ChargeRefunded(refund.payment_intent_id, 12000, "mad", (refund,)))
    await world.deliver(DisputeTold(world.gateway.dispute(payment.checkout_session_id or "", DisputeStage.INQUIRY)))

    assert (P.PARTIALLY_REFUNDED, 12000) == (world.payment().status, world.payment().refunded_minor)
