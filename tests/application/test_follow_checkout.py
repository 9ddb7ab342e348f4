"""A member comes back from the hosted page: told what is true, also where no event has arrived."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from application.errors import ProviderUnavailable
from application.ports.gateway import CheckoutCompleted
from application.ports.jobs import JobKind
from builders import a_member
from domain.errors import NotFound
from domain.member import UserId
from domain.payment import Figures, PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World


async def test_money_is_confirmed_by_coming_back_when_the_event_never_came(world: "World") -> None:
    offered = await world.start()
    world.gateway.pay(offered.session_id)
    followed = await world.follow.of_session(world.member.user_id, offered.session_id)

    assert PaymentStatus.SUCCEEDED is followed.payment.status
    assert world.subscription().periods[0] == followed.period
    assert followed.certain
    assert ("PENDING", "SUCCEEDED", "the member came back from the checkout") in world.moves()
    assert ["ready"] == world.jobs(JobKind.ISSUE_RECEIPT)


async def test_the_event_that_comes_after_the_member_changes_nothing(world: "World") -> None:
    offered = await world.start()
    paid = world.gateway.pay(offered.session_id)
    await world.follow.of_session(world.member.user_id, offered.session_id)
    await world.deliver(CheckoutCompleted(paid))

    assert 1 == len(world.subscription().periods)
    assert ["ready"] == world.jobs(JobKind.ISSUE_RECEIPT)


async def test_a_payment_that_is_stored_as_paid_is_told_without_asking(world: "World") -> None:
    payment = await world.buy()
    followed = await world.follow.of_payment(world.member.user_id, payment.id)

    assert PaymentStatus.SUCCEEDED is followed.payment.status
    assert 0 == world.gateway.calls["checkout"]


@pytest.mark.parametrize("session_id", ["cs_test_unknown", "", "cs_test_1"])
async def test_a_session_that_is_not_the_members_own_is_not_found_and_not_asked_about(
    world: "World", session_id: str
) -> None:
    await world.start(a_member(user_id=UserId("somebody-else")))
    with pytest.raises(NotFound):
        await world.follow.of_session(world.member.user_id, session_id)

    assert 0 == world.gateway.calls["checkout"]


async def test_a_payment_that_is_not_the_members_own_is_not_found(world: "World") -> None:
    offered = await world.start()
    with pytest.raises(NotFound):
        await world.follow.of_payment(UserId("somebody-else"), offered.payment.id)


async def test_a_checkout_still_open_is_told_with_its_page_and_nothing_is_changed(world: "World") -> None:
    offered = await world.start()
    followed = await world.follow.of_session(world.member.user_id, offered.session_id)

    assert PaymentStatus.PENDING is followed.payment.status
    assert followed.certain
    assert [PaymentStatus.PENDING] == world.statuses()


async def test_a_checkout_that_ended_is_told_as_ended_while_a_look_stores_nothing(world: "World") -> None:
    offered = await world.start()
    world.gateway.run_out(offered.session_id)
    followed = await world.follow.of_payment(world.member.user_id, offered.payment.id)

    assert PaymentStatus.EXPIRED is followed.payment.status
    assert [PaymentStatus.PENDING] == world.statuses()


async def test_a_delayed_method_is_told_as_processing(world: "World") -> None:
    offered = await world.start()
    world.gateway.pay_later(offered.session_id)
    followed = await world.follow.of_session(world.member.user_id, offered.session_id)

    assert PaymentStatus.PROCESSING is followed.payment.status
    assert [PaymentStatus.PROCESSING] == world.statuses()


async def test_money_that_does_not_match_is_told_as_under_review(world: "World") -> None:
    offered = await world.start()
    world.gateway.pay(offered.session_id, Figures(1, "mad"))
    followed = await world.follow.of_session(world.member.user_id, offered.session_id)

    assert PaymentStatus.REVIEW is followed.payment.status
    assert followed.period is None


async def test_while_the_provider_is_away_nothing_is_claimed(world: "World") -> None:
    offered = await world.start()
    world.gateway.pay(offered.session_id)
    world.gateway.fail_next("checkout", ProviderUnavailable("no answer"))
    followed = await world.follow.of_session(world.member.user_id, offered.session_id)

    assert (PaymentStatus.PENDING, False) == (followed.payment.status, followed.certain)


async def test_money_that_came_after_the_end_is_found_by_the_member_who_comes_back(world: "World") -> None:
    offered = await world.start()
    await world.cancel(world.member.user_id, offered.payment.id)
    world.gateway.pay(offered.session_id)
    followed = await world.follow.of_session(world.member.user_id, offered.session_id)

    assert PaymentStatus.SUCCEEDED is followed.payment.status


async def test_twenty_pages_at_once_ask_the_provider_once(world: "World") -> None:
    offered = await world.start()
    await asyncio.gather(*(world.follow.of_session(world.member.user_id, offered.session_id) for _ in range(20)))

    assert 1 == world.gateway.calls["checkout"]


async def test_twenty_loads_in_ten_seconds_ask_the_provider_once_in_two(world: "World") -> None:
    offered = await world.start()
    told = []
    for _ in range(20):
        told.append((await world.follow.of_session(world.member.user_id, offered.session_id)).payment.status)
        world.clock.pass_time(timedelta(seconds=0.5))

    assert 5 == world.gateway.calls["checkout"]
    assert {PaymentStatus.PENDING} == set(told)


async def test_whoever_lands_after_another_page_asked_has_a_question_of_their_own(world: "World") -> None:
    """The payment page may have asked just before the member went on to pay."""
    offered = await world.start()
    world.clock.pass_time(timedelta(minutes=40))
    await world.follow.of_payment(world.member.user_id, offered.payment.id)
    world.gateway.pay(offered.session_id)
    world.clock.pass_time(timedelta(seconds=2))
    followed = await world.follow.of_session(world.member.user_id, offered.session_id)

    assert PaymentStatus.SUCCEEDED is followed.payment.status


async def test_what_was_said_a_moment_ago_is_still_known_when_a_page_is_loaded_again(world: "World") -> None:
    offered = await world.start()
    certain = []
    for seconds in (0, 1, 3):
        world.clock.pass_time(timedelta(seconds=seconds))
        certain.append((await world.follow.of_payment(world.member.user_id, offered.payment.id)).certain)

    assert [True] * 3 == certain
    assert 1 == world.gateway.calls["checkout"]


async def test_what_was_said_before_is_not_told_to_whoever_lands(world: "World") -> None:
    offered = await world.start()
    await world.follow.of_payment(world.member.user_id, offered.payment.id)
    world.gateway.pay(offered.session_id)
    world.clock.pass_time(timedelta(seconds=1))
    too_soon = await world.follow.of_session(world.member.user_id, offered.session_id)

    assert (PaymentStatus.PENDING, False) == (too_soon.payment.status, too_soon.certain)


async def test_a_year_that_has_ended_is_told_as_ended(world: "World") -> None:
    payment = await world.buy()
    now = await world.follow.of_payment(world.member.user_id, payment.id)
    world.clock.pass_time(timedelta(days=400))
    later = await world.follow.of_payment(world.member.user_id, payment.id)

    assert (False, True) == (now.period_over, later.period_over)


async def test_a_page_left_open_for_a_day_asks_less_and_less(world: "World") -> None:
    offered = await world.start()
    world.gateway.pay_later(offered.session_id)
    asked_by = {}
    for second in range(0, 86_400, 5):
        await world.follow.of_session(world.member.user_id, offered.session_id)
        asked_by[second] = world.gateway.calls["checkout"]
        world.clock.pass_time(timedelta(seconds=5))

    assert 13 == asked_by[60]
    assert 250 > asked_by[86_395]


async def test_a_checkout_that_was_seen_to_have_ended_is_offered_to_nobody(world: "World") -> None:
    first = await world.start()
    world.gateway.run_out(first.session_id)
    await world.follow.of_payment(world.member.user_id, first.payment.id)
    second = await world.start()

    assert first.session_id != second.session_id
    assert [PaymentStatus.EXPIRED, PaymentStatus.PENDING] == world.statuses()


async def test_of_a_checkout_that_never_opened_it_is_certain_that_nothing_was_paid(world: "World") -> None:
    world.gateway.fail_next("create_customer")
    with pytest.raises(ProviderUnavailable):
        await world.start()
    followed = await world.follow.of_payment(world.member.user_id, world.payment().id)

    assert (PaymentStatus.PENDING, True) == (followed.payment.status, followed.certain)
