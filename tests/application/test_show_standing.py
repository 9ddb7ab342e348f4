"""What a member is told about their fee is what a start would do."""

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from domain.money import Money
from domain.payment import PaymentStatus
from domain.subscription import SubscriptionStatus, year_after

if TYPE_CHECKING:
    from application.conftest import World


async def test_a_new_member_may_pay_and_buys_a_year_from_now(world: "World") -> None:
    standing = await world.show_standing(world.member)

    now = world.clock.now()
    assert SubscriptionStatus.NONE is standing.access.status
    assert (True, None, None) == (standing.may_pay, standing.renewal_opens_at, standing.unfinished)
    assert (now, year_after(now, ZoneInfo("Africa/Casablanca"))) == (standing.buys_from, standing.buys_until)
    assert standing.plan.prices[0] == standing.price


async def test_looking_changes_nothing(world: "World") -> None:
    await world.show_standing(world.member)

    assert {} == world.store.rows


async def test_an_open_checkout_is_told(world: "World") -> None:
    offered = await world.start()
    standing = await world.show_standing(world.member)

    assert offered.payment.id == (standing.unfinished.id if standing.unfinished else None)
    assert standing.may_pay


async def test_a_paid_member_may_pay_again_when_the_renewal_window_opens(world: "World") -> None:
    await world.buy()
    ends_at = world.subscription().periods[0].ends_at
    before = await world.show_standing(world.member)
    world.clock.pass_time(ends_at - timedelta(days=30) - world.clock.now())
    inside = await world.show_standing(world.member)

    assert (False, ends_at - timedelta(days=30)) == (before.may_pay, before.renewal_opens_at)
    assert (True, ends_at) == (inside.may_pay, inside.buys_from)


async def test_after_the_end_the_year_runs_from_the_payment_on(world: "World") -> None:
    await world.buy()
    world.clock.pass_time(timedelta(days=400))
    standing = await world.show_standing(world.member)

    assert SubscriptionStatus.EXPIRED is standing.access.status
    assert (True, world.clock.now()) == (standing.may_pay, standing.buys_from)


async def test_a_refused_currency_is_told_before_paying(world: "World") -> None:
    world.gateway.unchargeable.add("mad")
    offered = await world.start()
    await world.cancel(world.member.user_id, offered.payment.id)
    standing = await world.show_standing(world.member)

    assert Money(3000, "usd") == standing.price
    assert PaymentStatus.CANCELLED is world.payment(offered.payment.id).status


async def test_money_that_no_event_told_of_is_found_by_looking(world: "World") -> None:
    offered = await world.start()
    world.gateway.pay(offered.session_id)
    standing = await world.show_standing(world.member)

    assert SubscriptionStatus.ACTIVE is standing.access.status
    assert (None, False, True) == (standing.unfinished, standing.may_pay, standing.certain)


async def test_a_checkout_that_ended_is_no_longer_told_as_open(world: "World") -> None:
    offered = await world.start()
    world.gateway.run_out(offered.session_id)

    assert (await world.show_standing(world.member)).unfinished is None


async def test_while_the_provider_is_away_it_is_not_certain_that_nothing_was_paid(world: "World") -> None:
    await world.start()
    world.gateway.fail_next("checkout")

    assert not (await world.show_standing(world.member)).certain
