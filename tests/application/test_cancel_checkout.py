"""A member gives a checkout up: it can no longer be paid, and the next start begins anew."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from adapters.memory.gateway import MemoryGateway
from application.errors import ProviderUnavailable
from application.ports.gateway import CheckoutExpired, CheckoutSession, PreparedRequest, SessionStatus
from builders import a_catalogue
from domain.errors import NotFound
from domain.member import UserId
from domain.payment import PaymentId, PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World


async def test_the_checkout_is_closed_at_the_provider_and_the_payment_cancelled(world: "World") -> None:
    offered = await world.start()
    payment = await world.cancel(world.member.user_id, offered.payment.id)

    assert PaymentStatus.CANCELLED is payment.status
    assert [] == world.payable_sessions()
    assert ("PENDING", "CANCELLED", "the member gave the checkout up") in world.moves()


async def test_the_providers_word_of_the_end_leaves_it_cancelled(world: "World") -> None:
    offered = await world.start()
    await world.cancel(world.member.user_id, offered.payment.id)
    await world.deliver(CheckoutExpired(world.gateway.sessions[offered.session_id]))

    assert [PaymentStatus.CANCELLED] == world.statuses()


async def test_giving_up_twice_is_giving_up_once(world: "World") -> None:
    offered = await world.start()
    first = await world.cancel(world.member.user_id, offered.payment.id)

    assert first == await world.cancel(world.member.user_id, offered.payment.id)
    assert 1 == world.gateway.calls["expire_checkout"]


async def test_money_that_was_faster_counts(world: "World") -> None:
    offered = await world.start()
    world.gateway.pay(offered.session_id)
    payment = await world.cancel(world.member.user_id, offered.payment.id)

    assert PaymentStatus.SUCCEEDED is payment.status
    assert 1 == len(world.subscription().periods)


async def test_a_finished_delayed_method_cannot_be_given_up(world: "World") -> None:
    offered = await world.start()
    world.gateway.pay_later(offered.session_id)
    payment = await world.cancel(world.member.user_id, offered.payment.id)

    assert PaymentStatus.PROCESSING is payment.status


async def test_somebody_elses_checkout_is_not_found_and_stays_open(world: "World") -> None:
    offered = await world.start()
    with pytest.raises(NotFound):
        await world.cancel(UserId("somebody-else"), offered.payment.id)

    assert 1 == len(world.payable_sessions())
    assert [PaymentStatus.PENDING] == world.statuses()


async def test_while_the_provider_is_away_nothing_is_given_up(world: "World") -> None:
    offered = await world.start()
    world.gateway.fail_next("expire_checkout")
    with pytest.raises(ProviderUnavailable):
        await world.cancel(world.member.user_id, offered.payment.id)
    again = await world.cancel(world.member.user_id, offered.payment.id)

    assert PaymentStatus.CANCELLED is again.status


async def test_a_checkout_that_a_dead_start_left_at_the_provider_is_closed_too(world: "World") -> None:
    world.gateway.fail_next("open_checkout", after_effect=True)
    with pytest.raises(ProviderUnavailable):
        await world.start()
    payment = await world.cancel(world.member.user_id, world.payment().id)

    assert PaymentStatus.CANCELLED is payment.status
    assert [SessionStatus.EXPIRED] == [session.status for session in world.gateway.sessions.values()]


async def test_a_checkout_that_is_being_opened_is_not_pulled_away(world: "World") -> None:
    world.gateway.fail_next("open_checkout", KeyboardInterrupt("killed"))  # type: ignore[arg-type] # a process that dies
    with pytest.raises(KeyboardInterrupt):
        await world.start()
    with pytest.raises(ProviderUnavailable):
        await world.cancel(world.member.user_id, world.payment().id)
    world.pass_claim()
    payment = await world.cancel(world.member.user_id, world.payment().id)

    assert PaymentStatus.CANCELLED is payment.status


async def test_after_giving_up_a_start_opens_a_new_checkout(world: "World") -> None:
    first = await world.start()
    await world.cancel(world.member.user_id, first.payment.id)
    world.clock.pass_time(timedelta(seconds=1))
    second = await world.start()

    assert first.payment.id != second.payment.id
    assert [second.session_id] == [session.id for session in world.payable_sessions()]


class HeldUpGateway(MemoryGateway):
    """A provider to which a request to open a checkout takes longer than the claim on the attempt lasts."""

    meanwhile: Callable[[], Awaitable[object]]

    async def open_checkout(self, request: PreparedRequest, *, key: str) -> CheckoutSession:
        """Something happens while the request is on its way."""
        await self.meanwhile()
        return await super().open_checkout(request, key=key)


async def test_a_checkout_that_opens_after_it_was_given_up_is_closed_at_once(world: "World") -> None:
    gateway = HeldUpGateway(world.clock)
    world.sell(a_catalogue(), gateway=gateway)

    async def give_up() -> None:
        world.pass_claim()
        gateway.meanwhile = nothing
        await world.cancel(world.member.user_id, world.payment().id)

    async def nothing() -> None:
        pass

    gateway.meanwhile = give_up
    with pytest.raises(ProviderUnavailable):
        await world.start()

    assert [PaymentStatus.CANCELLED] == world.statuses()
    assert [SessionStatus.EXPIRED] == [session.status for session in gateway.sessions.values()]


class SlowAnswerGateway(MemoryGateway):
    """A provider whose answer to a search takes longer than the claim on the attempt lasts."""

    meanwhile: Callable[[], Awaitable[object]]

    async def find_checkout(self, payment_id: PaymentId, customer_id: str) -> CheckoutSession | None:
        """Something happens while the answer is on its way."""
        found = await super().find_checkout(payment_id, customer_id)
        await self.meanwhile()
        return found


async def test_a_checkout_that_opens_while_it_is_given_up_is_closed_before_the_payment_ends(world: "World") -> None:
    gateway = SlowAnswerGateway(world.clock)
    world.sell(a_catalogue(), gateway=gateway)
    gateway.fail_next("open_checkout", KeyboardInterrupt("killed"))  # type: ignore[arg-type] # a process that dies
    with pytest.raises(KeyboardInterrupt):
        await world.start()
    world.pass_claim()

    async def start_anew() -> None:
        world.pass_claim()
        await world.start()

    gateway.meanwhile = start_anew
    payment = await world.cancel(world.member.user_id, world.payment().id)

    assert PaymentStatus.CANCELLED is payment.status
    assert [SessionStatus.EXPIRED] == [session.status for session in gateway.sessions.values()]


async def test_a_checkout_whose_closing_was_not_answered_is_offered_to_nobody(world: "World") -> None:
    first = await world.start()
    world.gateway.fail_next("expire_checkout", after_effect=True)
    with pytest.raises(ProviderUnavailable):
        await world.cancel(world.member.user_id, first.payment.id)
    second = await world.start()

    assert first.session_id != second.session_id
    assert [second.session_id] == [session.id for session in world.payable_sessions()]
