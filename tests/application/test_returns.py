"""Refunds and disputes are told of before, after and beside the payment, and all ends where the facts are."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from application.ports.gateway import (
    ChargeRefunded,
    CheckoutCompleted,
    DisputeTold,
    ProviderFact,
    RefundTold,
)
from application.ports.jobs import JobKind
from application.receive_event import Outcome
from builders import a_dispute, a_refund
from domain.member import UserType
from domain.payment import PaymentStatus
from domain.returns import DisputeStage, DisputeStatus, RefundStatus
from domain.subscription import SubscriptionStatus

if TYPE_CHECKING:
    from application.conftest import World

P = PaymentStatus
S = SubscriptionStatus
DAY = timedelta(days=1)

Ending = tuple[PaymentStatus, int, DisputeStatus | None, SubscriptionStatus, tuple[tuple[datetime, datetime], ...], int]


def ending(world: "World") -> Ending:
    """Where the only payment and the only subscription are: status, refunded, dispute, word, years and receipt jobs."""
    payment, subscription = world.payment(), world.subscription()
    years = tuple((period.starts_at, period.ends_at) for period in subscription.periods)
    receipts = len(world.jobs(JobKind.ISSUE_RECEIPT))
    return payment.status, payment.refunded_minor, payment.dispute, subscription.status, years, receipts


async def test_every_order_of_a_payment_and_what_went_back_of_it_ends_alike(new_world: "type[World]") -> None:
    endings: set[Ending] = set()
    for order in permutations(range(5)):
        world = new_world()
        session = await world.paid_session()
        world.clock.pass_time(DAY)
        refund = world.gateway.give_back(session.id, 10000)
        dispute = world.gateway.dispute(session.id)
        lost = world.gateway.dispute(session.id, DisputeStage.LOST, created_at=dispute.created_at)
        facts: list[ProviderFact] = [
            CheckoutCompleted(session),
            RefundTold(replace(refund, status=RefundStatus.PENDING)),
            RefundTold(refund),
            DisputeTold(dispute),
            DisputeTold(lost),
        ]
        for at in (*order, *order):
            await world.deliver(facts[at])
        endings.add(ending(world))

    assert [(P.PARTIALLY_REFUNDED, 10000, DisputeStatus.LOST, S.CANCELLED, 1)] == [
        (status, refunded, dispute, word, receipts) for status, refunded, dispute, word, _, receipts in endings
    ]


async def test_every_order_of_a_refund_that_fails_ends_as_if_it_had_never_been(new_world: "type[World]") -> None:
    for order in permutations(range(3)):
        world = new_world()
        session = await world.paid_session()
        refund = world.gateway.give_back(session.id)
        failed = world.gateway.fail_refund(refund.id)
        facts: list[ProviderFact] = [CheckoutCompleted(session), RefundTold(refund), RefundTold(failed)]
        for at in order:
            await world.deliver(facts[at])

        assert (P.SUCCEEDED, 0, None, S.ACTIVE) == ending(world)[:4]
        assert (await world.check_access(world.member.user_id)).allowed


async def test_a_full_refund_ends_the_time_it_bought_and_the_member_is_told_once(world: "World") -> None:
    payment = await world.buy()
    await world.work()
    world.clock.pass_time(10 * DAY)
    refund = world.gateway.give_back(payment.checkout_session_id or "")
    for _ in range(2):
        await world.deliver(RefundTold(refund))
    await world.work()

    assert (P.REFUNDED, 30000, None, S.CANCELLED) == ending(world)[:4]
    assert not (await world.check_access(world.member.user_id)).allowed
    assert ("SUCCEEDED", "REFUNDED", "checkout.session.completed") in world.moves()
    assert ("ACTIVE", "CANCELLED", "checkout.session.completed") in world.moves("subscription")
    assert 1 == [letter.subject for letter in world.mailer.delivered].count("refund")


async def test_a_refund_that_fails_after_it_had_succeeded_gives_the_time_back(world: "World") -> None:
    payment = await world.buy()
    before = ending(world)
    world.clock.pass_time(10 * DAY)
    refund = world.gateway.give_back(payment.checkout_session_id or "")
    await world.deliver(RefundTold(refund))
    world.clock.pass_time(5 * DAY)
    await world.deliver(RefundTold(world.gateway.fail_refund(refund.id)))

    assert before == ending(world)
    assert ("CANCELLED", "ACTIVE", "checkout.session.completed") in world.moves("subscription")


async def test_a_member_whose_year_was_refunded_can_buy_again(world: "World") -> None:
    payment = await world.buy()
    world.clock.pass_time(DAY)
    await world.deliver(RefundTold(world.gateway.give_back(payment.checkout_session_id or "")))
    again = await world.buy()

    assert P.SUCCEEDED is again.status
    assert not again.duplicate
    assert (await world.check_access(world.member.user_id)).allowed


async def test_a_renewal_moves_up_when_the_year_before_it_is_refunded(world: "World") -> None:
    first = await world.buy()
    world.clock.pass_time(345 * DAY)
    await world.buy()
    world.clock.pass_time(DAY)
    moment = world.clock.now()
    await world.deliver(RefundTold(world.gateway.give_back(first.checkout_session_id or "")))
    access = await world.check_access(world.member.user_id)

    assert access.period is not None
    assert moment == access.period.starts_at
    assert moment.replace(year=moment.year + 1) == access.period.ends_at == access.paid_until


async def test_a_lost_dispute_of_a_renewal_takes_that_year_and_no_other(world: "World") -> None:
    await world.buy()
    first_year = world.subscription().periods[0]
    world.clock.pass_time(345 * DAY)
    renewal = await world.buy()
    await world.deliver(DisputeTold(world.gateway.dispute(renewal.checkout_session_id or "")))
    open_dispute = world.payment(renewal.id).dispute
    await world.deliver(DisputeTold(world.gateway.dispute(renewal.checkout_session_id or "", DisputeStage.LOST)))

    assert DisputeStatus.OPEN is open_dispute
    assert DisputeStatus.LOST is world.payment(renewal.id).dispute
    assert P.SUCCEEDED is world.payment(renewal.id).status
    assert first_year == world.subscription().periods[0]
    assert world.subscription().periods[1].is_empty


async def test_a_lost_dispute_about_a_part_leaves_the_year_until_the_rest_went_back_too(world: "World") -> None:
    payment = await world.buy()
    session_id = payment.checkout_session_id or ""
    await world.deliver(DisputeTold(world.gateway.dispute(session_id, DisputeStage.LOST, amount_minor=10000)))
    part = ending(world)
    allowed = (await world.check_access(world.member.user_id)).allowed
    await world.deliver(RefundTold(world.gateway.give_back(session_id, 20000)))

    assert (P.SUCCEEDED, 0, DisputeStatus.LOST, S.ACTIVE) == part[:4]
    assert allowed
    assert (P.PARTIALLY_REFUNDED, 20000, DisputeStatus.LOST, S.CANCELLED) == ending(world)[:4]
    assert not (await world.check_access(world.member.user_id)).allowed


async def test_every_order_of_a_part_refunded_in_the_dashboard_and_its_failure_ends_alike(
    new_world: "type[World]",
) -> None:
    for order in permutations(range(4)):
        world = new_world()
        session = await world.paid_session()
        refund = world.gateway.give_back(session.id, 12000)
        facts: list[ProviderFact] = [
            CheckoutCompleted(session),
            RefundTold(refund),
            ChargeRefunded(refund.payment_intent_id, 12000, "mad", (refund,)),
            RefundTold(world.gateway.fail_refund(refund.id)),
        ]
        for at in order:
            await world.deliver(facts[at])

        assert (P.SUCCEEDED, 0, None, S.ACTIVE) == ending(world)[:4]
        assert [] == world.jobs(JobKind.SEND_REFUND_NOTICE)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_the_plan_is_that_of_the_newest_year_that_was_not_taken_back_whole(
    world: "World", order: tuple[int, int]
) -> None:
    """A talent renews as a professional; both years are given back, in either order."""
    years = [await world.buy()]
    world.clock.pass_time(345 * DAY)
    years.append(await world.buy(replace(world.member, user_type=UserType.PROFESSIONAL)))
    plans = []
    for at in order:
        await world.deliver(RefundTold(world.gateway.give_back(years[at].checkout_session_id or "")))
        plans.append(world.subscription().plan)

    assert [years[1 - order[0]].plan, years[0].plan] == plans
    assert S.CANCELLED is world.subscription().status


async def test_an_inquiry_is_a_fact_and_no_dispute(world: "World") -> None:
    payment = await world.buy()
    receipt = await world.deliver(
        DisputeTold(world.gateway.dispute(payment.checkout_session_id or "", DisputeStage.INQUIRY))
    )

    assert Outcome.HANDLED is receipt.outcome
    assert world.payment().dispute is None
    assert [DisputeStage.INQUIRY] == [dispute.stage for dispute in world.store.disputes()]


async def test_a_refund_of_a_charge_that_is_none_of_ours_changes_nothing(world: "World") -> None:
    await world.buy()
    before = ending(world)
    receipt = await world.deliver(RefundTold(a_refund(payment_intent_id="pi_foreign")))
    world.clock.pass_time(timedelta(hours=1))
    await world.work()

    assert Outcome.IGNORED is receipt.outcome
    assert before == ending(world)
    assert 0 == world.gateway.calls["returns_of"]
    assert ["done"] == world.jobs(JobKind.COLLECT_RETURNS)


async def test_a_refunded_charge_that_no_refund_explains_is_asked_about(world: "World") -> None:
    payment = await world.buy()
    world.gateway.give_back(payment.checkout_session_id or "", 12000)
    charge = ChargeRefunded(payment.payment_intent_id or "", 12000, "mad")
    await world.deliver(charge)
    await world.deliver(charge)
    world.clock.pass_time(timedelta(minutes=1))
    await world.work()

    assert (P.PARTIALLY_REFUNDED, 12000) == ending(world)[:2]
    assert 1 == world.gateway.calls["returns_of"]


async def test_a_refunded_charge_that_lists_its_refunds_needs_no_question(world: "World") -> None:
    payment = await world.buy()
    refund = world.gateway.give_back(payment.checkout_session_id or "", 12000)
    await world.deliver(ChargeRefunded(refund.payment_intent_id, 12000, "mad", (refund,)))

    assert (P.PARTIALLY_REFUNDED, 12000) == ending(world)[:2]
    assert [] == world.jobs(JobKind.COLLECT_RETURNS)


async def test_more_refunds_than_money_never_count_for_more_than_was_paid(
    world: "World", caplog: pytest.LogCaptureFixture
) -> None:
    payment = await world.buy()
    for number in range(2):
        await world.deliver(RefundTold(a_refund(id=f"re_{number}", payment_intent_id=payment.payment_intent_id)))

    assert (P.REFUNDED, 30000) == ending(world)[:2]
    assert "more went back" in caplog.text


async def test_a_payment_that_was_given_back_before_it_was_heard_of_is_not_confirmed_by_mail(world: "World") -> None:
    session = await world.paid_session()
    await world.deliver(RefundTold(world.gateway.give_back(session.id)))
    await world.deliver(CheckoutCompleted(session))
    for _ in range(3):
        world.clock.pass_time(timedelta(minutes=2))
        await world.work()

    assert (P.REFUNDED, 30000, None, S.CANCELLED) == ending(world)[:4]
    assert [("PENDING", "SUCCEEDED"), ("SUCCEEDED", "REFUNDED")] == [move[:2] for move in world.moves()[1:]]
    assert ["refund"] == [letter.subject for letter in world.mailer.delivered]


async def test_a_dispute_that_is_known_twice_over_is_read_from_the_facts_alone(world: "World") -> None:
    payment = await world.buy()
    won = a_dispute(payment_intent_id=payment.payment_intent_id, stage=DisputeStage.WON)
    await world.deliver(DisputeTold(won))
    await world.deliver(DisputeTold(replace(won, stage=DisputeStage.OPEN)))

    assert DisputeStatus.WON is world.payment().dispute
    assert S.ACTIVE is world.subscription().status
