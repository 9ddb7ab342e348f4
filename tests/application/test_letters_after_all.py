"""What a letter had no reason to say at first is said once, as soon as it is true: no job that found nothing to say is the last one."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from application.ports.gateway import CheckoutCompleted, DisputeTold, RefundOrder, RefundTold
from application.ports.jobs import JobKind
from domain.audit import Cause
from domain.payment import PaymentStatus
from domain.returns import DisputeStage, Refund

if TYPE_CHECKING:
    from application.conftest import World

P = PaymentStatus


async def a_paid_session(world: "World") -> str:
    """The session of a payment that is paid, while its receipt and its letters are still to come."""
    await world.buy()
    (session_id,) = world.gateway.sessions
    return session_id


def subjects(world: "World") -> list[str]:
    """What the members were told, in order: a number of a receipt, or a refund."""
    return [letter.subject for letter in world.mailer.delivered]


async def test_a_year_whose_refund_failed_before_it_was_confirmed_is_confirmed_then(world: "World") -> None:
    session_id = await a_paid_session(world)
    refund = world.gateway.give_back(session_id)
    await world.deliver(RefundTold(refund))
    await world.work_for_an_hour()
    while_refunded = subjects(world)
    await world.deliver(RefundTold(world.gateway.fail_refund(refund.id)))
    await world.work_for_an_hour()

    assert ["refund"] == while_refunded
    assert ["refund", "2026-000001"] == subjects(world)
    assert (await world.check_access(world.member.user_id)).allowed


async def test_a_refund_that_failed_before_the_receipt_had_its_number_leaves_one_confirmation(world: "World") -> None:
    session_id = await a_paid_session(world)
    refund = world.gateway.give_back(session_id)
    for fact in (refund, world.gateway.fail_refund(refund.id)):
        await world.deliver(RefundTold(fact))
    await world.work_for_an_hour()

    assert ["2026-000001"] == subjects(world)


async def test_a_year_that_a_bank_gave_back_before_it_was_confirmed_is_confirmed_then(world: "World") -> None:
    session_id = await a_paid_session(world)
    dispute = world.gateway.dispute(session_id, DisputeStage.LOST)
    await world.deliver(DisputeTold(dispute))
    await world.work_for_an_hour()
    while_lost = subjects(world)
    await world.deliver(DisputeTold(world.gateway.dispute(session_id, DisputeStage.WON)))
    await world.work_for_an_hour()

    assert [] == while_lost
    assert ["2026-000001"] == subjects(world)


@pytest.mark.parametrize("times", [1, 3])
async def test_a_year_that_was_confirmed_is_not_confirmed_again_however_often_its_refunds_fail(
    world: "World", times: int
) -> None:
    session_id = await a_paid_session(world)
    await world.work_for_an_hour()
    for _ in range(times):
        refund = world.gateway.give_back(session_id)
        await world.deliver(RefundTold(refund))
        await world.work_for_an_hour()
        await world.deliver(RefundTold(world.gateway.fail_refund(refund.id)))
        await world.work_for_an_hour()

    assert ["2026-000001", "refund"] == subjects(world)
    assert P.SUCCEEDED is world.payment().status


@pytest.mark.parametrize("failures", [1, 2])
async def test_the_refund_that_stands_is_told_of_though_those_before_it_had_failed_untold(
    world: "World", failures: int
) -> None:
    session_id = await a_paid_session(world)
    await world.work_for_an_hour()
    for _ in range(failures):
        refund = world.gateway.give_back(session_id)
        await world.deliver(RefundTold(refund))
        await world.deliver(RefundTold(world.gateway.fail_refund(refund.id)))
        await world.work_for_an_hour()
    untold = subjects(world)
    await world.deliver(RefundTold(world.gateway.give_back(session_id)))
    await world.work_for_an_hour()

    assert ["2026-000001"] == untold
    assert ["2026-000001", "refund"] == subjects(world)


async def a_duplicate_that_is_none(world: "World") -> CheckoutCompleted:
    """A second payment, believed to be paid beside a year that went back soon after; and the event that tells that it was paid later."""
    first = world.gateway.pay((await world.start()).session_id)
    await world.deliver(CheckoutCompleted(first))
    world.clock.pass_time(timedelta(days=10))
    second = replace(first, id="cs_test_second", payment_intent_id="pi_second", paid_at=world.clock.now())
    world.gateway.sessions[second.id] = second
    await world.confirm(second, cause=Cause(why="its member came back"))
    world.clock.pass_time(timedelta(minutes=2))
    await world.deliver(RefundTold(world.gateway.give_back(first.id)))
    return CheckoutCompleted(replace(second, paid_at=world.clock.now()))


async def does_all(world: "World", kind: JobKind) -> None:
    """A worker does what is due of one kind, and nothing else."""
    for job in await world.store.jobs.claim(frozenset({kind}), limit=10, lease_seconds=60):
        await world.run(job)


async def test_a_year_that_was_taken_for_a_duplicate_when_it_was_to_be_confirmed_is_confirmed_then(
    world: "World",
) -> None:
    dated = await a_duplicate_that_is_none(world)
    await does_all(world, JobKind.ISSUE_RECEIPT)
    await does_all(world, JobKind.SEND_CONFIRMATION)
    while_duplicate = subjects(world)
    await world.deliver(dated)
    await world.work_for_an_hour()

    assert [] == while_duplicate
    assert ["refund", "2026-000002"] == sorted(subjects(world), reverse=True)
    assert (await world.check_access(world.member.user_id)).allowed


@pytest.mark.parametrize("in_hand", [True, False])
async def test_a_duplicate_that_is_just_going_back_buys_no_year_whatever_is_told_of_its_time_meanwhile(
    world: "World", monkeypatch: pytest.MonkeyPatch, in_hand: bool
) -> None:
    """Its event dates it after the time beside it had gone back, while its refund is on the way to the provider, or before."""
    dated = await a_duplicate_that_is_none(world)
    give_back = world.gateway.refund

    async def while_it_is_told(order: RefundOrder, *, key: str) -> Refund:
        await world.deliver(dated)
        return await give_back(order, key=key)

    if in_hand:
        monkeypatch.setattr(world.gateway, "refund", while_it_is_told)
    else:
        await world.deliver(dated)
    await world.work_for_an_hour()

    assert [P.REFUNDED, P.REFUNDED if in_hand else P.SUCCEEDED] == world.statuses()
    assert [False, in_hand] == [payment.duplicate for payment in world.store.payments()]
    assert in_hand != (await world.check_access(world.member.user_id)).allowed
    assert ["done"] == world.jobs(JobKind.REFUND_DUPLICATE)
