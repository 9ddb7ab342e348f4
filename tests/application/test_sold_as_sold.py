"""What was sold stays what it was, whoever the member has become while the checkout was open."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from application.ports.gateway import CheckoutCompleted, CheckoutExpired, DisputeTold
from builders import a_member
from domain.catalogue import PlanId
from domain.member import UserType
from domain.money import Money
from domain.payment import PaymentStatus
from domain.returns import DisputeStage, DisputeStatus
from domain.subscription import SubscriptionStatus

if TYPE_CHECKING:
    from application.conftest import World


async def test_a_member_whose_user_type_changed_before_the_money_came_has_bought_what_was_sold(world: "World") -> None:
    """A talent opens a checkout, becomes a professional on the platform, and pays in the old tab."""
    offered = await world.start()
    professional = a_member(user_id=world.member.user_id, user_type=UserType.PROFESSIONAL)
    await world.deliver(CheckoutCompleted(world.gateway.pay(offered.session_id)))
    payment, access = world.payment(), await world.check_access(professional.user_id)

    assert (PaymentStatus.SUCCEEDED, UserType.TALENT) == (payment.status, payment.user_type)
    assert Money(30000, "mad") == payment.amount
    assert (UserType.TALENT, PlanId("talent_membership")) == (access.subscription.user_type, access.subscription.plan)
    assert access.allowed


async def test_the_old_checkout_of_a_member_whose_user_type_changed_cannot_be_paid_beside_the_new_one(
    world: "World",
) -> None:
    old = await world.start()
    new = await world.start(a_member(user_id=world.member.user_id, user_type=UserType.PROFESSIONAL))
    await world.deliver(CheckoutCompleted(world.gateway.pay(new.session_id)))
    access = await world.check_access(world.member.user_id)

    assert [] == world.payable_sessions()
    assert world.gateway.sessions[old.session_id].url is None
    assert (UserType.PROFESSIONAL, Money(150000, "mad")) == (access.subscription.user_type, new.payment.amount)


@pytest.mark.parametrize("milliseconds", [-10, 0, 10])
@pytest.mark.parametrize("paid", [True, False], ids=["paid", "run out"])
@pytest.mark.parametrize("told_first", [True, False], ids=["the event first", "the reconciliation first"])
async def test_at_the_very_end_of_a_checkout_what_the_provider_says_counts_and_not_our_clock(
    world: "World", milliseconds: int, paid: bool, told_first: bool
) -> None:
    offered = await world.start()
    ends_at = world.gateway.sessions[offered.session_id].expires_at
    assert ends_at is not None
    world.clock.pass_time(ends_at - world.clock.now() + timedelta(milliseconds=milliseconds))
    session = world.gateway.pay(offered.session_id) if paid else world.gateway.run_out(offered.session_id)
    fact = CheckoutCompleted(session) if paid else CheckoutExpired(session)
    if told_first:
        await world.deliver(fact)
    await world.reconcile(whatever_the_age=True)
    after_one = world.statuses()
    await world.deliver(fact)

    assert [PaymentStatus.SUCCEEDED if paid else PaymentStatus.EXPIRED] == world.statuses() == after_one
    assert int(paid) == len(world.store.subscriptions())


@pytest.mark.parametrize(
    ("stages", "dispute", "allowed"),
    [
        ([DisputeStage.OPEN], DisputeStatus.OPEN, True),
        ([DisputeStage.OPEN, DisputeStage.WON], DisputeStatus.WON, True),
        ([DisputeStage.WON, DisputeStage.OPEN], DisputeStatus.WON, True),
        ([DisputeStage.OPEN, DisputeStage.LOST], DisputeStatus.LOST, False),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else str(value),
)
async def test_a_dispute_takes_time_only_when_it_is_lost(
    world: "World", stages: list[DisputeStage], dispute: DisputeStatus, allowed: bool
) -> None:
    payment = await world.buy()
    year = world.subscription().periods
    (session_id,) = world.gateway.sessions
    world.clock.pass_time(timedelta(days=1))
    for stage in stages:
        await world.deliver(DisputeTold(world.gateway.dispute(session_id, stage)))
        world.clock.pass_time(timedelta(days=1))
    access = await world.check_access(world.member.user_id)

    assert (PaymentStatus.SUCCEEDED, 0) == (world.payment(payment.id).status, world.payment(payment.id).refunded_minor)
    assert dispute is world.payment(payment.id).dispute
    assert allowed is access.allowed
    assert allowed is (SubscriptionStatus.ACTIVE is access.status)
    assert allowed is (year == world.subscription().periods)
