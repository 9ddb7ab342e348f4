"""A payment that is stored other than its facts say is derived anew by hand, and never by itself."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from application.ports.gateway import DisputeTold, RefundTold
from application.ports.jobs import JobKind
from builders import a_refund
from domain.payment import Payment, PaymentStatus
from domain.returns import DisputeStage
from domain.subscription import Subscription

if TYPE_CHECKING:
    from application.conftest import World

S = PaymentStatus


def stored_as(world: "World", payment: Payment, subscription: Subscription | None = None) -> None:
    """As a mistake of an earlier version left it."""
    values: list[tuple[type[Any], object, object]] = [(Payment, payment.id, payment)]  # Any: the classes are keys
    if subscription is not None:
        values.append((Subscription, subscription.user_id, subscription))
    for kind, key, value in values:
        world.store.rows[kind, key] = replace(world.store.rows[kind, key], value=value)


async def test_a_payment_that_does_not_follow_its_facts_is_derived_anew_by_hand(world: "World") -> None:
    bought = await world.buy()
    years = world.subscription()
    world.clock.pass_time(timedelta(days=10))
    await world.deliver(RefundTold(world.gateway.give_back(bought.checkout_session_id or "")))
    right = world.payment(), world.subscription()
    stored_as(world, bought, years)
    by_itself = await world.reconcile()
    left = world.payment()
    by_hand = await world.reconcile(whatever_the_age=True)
    again = await world.reconcile(whatever_the_age=True)

    assert ((), bought) == (by_itself.differences, left)
    (difference,) = by_hand.differences
    assert ("payment", str(bought.id), True) == (difference.what, difference.id, difference.repaired)
    assert difference.before.startswith("SUCCEEDED, 0 refunded, time from 2026-01-15")
    assert difference.after.startswith("REFUNDED, 30000 refunded, time from 2026-01-15")
    assert right == (world.payment(), world.subscription())
    assert ("SUCCEEDED", "REFUNDED", "derived anew from what went back") in world.moves()
    assert () == again.differences
    assert ["ready"] == world.jobs(JobKind.SEND_REFUND_NOTICE)


async def test_time_that_an_earlier_rule_took_for_a_part_is_given_back(world: "World") -> None:
    bought = await world.buy()
    years = world.subscription()
    dispute = world.gateway.dispute(bought.checkout_session_id or "", DisputeStage.LOST, amount_minor=100)
    await world.deliver(DisputeTold(dispute))
    taken = replace(years.periods[0], taken_back_at=dispute.lost_at, ends_at=years.periods[0].starts_at)
    stored_as(world, world.payment(), replace(years, periods=(taken,)))
    before = await world.check_access(world.member.user_id)
    run = await world.reconcile(whatever_the_age=True)
    after = await world.check_access(world.member.user_id)

    assert (False, True) == (before.allowed, after.allowed)
    assert years.periods == world.subscription().periods
    assert 1 == run.repaired
    assert ("SUCCEEDED", "SUCCEEDED", "derived anew from what went back") in world.moves()


@pytest.mark.parametrize("charges", [1, 3])
async def test_what_follows_its_facts_is_looked_at_and_left(world: "World", charges: int) -> None:
    bought = await world.buy()
    await world.deliver(RefundTold(world.gateway.give_back(bought.checkout_session_id or "", 100)))
    for number in range(1, charges):
        await world.deliver(RefundTold(a_refund(payment_intent_id=f"pi_foreign_{number}")))
    audit = list(world.store.audit)
    run = await world.reconcile(whatever_the_age=True)

    assert () == run.differences
    assert audit == world.store.audit
