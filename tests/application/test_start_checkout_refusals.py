"""What the provider will not sell: another currency is asked for, or the start is refused; never a stranded member."""

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from application.errors import CurrencyRefused, ProviderRefused
from builders import a_catalogue, a_member
from domain.catalogue import Catalogue
from domain.member import UserType
from domain.money import Money
from domain.payment import PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World


async def test_a_refused_currency_is_remembered_and_the_next_price_is_asked(world: "World") -> None:
    world.gateway.unchargeable = {"mad"}
    offered = await world.start()

    assert offered.created
    assert Money(3000, "usd") == offered.payment.amount
    assert [PaymentStatus.CANCELLED, PaymentStatus.PENDING] == world.statuses()
    assert {"mad"} == set(world.store.refused_currencies)
    await world.start(a_member())
    assert 3 == world.gateway.calls["open_checkout"]


async def test_the_price_list_shows_the_price_that_will_be_asked(world: "World") -> None:
    before = [offer.price for offer in await world.list_plans()]
    world.gateway.unchargeable = {"mad"}
    await world.start()
    after = [offer.price for offer in await world.list_plans()]

    assert [Money(30000, "mad"), Money(150000, "mad"), Money(350000, "mad")] == before
    assert [Money(3000, "usd"), Money(15000, "usd"), Money(35000, "usd")] == after
    assert [Money(35000, "usd")] == [offer.price for offer in await world.list_plans(UserType.COMPANY)]


async def test_a_price_list_with_only_a_refused_currency_is_refused(world: "World") -> None:
    world.sell(Catalogue(tuple(replace(plan, prices=plan.prices[:1]) for plan in a_catalogue().plans)))
    world.gateway.unchargeable = {"mad"}
    with pytest.raises(CurrencyRefused):
        await world.start()

    assert [PaymentStatus.CANCELLED] == world.statuses()
    assert [] == world.payable_sessions()


async def test_when_all_currencies_are_refused_the_start_is_refused(world: "World") -> None:
    world.gateway.unchargeable = {"mad", "usd"}
    with pytest.raises(CurrencyRefused):
        await world.start()

    assert [PaymentStatus.CANCELLED, PaymentStatus.CANCELLED] == world.statuses()


@pytest.mark.parametrize("call", ["create_customer", "open_checkout"])
async def test_what_the_provider_refuses_is_given_up_and_the_next_start_begins_anew(world: "World", call: str) -> None:
    world.gateway.fail_next(call, ProviderRefused("bad e-mail"))
    with pytest.raises(ProviderRefused):
        await world.start()
    offered = await world.start()

    assert [PaymentStatus.CANCELLED, PaymentStatus.PENDING] == world.statuses()
    assert ("PENDING", "CANCELLED", "the provider refused the checkout: bad e-mail") in world.moves()
    assert [offered.session_id] == [session.id for session in world.payable_sessions()]
    assert 1 == len(world.gateway.customers)
