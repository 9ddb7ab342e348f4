"""Starting, giving up, looking and paying at the same moment, in many orders: one payable checkout at most, and money always wins."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import TYPE_CHECKING

import pytest

from application.errors import Conflict, ProviderUnavailable, TryAgain
from application.ports.gateway import CheckoutCompleted, SessionStatus
from domain.errors import AlreadySubscribed, NotFound
from domain.payment import PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World

ROUNDS = 40
PASSING = (Conflict, TryAgain, ProviderUnavailable, AlreadySubscribed, NotFound)
"""What a member may be told in such a moment; everything else is a bug."""


async def at_some_moment(chance: Random, action: Callable[[], Awaitable[object]]) -> None:
    """Begin an action after a random number of steps of the others."""
    for _ in range(chance.randrange(60)):
        await asyncio.sleep(0)
    try:
        await action()
    except PASSING:
        return


async def given_up(world: "World") -> None:
    """The member gives up whatever they have begun."""
    for payment in world.store.payments():
        await world.cancel(world.member.user_id, payment.id)


async def looked_at(world: "World") -> None:
    """The member looks at whatever they have begun."""
    await world.show_standing(world.member)
    for payment in world.store.payments():
        await world.follow.of_payment(world.member.user_id, payment.id)


async def paid(world: "World", *, told: bool) -> None:
    """The member pays where they still can; the provider tells, or its event is lost."""
    for session in world.payable_sessions():
        done = world.gateway.pay(session.id)
        if told:
            await world.deliver(CheckoutCompleted(done))


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_whatever_happens_at_once_one_checkout_is_payable_and_no_money_is_lost(
    new_world: "type[World]", seed: int
) -> None:
    world, chance = new_world(), Random(seed)  # noqa: S311 # an order, not a secret
    actions: list[Callable[[], Awaitable[object]]] = [
        *[world.start] * chance.randrange(1, 4),
        *[lambda: given_up(world)] * chance.randrange(1, 3),
        *[lambda: looked_at(world)] * chance.randrange(0, 3),
        *[lambda: paid(world, told=bool(chance.randrange(2)))] * chance.randrange(0, 2),
    ]
    await asyncio.gather(*(at_some_moment(chance, action) for action in actions))
    world.pass_claim()
    await looked_at(world)

    open_sessions = world.payable_sessions()
    of_session = {payment.checkout_session_id: payment for payment in world.store.payments()}
    settled = [session for session in world.gateway.sessions.values() if session.settled]
    assert len(open_sessions) <= 1
    for session in open_sessions:
        assert PaymentStatus.PENDING is of_session[session.id].status
    for payment in world.store.payments():
        if payment.status is PaymentStatus.CANCELLED and payment.checkout_session_id is not None:
            assert SessionStatus.OPEN is not world.gateway.sessions[payment.checkout_session_id].status
    assert len(settled) == sum(payment.is_paid for payment in world.store.payments())
