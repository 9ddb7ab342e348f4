"""A member wants to pay: one open checkout at most, whatever they do."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from application.errors import ProviderUnavailable
from application.ports.gateway import SessionStatus
from application.start_checkout import CheckoutWish
from builders import NOON, a_catalogue, a_member, a_plan, a_session
from domain.catalogue import Catalogue, PlanId
from domain.checkout import LAST_MOMENT
from domain.errors import AlreadySubscribed, PlanNotAllowed
from domain.member import Locale, UserType
from domain.money import Money
from domain.payment import PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World


def dearer(talent_mad: int) -> Catalogue:
    """The price list after the fee of talents has changed."""
    talent = a_plan(prices=(Money(talent_mad, "mad"), Money(talent_mad // 10, "usd")))
    return Catalogue((talent, *a_catalogue().plans[1:]))


async def test_a_first_start_opens_a_checkout_for_the_price_of_the_plan(world: "World") -> None:
    offered = await world.start()

    order = world.gateway.orders[offered.session_id]
    assert offered.created
    assert world.gateway.sessions[offered.session_id].url == offered.url
    assert NOON + timedelta(hours=1) == offered.expires_at
    assert Money(30000, "mad") == order.amount
    assert offered.payment.id == order.payment_id
    assert world.member.user_id == order.user_id
    assert Locale.FRENCH is order.locale
    assert "Membre Talent" == order.plan_name
    assert [(None, "PENDING", "checkout started")] == world.moves()


async def test_the_payment_is_stored_with_its_session(world: "World") -> None:
    offered = await world.start()

    assert offered.payment == world.payment()
    assert PaymentStatus.PENDING is world.payment().status
    assert offered.session_id == world.payment().checkout_session_id
    assert not world.payment().renewal


@pytest.mark.parametrize(("user_type", "mad"), [("talent", 30000), ("professional", 150000), ("company", 350000)])
async def test_each_user_type_pays_its_own_fee(world: "World", user_type: str, mad: int) -> None:
    offered = await world.start(a_member(user_type=UserType(user_type)))

    assert Money(mad, "mad") == offered.payment.amount


async def test_a_second_start_gives_the_same_open_checkout_again(world: "World") -> None:
    first = await world.start()
    second = await world.start()

    assert not second.created
    assert (first.session_id, first.url, first.expires_at) == (second.session_id, second.url, second.expires_at)
    assert 1 == world.gateway.calls["open_checkout"]
    assert [PaymentStatus.PENDING] == world.statuses()


async def test_twenty_parallel_first_starts_make_one_payment_one_session_and_one_customer(world: "World") -> None:
    offers = await asyncio.gather(*(world.start() for _ in range(20)))

    assert 1 == len({offered.session_id for offered in offers})
    assert 1 == sum(offered.created for offered in offers)
    assert [PaymentStatus.PENDING] == world.statuses()
    assert 1 == len(world.gateway.sessions)
    assert 1 == len(world.gateway.customers)
    assert 1 == world.gateway.calls["create_customer"]


async def test_starts_of_two_members_do_not_meet(world: "World") -> None:
    one, other = await asyncio.gather(world.start(), world.start(a_member()))

    assert one.session_id != other.session_id
    assert 2 == len(world.gateway.customers)


async def test_the_customer_is_made_once_for_all_checkouts_of_a_member(world: "World") -> None:
    first = await world.start()
    world.gateway.run_out(first.session_id)
    world.clock.pass_time(timedelta(hours=2))
    second = await world.start()

    assert 1 == world.gateway.calls["create_customer"]
    assert world.gateway.orders[first.session_id].customer_id == world.gateway.orders[second.session_id].customer_id


@pytest.mark.parametrize("plan", ["company_access", "professional_access", "nonsense"])
async def test_another_plan_than_ones_own_is_refused_before_anything_happens(world: "World", plan: str) -> None:
    with pytest.raises(PlanNotAllowed):
        await world.start_checkout(CheckoutWish(member=world.member, plan=PlanId(plan)))

    assert [] == world.store.payments()
    assert 0 == world.gateway.calls.total()


async def test_naming_ones_own_plan_is_fine(world: "World") -> None:
    offered = await world.start_checkout(CheckoutWish(member=world.member, plan=PlanId("talent_membership")))

    assert "talent_membership" == offered.payment.plan


async def test_after_a_change_of_price_there_is_a_new_checkout_at_the_new_price(world: "World") -> None:
    old = await world.start()
    world.sell(dearer(40000))
    new = await world.start()

    assert Money(40000, "mad") == new.payment.amount
    assert Money(30000, "mad") == world.payment(old.payment.id).amount
    assert [PaymentStatus.EXPIRED, PaymentStatus.PENDING] == world.statuses()
    assert [new.session_id] == [session.id for session in world.payable_sessions()]


async def test_the_old_checkout_is_expired_at_the_provider_before_the_new_one_is_asked_for(world: "World") -> None:
    await world.start()
    world.sell(dearer(40000))
    world.gateway.fail_next("open_checkout")
    with pytest.raises(ProviderUnavailable):
        await world.start()

    assert [] == world.payable_sessions()
    assert [PaymentStatus.EXPIRED, PaymentStatus.PENDING] == world.statuses()


async def test_when_the_provider_does_not_close_the_old_checkout_no_new_one_is_opened(world: "World") -> None:
    old = await world.start()
    world.sell(dearer(40000))
    world.gateway.fail_next("expire_checkout")
    with pytest.raises(ProviderUnavailable):
        await world.start()

    assert [old.session_id] == [session.id for session in world.payable_sessions()]
    assert [PaymentStatus.PENDING] == world.statuses()


async def test_who_paid_the_old_checkout_while_the_price_changed_has_paid(world: "World") -> None:
    old = await world.start()
    world.gateway.pay(old.session_id)
    world.sell(dearer(40000))
    with pytest.raises(AlreadySubscribed):
        await world.start()

    assert [PaymentStatus.SUCCEEDED] == world.statuses()
    assert ("PENDING", "SUCCEEDED", "replaced by a new checkout") in world.moves()


async def test_a_member_whose_user_type_changed_gets_the_checkout_of_the_new_one(world: "World") -> None:
    await world.start()
    company = a_member(user_id=world.member.user_id, user_type=UserType.COMPANY)
    offered = await world.start(company)

    assert Money(350000, "mad") == offered.payment.amount
    assert [offered.session_id] == [session.id for session in world.payable_sessions()]


async def test_a_checkout_about_to_expire_is_replaced(world: "World") -> None:
    old = await world.start()
    world.clock.pass_time(timedelta(hours=1) - LAST_MOMENT)
    new = await world.start()

    assert new.created
    assert [PaymentStatus.EXPIRED, PaymentStatus.PENDING] == world.statuses()
    assert SessionStatus.EXPIRED is world.gateway.sessions[old.session_id].status


async def test_a_checkout_is_offered_until_its_last_moments(world: "World") -> None:
    old = await world.start()
    world.clock.pass_time(timedelta(hours=1) - LAST_MOMENT - timedelta(seconds=1))

    assert old.session_id == (await world.start()).session_id


async def test_a_checkout_that_the_provider_no_longer_knows_is_replaced(world: "World") -> None:
    old = await world.start()
    del world.gateway.sessions[old.session_id]
    world.gateway.sessions["cs_test_other"] = a_session(id="cs_test_other")
    world.clock.pass_time(timedelta(hours=1))
    await world.start()

    assert [PaymentStatus.EXPIRED, PaymentStatus.PENDING] == world.statuses()
    assert ("PENDING", "EXPIRED", "the provider no longer knows the checkout") in world.moves()


async def test_a_start_that_only_waits_asks_the_caller_to_come_back(world: "World") -> None:
    world.gateway.fail_next("open_checkout", RuntimeError("the process dies"))
    with pytest.raises(RuntimeError):
        await world.start()
    with pytest.raises(ProviderUnavailable) as fault:
        await world.start()

    assert 2 == fault.value.retry_after_seconds
    assert 1 == world.gateway.calls["open_checkout"]
