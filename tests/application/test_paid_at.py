"""When a payment was paid is what the provider says of the money's arrival, whoever is asked first and whatever our clock shows."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from application.ports.gateway import CheckoutCompleted, CheckoutExpired, CheckoutSession, RefundTold, SessionStatus
from application.ports.jobs import JobKind
from domain.audit import Cause
from domain.payment import PaymentStatus
from domain.subscription import year_after

if TYPE_CHECKING:
    from application.conftest import World

CASABLANCA = ZoneInfo("Africa/Casablanca")
BANK_DAYS = timedelta(days=3)
CAUSE = Cause(why="told so")


async def slowly_paid(world: "World") -> tuple[CheckoutSession, datetime, datetime]:
    """A checkout that was paid with a delayed method: as it is told when asked for, when it was charged and when the money came."""
    offered = await world.start()
    charged_at = world.clock.now()
    world.gateway.pay_later(offered.session_id)
    world.clock.pass_time(BANK_DAYS)
    asked = replace(world.gateway.pay(offered.session_id), paid_at=charged_at)
    world.gateway.sessions[asked.id] = asked
    return asked, charged_at, world.clock.now()


async def test_every_order_of_hearing_of_the_money_dates_the_year_alike(new_world: "type[World]") -> None:
    """By the event, by the member who lands, and by the reconciliation, which here finds no event."""
    for order in permutations(range(4)):
        world = new_world()
        session, _, arrived_at = await slowly_paid(world)
        await every_way(world, session, arrived_at, order)
        (year,) = world.subscription().periods

        assert arrived_at == world.payment().paid_at == year.bought_at == year.starts_at
        assert ["ready"] == world.jobs(JobKind.ISSUE_RECEIPT)


async def every_way(world: "World", session: CheckoutSession, arrived_at: datetime, order: tuple[int, ...]) -> None:
    """Hear of the money in all ways, an hour after each other, and of all of it again."""
    told = replace(session, paid_at=None)
    unpaid = replace(told, settled=False, payment_intent_id=None, invoice_id=None)
    ways: list[Callable[[], Awaitable[object]]] = [
        lambda: world.deliver(CheckoutCompleted(unpaid), created=arrived_at - BANK_DAYS),
        lambda: world.deliver(CheckoutCompleted(told), created=arrived_at),
        lambda: world.follow.of_session(world.member.user_id, session.id),
        lambda: world.reconcile(whatever_the_age=True),
    ]
    for at in (*order, *order):
        await ways[at]()
        world.clock.pass_time(timedelta(hours=1))


@pytest.mark.parametrize("landing_first", [True, False])
async def test_without_any_event_the_charge_dates_the_year_and_never_our_clock(
    world: "World", landing_first: bool
) -> None:
    session, charged_at, _ = await slowly_paid(world)
    world.clock.pass_time(timedelta(days=2))
    if landing_first:
        await world.follow.of_session(world.member.user_id, session.id)
    await world.reconcile()

    assert charged_at == world.payment().paid_at == world.subscription().periods[0].starts_at


async def test_money_that_only_the_list_of_checkouts_tells_of_is_dated_by_its_charge(world: "World") -> None:
    """It came when the payment was over, so that nobody asks about it any more."""
    session, charged_at, _ = await slowly_paid(world)
    await world.deliver(CheckoutExpired(replace(session, settled=False, status=SessionStatus.EXPIRED)))
    world.clock.pass_time(timedelta(hours=5))
    await world.reconcile()

    assert 0 == world.gateway.calls["checkout"]
    assert charged_at == world.payment().paid_at


async def test_a_year_that_turns_out_to_have_been_paid_later_moves_with_the_years_after_it(world: "World") -> None:
    session, _, arrived_at = await slowly_paid(world)
    await world.follow.of_session(world.member.user_id, session.id)
    world.clock.pass_time(timedelta(days=340))
    await world.buy()
    await world.deliver(CheckoutCompleted(replace(session, paid_at=None)), created=arrived_at)
    first, second = world.subscription().periods

    assert (arrived_at, year_after(arrived_at, CASABLANCA)) == (first.starts_at, first.ends_at)
    assert first.ends_at == second.starts_at
    assert [f"checkout.session.completed: its money arrived at {arrived_at}"] == [
        why for before, after, why in world.moves() if before == after
    ]


async def test_a_payment_that_was_given_back_is_dated_all_the_same(world: "World") -> None:
    session, _, arrived_at = await slowly_paid(world)
    await world.follow.of_session(world.member.user_id, session.id)
    world.clock.pass_time(timedelta(days=1))
    await world.deliver(RefundTold(world.gateway.give_back(session.id)))
    await world.deliver(CheckoutCompleted(replace(session, paid_at=None)), created=arrived_at)

    assert PaymentStatus.REFUNDED is world.payment().status
    assert arrived_at == world.payment().paid_at == world.subscription().periods[0].starts_at


async def test_a_payment_that_an_operator_accepted_stays_dated_by_the_decision(world: "World") -> None:
    offered = await world.start()
    wrong = replace(world.gateway.sessions[offered.session_id].received, amount=1)
    paid = world.gateway.pay(offered.session_id, wrong)
    await world.deliver(CheckoutCompleted(replace(paid, paid_at=None)), created=world.clock.now())
    world.clock.pass_time(timedelta(days=1))
    decided_at = world.clock.now()
    await world.review.accept(world.payment().id, operator="someone")
    world.clock.pass_time(timedelta(days=1))
    await world.deliver(CheckoutCompleted(replace(paid, paid_at=None)), created=world.clock.now())

    assert decided_at == world.payment().paid_at


async def test_a_duplicate_whose_money_arrived_after_the_time_beside_it_had_ended_buys_a_year(world: "World") -> None:
    first = await world.buy()
    charged_at = world.clock.now()
    world.clock.pass_time(timedelta(days=1))
    await world.deliver(RefundTold(world.gateway.give_back(first.checkout_session_id or "")))
    world.clock.pass_time(timedelta(days=1))
    other = replace(
        world.gateway.sessions[first.checkout_session_id or ""],
        id="cs_test_other",
        payment_intent_id="pi_other",
        paid_at=charged_at,
    )
    world.gateway.sessions[other.id] = other
    await world.confirm(other, cause=CAUSE)
    asked = next(payment for payment in world.store.payments() if payment.checkout_session_id == other.id)
    arrived_at = world.clock.now()
    await world.deliver(CheckoutCompleted(replace(other, paid_at=None)), created=arrived_at)
    told = world.payment(asked.id)

    assert (True, False) == (asked.duplicate, told.duplicate)
    assert arrived_at == world.subscription().periods[-1].starts_at
    assert (await world.check_access(world.member.user_id)).allowed
