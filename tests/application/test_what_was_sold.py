"""The user type or the price list changes while a member pays: they get what they were sold, at the price they were shown."""

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from application.ports.gateway import CheckoutCompleted
from builders import a_catalogue, a_plan
from domain.catalogue import Catalogue, PlanId
from domain.errors import AlreadySubscribed
from domain.member import UserType
from domain.money import Money
from domain.payment import Figures, PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World

P = PaymentStatus


async def test_what_was_sold_before_the_user_type_changed_is_what_the_money_buys(world: "World") -> None:
    """The member's own page is still open while the platform makes a professional of them."""
    offered = await world.start()
    professional = replace(world.member, user_type=UserType.PROFESSIONAL)
    await world.deliver(CheckoutCompleted(world.gateway.pay(offered.session_id)))
    payment, subscription = world.payment(), world.subscription()
    with pytest.raises(AlreadySubscribed):
        await world.start(professional)

    assert (P.SUCCEEDED, UserType.TALENT, Money(30000, "mad")) == (payment.status, payment.user_type, payment.amount)
    assert (UserType.TALENT, offered.payment.plan) == (subscription.user_type, subscription.plan)
    assert (await world.check_access(world.member.user_id)).allowed
    assert 1 == len(world.gateway.sessions)


async def test_money_for_the_old_user_type_after_a_start_as_the_new_one_is_taken_once(world: "World") -> None:
    """Both tabs are paid: the old one in the moment before it was closed, which is why the new one cannot be opened."""
    old = await world.start()
    world.gateway.pay(old.session_id)
    with pytest.raises(AlreadySubscribed):
        await world.start(replace(world.member, user_type=UserType.PROFESSIONAL))

    assert [P.SUCCEEDED] == world.statuses()
    assert UserType.TALENT is world.subscription().user_type
    assert 1 == len(world.gateway.sessions)


async def test_the_price_of_another_user_type_is_no_price_of_this_payment(world: "World") -> None:
    offered = await world.start()
    await world.deliver(CheckoutCompleted(world.gateway.pay(offered.session_id, Figures(150000, "mad"))))

    assert [P.REVIEW] == world.statuses()
    assert [] == world.store.subscriptions()


@pytest.mark.parametrize("told", ["by its event", "by the lists"])
async def test_a_plan_that_is_gone_from_the_price_list_is_still_what_its_open_checkout_sells(
    world: "World", told: str
) -> None:
    offered = await world.start()
    others = [a_catalogue().plan_for(user_type) for user_type in (UserType.PROFESSIONAL, UserType.COMPANY)]
    prices = (Money(45000, "mad"), Money(4500, "usd"))
    world.sell(Catalogue((a_plan(id=PlanId("talent_plus"), prices=prices), *others)))
    session = world.gateway.pay(offered.session_id)
    if told == "by its event":
        await world.deliver(CheckoutCompleted(session))
    else:
        await world.reconcile(whatever_the_age=True)
    await world.work_for_an_hour()
    receipt = await world.show_receipt(world.member.user_id, offered.payment.id)
    history = await world.list_payments(world.member.user_id)

    assert [P.SUCCEEDED] == world.statuses()
    assert offered.payment.plan == world.subscription().plan == receipt.record.payment.plan
    assert Money(30000, "mad") == receipt.record.payment.received == history.records[0].payment.amount
    assert (await world.check_access(world.member.user_id)).allowed
    assert [True] == ["300.00 MAD" in letter.text for letter in world.mailer.delivered]
