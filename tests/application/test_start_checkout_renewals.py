"""A member who has paid already, or is just paying: when a new checkout is refused and when it extends."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from application.ports.gateway import CheckoutCompleted
from domain.errors import AlreadySubscribed, PaymentInProgress
from domain.payment import PaymentStatus
from domain.subscription import SubscriptionStatus

if TYPE_CHECKING:
    from application.conftest import World


async def test_a_start_beside_paid_time_is_refused_with_both_dates(world: "World") -> None:
    """The seed's edge case: the user already has an active subscription."""
    await world.buy()
    with pytest.raises(AlreadySubscribed) as refused:
        await world.start()

    period = world.subscription().periods[0]
    assert period.ends_at == refused.value.current_period_end
    assert period.ends_at == refused.value.paid_until
    assert period.ends_at - timedelta(days=30) == refused.value.renewal_opens_at
    assert [PaymentStatus.SUCCEEDED] == world.statuses()


async def test_the_renewal_window_opens_to_the_second(world: "World") -> None:
    await world.buy()
    opens_at = world.subscription().periods[0].ends_at - timedelta(days=30)
    world.clock.pass_time(opens_at - world.clock.now() - timedelta(seconds=1))
    with pytest.raises(AlreadySubscribed):
        await world.start()
    world.clock.pass_time(timedelta(seconds=1))
    offered = await world.start()

    assert offered.payment.renewal


async def test_paying_inside_the_renewal_window_extends_the_paid_time(world: "World") -> None:
    await world.buy()
    world.clock.pass_time(timedelta(days=340))
    await world.buy()

    first, second = world.subscription().periods
    assert first.ends_at == second.starts_at
    with pytest.raises(AlreadySubscribed) as refused:
        await world.start()
    assert first.ends_at == refused.value.current_period_end
    assert second.ends_at == refused.value.paid_until


async def test_after_the_paid_time_a_start_is_no_renewal_and_buys_from_the_payment_on(world: "World") -> None:
    await world.buy()
    world.clock.pass_time(timedelta(days=400))
    payment = await world.buy()

    assert not payment.renewal
    assert world.clock.now() == world.subscription().periods[1].starts_at
    assert SubscriptionStatus.ACTIVE is (await world.check_access(world.member.user_id)).status


async def test_a_delayed_payment_that_is_being_processed_refuses_a_second_one(world: "World") -> None:
    offered = await world.start()
    await world.deliver(CheckoutCompleted(world.gateway.pay_later(offered.session_id)))
    with pytest.raises(PaymentInProgress):
        await world.start()

    assert [PaymentStatus.PROCESSING] == world.statuses()
    assert 1 == len(world.gateway.sessions)


async def test_paying_after_a_lapse_leaves_both_changes_in_the_audit(world: "World") -> None:
    await world.buy()
    world.clock.pass_time(timedelta(days=400))
    await world.buy()

    assert [
        (None, "NONE", "ACTIVE"),
        ("the paid time has ended", "ACTIVE", "EXPIRED"),
        (None, "EXPIRED", "ACTIVE"),
    ] == [
        (why if why.startswith("the paid") else None, before, after)
        for before, after, why in world.moves("subscription")
    ]


async def test_a_renewal_in_time_is_no_change_of_state(world: "World") -> None:
    await world.buy()
    world.clock.pass_time(timedelta(days=340))
    await world.buy()

    assert [("NONE", "ACTIVE")] == [move[:2] for move in world.moves("subscription")]
