"""StartCheckout dies or stumbles at every line, and the next start goes on from there: one customer, one session, one payment."""

from itertools import count
from typing import TYPE_CHECKING

import pytest

from application.errors import ApplicationFault, ProviderUnavailable, TryAgain
from application.ports.gateway import CheckoutCompleted
from builders import a_catalogue, a_plan
from domain.catalogue import Catalogue
from domain.errors import AlreadySubscribed
from domain.money import Money
from domain.payment import PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World

STARTS_MAX = 6
CALLS_MAX = 40


class ProcessDied(Exception):
    """Nothing of the service handles this: what it leaves behind is what a killed process leaves behind."""


FAULTS = [ProviderUnavailable("no answer"), ProviderUnavailable("500", answered=True), ProcessDied("killed")]
STORE_FAULTS = [TryAgain("the connection was lost"), ProcessDied("killed")]


async def start_until_offered(world: "World") -> str:
    """Start, and when that fails start again once a claim left behind has run out. Returns the session that is offered."""
    for _ in range(STARTS_MAX):
        try:
            return (await world.start()).session_id
        except (ApplicationFault, ProcessDied):
            world.pass_claim()
    raise AssertionError(f"no checkout after {STARTS_MAX} starts")


def check_one_payable_checkout(world: "World", offered: str) -> None:
    """One customer; one session that can be paid, which is the one that is offered; one payment that waits for it."""
    assert 1 == len(world.gateway.customers)
    assert [offered] == [session.id for session in world.payable_sessions()]
    pending = [payment for payment in world.store.payments() if payment.status is PaymentStatus.PENDING]
    assert [offered] == [payment.checkout_session_id for payment in pending]


def raise_the_price(world: "World") -> None:
    """The price list changes, so that an open checkout must be replaced."""
    talent = a_plan(prices=(Money(45000, "mad"), Money(4500, "usd")))
    world.sell(Catalogue((talent, *a_catalogue().plans[1:])))


async def prepared(world: "World", situation: str) -> "World":
    """A world in which the next start has to do what a situation asks for."""
    if situation == "the checkout is replaced":
        await world.start()
        raise_the_price(world)
    if situation == "the currency is refused":
        world.gateway.unchargeable = {"mad"}
    if situation == "the customer is unknown":
        offered = await world.start()
        world.gateway.run_out(offered.session_id)
        world.gateway.customers.clear()
        raise_the_price(world)
    return world


SITUATIONS = [
    "the first start",
    "the checkout is replaced",
    "the currency is refused",
    "the customer is unknown",
]


@pytest.mark.parametrize("after_effect", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("call", ["create_customer", "open_checkout"])
async def test_a_first_start_goes_on_after_a_call_that_failed(
    world: "World", call: str, fault: Exception, after_effect: bool
) -> None:
    world.gateway.fail_next(call, fault, after_effect=after_effect)
    with pytest.raises(type(fault)):
        await world.start()
    offered = await start_until_offered(world)

    check_one_payable_checkout(world, offered)
    assert [PaymentStatus.PENDING] == world.statuses()
    assert 1 == len(world.gateway.sessions)


@pytest.mark.parametrize("after_effect", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("call", ["expire_checkout", "open_checkout"])
async def test_a_replacement_goes_on_after_a_call_that_failed(
    world: "World", call: str, fault: Exception, after_effect: bool
) -> None:
    await prepared(world, "the checkout is replaced")
    world.gateway.fail_next(call, fault, after_effect=after_effect)
    with pytest.raises(type(fault)):
        await world.start()
    offered = await start_until_offered(world)

    check_one_payable_checkout(world, offered)
    assert Money(45000, "mad") == world.store.payments()[-1].amount
    assert 2 == len(world.gateway.sessions)


@pytest.mark.parametrize("after_effect", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("fault", STORE_FAULTS, ids=str)
@pytest.mark.parametrize("situation", SITUATIONS)
async def test_a_start_goes_on_after_every_commit_that_failed(
    new_world: "type[World]", situation: str, fault: Exception, after_effect: bool
) -> None:
    """The n-th commit fails, for every n that there is."""
    for number in count(1):
        world = await prepared(new_world(), situation)
        world.faults.at_commit(number, fault, after_effect=after_effect)
        offered = await start_until_offered(world)

        check_one_payable_checkout(world, offered)
        if world.faults.is_due:
            break
    assert number > 4


@pytest.mark.parametrize("situation", SITUATIONS)
async def test_a_start_goes_on_after_two_commits_that_failed(new_world: "type[World]", situation: str) -> None:
    for first in range(1, 10):
        for second in range(first + 1, first + 4):
            world = await prepared(new_world(), situation)
            world.faults.at_commit(first, ProcessDied("killed"), after_effect=True)
            world.faults.at_commit(second, TryAgain("lost"), after_effect=False)
            offered = await start_until_offered(world)

            check_one_payable_checkout(world, offered)


async def test_a_process_that_dies_keeps_others_away_only_for_the_time_of_its_claim(world: "World") -> None:
    world.gateway.fail_next("open_checkout", ProcessDied("killed"), after_effect=True)
    with pytest.raises(ProcessDied):
        await world.start()
    with pytest.raises(ProviderUnavailable, match="still being opened"):
        await world.start()
    world.pass_claim()
    offered = await world.start()

    assert offered.created
    check_one_payable_checkout(world, offered.session_id)


async def test_after_a_fault_that_was_answered_for_the_next_start_goes_on_at_once(world: "World") -> None:
    world.gateway.fail_next("open_checkout")
    with pytest.raises(ProviderUnavailable):
        await world.start()
    offered = await world.start()

    check_one_payable_checkout(world, offered.session_id)


async def test_the_same_request_goes_out_under_the_same_key_whoever_sends_it(world: "World") -> None:
    """Even when the member's name and language have changed meanwhile: the provider refuses one key with two requests."""
    world.gateway.fail_next("create_customer", after_effect=True)
    with pytest.raises(ProviderUnavailable):
        await world.start()
    renamed = type(world.member)(
        user_id=world.member.user_id, user_type=world.member.user_type, email="new@example.org", name="Salma Alaoui"
    )
    world.gateway.fail_next("open_checkout", after_effect=True)
    with pytest.raises(ProviderUnavailable):
        await world.start(renamed)
    offered = await world.start()

    check_one_payable_checkout(world, offered.session_id)
    assert 1 == len(world.gateway.sessions)


async def test_the_payment_arrives_before_the_answer_that_opened_its_checkout(world: "World") -> None:
    world.gateway.fail_next("open_checkout", ProcessDied("killed"), after_effect=True)
    with pytest.raises(ProcessDied):
        await world.start()
    await world.deliver(CheckoutCompleted(world.gateway.pay("cs_test_1")))
    with pytest.raises(AlreadySubscribed):
        await world.start()

    assert [PaymentStatus.SUCCEEDED] == world.statuses()
    assert "cs_test_1" == world.payment().checkout_session_id
    assert 1 == len(world.gateway.sessions)
