"""When the provider keeps failing, forgets or refuses: a new attempt, and never a second session that could be paid."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from application.errors import CustomerUnknown, ProviderRefused, ProviderUnavailable
from application.ports.gateway import CheckoutCompleted, CheckoutExpired
from builders import a_catalogue, a_member
from domain.checkout import FAILURES_MAX, FRESH
from domain.errors import AlreadySubscribed
from domain.payment import PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World

SERVER_ERROR = ProviderUnavailable("500", answered=True)
DAY = timedelta(hours=25)


async def fail_starts(world: "World", call: str, times: int, *, after_effect: bool = False) -> None:
    """Let starts fail because the provider answers a call with an error of its own, which it replays under the same key."""
    for _ in range(times):
        world.gateway.fail_next(call, SERVER_ERROR, after_effect=after_effect)
        with pytest.raises(ProviderUnavailable):
            await world.start()


async def start_twice(world: "World") -> str:
    """Start, and come back once when asked to."""
    try:
        return (await world.start()).session_id
    except ProviderUnavailable:
        return (await world.start()).session_id


async def test_after_replayed_errors_a_new_attempt_goes_out_under_a_new_key(world: "World") -> None:
    await fail_starts(world, "open_checkout", FAILURES_MAX)
    offered = await start_twice(world)

    (checkout,) = world.store.checkouts()
    assert 2 == checkout.attempt
    assert 1 == world.gateway.calls["find_checkout"]
    assert [offered] == [session.id for session in world.payable_sessions()]
    assert [PaymentStatus.PENDING] == world.statuses()


async def test_fewer_errors_keep_the_key(world: "World") -> None:
    await fail_starts(world, "open_checkout", FAILURES_MAX - 1)
    await world.start()

    (checkout,) = world.store.checkouts()
    assert 1 == checkout.attempt


async def test_a_session_that_was_opened_behind_the_errors_is_found_and_offered(world: "World") -> None:
    await fail_starts(world, "open_checkout", FAILURES_MAX, after_effect=True)
    offered = await world.start()

    assert 1 == len(world.gateway.sessions)
    assert offered.session_id == world.payment().checkout_session_id
    assert FAILURES_MAX == world.gateway.calls["open_checkout"]


async def test_a_customer_whose_making_is_answered_with_replayed_errors_is_made_under_a_new_key(
    world: "World",
) -> None:
    """Otherwise the member would be shut out until the provider forgets the key, a day later."""
    await fail_starts(world, "create_customer", FAILURES_MAX)
    offered = await start_twice(world)

    (customer,) = world.customers()
    assert 2 == customer.attempt
    assert 1 == len(world.gateway.customers)
    assert [offered] == [session.id for session in world.payable_sessions()]


async def test_a_customer_that_was_made_behind_the_errors_is_found(world: "World") -> None:
    await fail_starts(world, "create_customer", FAILURES_MAX, after_effect=True)
    await start_twice(world)

    assert 1 == len(world.gateway.customers)


async def test_a_request_of_yesterday_makes_no_second_session(world: "World") -> None:
    world.gateway.fail_next("open_checkout", after_effect=True)
    with pytest.raises(ProviderUnavailable):
        await world.start()
    world.clock.pass_time(DAY)
    world.gateway.run_out("cs_test_1")
    offered = await world.start()

    assert [PaymentStatus.EXPIRED, PaymentStatus.PENDING] == world.statuses()
    assert [offered.session_id] == [session.id for session in world.payable_sessions()]
    assert 2 == len(world.gateway.sessions)


async def test_a_session_of_yesterday_that_is_still_open_is_closed_before_a_new_one_is_opened(world: "World") -> None:
    world.gateway.fail_next("open_checkout", after_effect=True)
    with pytest.raises(ProviderUnavailable):
        await world.start()
    world.clock.pass_time(DAY)
    offered = await world.start()

    assert [offered.session_id] == [session.id for session in world.payable_sessions()]


async def test_a_stale_request_that_the_provider_refuses_for_its_age_is_made_anew(world: "World") -> None:
    world.gateway.fail_next("open_checkout")
    with pytest.raises(ProviderUnavailable):
        await world.start()
    world.clock.pass_time(DAY)
    world.gateway.fail_next("open_checkout", ProviderRefused("expires_at is in the past"))
    offered = await world.start()

    assert [PaymentStatus.PENDING] == world.statuses()
    assert world.clock.now() + timedelta(hours=1) == offered.expires_at
    assert [offered.session_id] == [session.id for session in world.payable_sessions()]


@pytest.mark.parametrize(
    "refusal", [ProviderRefused("expires_at is in the past"), CustomerUnknown("No such customer: cus_1")]
)
async def test_two_who_fail_together_at_one_attempt_make_one_new_attempt(
    world: "World", refusal: ProviderRefused
) -> None:
    """Clocks differ by more than a claim lasts, so that both believe that the attempt is theirs."""
    world.gateway.fail_next("open_checkout")
    with pytest.raises(ProviderUnavailable):
        await world.start()
    world.clock.pass_time(DAY)
    [payment] = world.store.payments()
    plan = a_catalogue().plan_for(world.member.user_type)
    world.gateway.fail_next("open_checkout", refusal)
    world.gateway.fail_next("open_checkout", refusal)
    await asyncio.gather(*(world.open_checkout(payment, plan, world.member) for _ in range(2)))
    await world.start()

    assert 4 == world.gateway.calls["open_checkout"]
    assert [2] == [checkout.attempt for checkout in world.store.checkouts()]
    assert 1 == len(world.payable_sessions())


async def test_a_stale_request_looks_for_its_session_first(world: "World") -> None:
    world.gateway.fail_next("open_checkout", after_effect=True)
    with pytest.raises(ProviderUnavailable):
        await world.start()
    world.clock.pass_time(FRESH + timedelta(seconds=1))
    await world.start()

    assert 1 == world.gateway.calls["find_checkout"]
    assert 1 == world.gateway.calls["open_checkout"]
    assert 1 == len(world.gateway.sessions)


async def test_a_session_of_yesterday_that_was_paid_unheard_counts(world: "World") -> None:
    """The process died after opening it, and the event was lost too."""
    world.gateway.fail_next("open_checkout", after_effect=True)
    with pytest.raises(ProviderUnavailable):
        await world.start()
    world.gateway.pay("cs_test_1")
    world.clock.pass_time(FRESH + timedelta(seconds=1))
    with pytest.raises(AlreadySubscribed):
        await world.start()

    assert [PaymentStatus.SUCCEEDED] == world.statuses()
    assert 1 == len(world.subscription().periods)


async def test_a_session_that_ended_before_its_opening_was_noted_frees_the_member(world: "World") -> None:
    world.gateway.fail_next("open_checkout", after_effect=True)
    with pytest.raises(ProviderUnavailable):
        await world.start()
    await world.deliver(CheckoutExpired(world.gateway.run_out("cs_test_1")))
    offered = await world.start()

    assert [PaymentStatus.EXPIRED, PaymentStatus.PENDING] == world.statuses()
    assert [offered.session_id] == [session.id for session in world.payable_sessions()]


async def test_a_customer_that_the_provider_no_longer_knows_is_made_anew(world: "World") -> None:
    first = await world.start()
    world.gateway.run_out(first.session_id)
    world.clock.pass_time(timedelta(hours=2))
    world.gateway.customers = {"cus_of_another": a_member()}
    offered = await world.start()

    (customer,) = world.customers()
    assert "cus_2" == customer.provider_id
    assert "cus_2" == world.gateway.orders[offered.session_id].customer_id


async def test_a_customer_whose_making_was_lost_a_day_ago_is_looked_for(world: "World") -> None:
    """The provider has forgotten the key by then: the same request would make a second customer."""
    world.gateway.fail_next("create_customer", after_effect=True)
    with pytest.raises(ProviderUnavailable):
        await world.start()
    world.clock.pass_time(DAY)
    await world.start()

    assert 1 == world.gateway.calls["find_customer"]
    assert 1 == world.gateway.calls["create_customer"]
    assert 1 == len(world.gateway.customers)


async def test_money_for_a_session_that_an_answer_came_late_for_is_not_lost(world: "World") -> None:
    world.gateway.fail_next("open_checkout", after_effect=True)
    with pytest.raises(ProviderUnavailable):
        await world.start()
    payment = world.payment()
    await world.deliver(CheckoutCompleted(world.gateway.pay("cs_test_1")))

    assert PaymentStatus.SUCCEEDED is world.payment(payment.id).status
