"""What is only read."""

from collections.abc import Awaitable, Callable

from domain.member import Member, UserId
from domain.payment import PaymentId
from faults.crash_lane import Lane
from faults.stories.kit import (
    BOUGHT,
    Call,
    Story,
    bought,
)
from postgres_world import PostgresWorld, a_talent

Ask = Callable[[PostgresWorld, UserId, PaymentId], Awaitable[object]]


def reading(ask: Ask) -> Story:
    """Make a story of what a member who has paid asks for."""

    async def begin(lane: Lane, member: Member) -> Call:
        offered, _ = await bought(lane, member)
        return lambda world: ask(world, member.user_id, offered.payment.id)

    return Story(ask.__name__, begin, BOUGHT, only_reads=True)


@reading
async def a_member_lists_payments(world: PostgresWorld, user_id: UserId, _payment_id: PaymentId) -> object:
    return await world.container.list_payments()(user_id)


@reading
async def a_member_opens_a_payment(world: PostgresWorld, user_id: UserId, payment_id: PaymentId) -> object:
    return await world.container.show_payment()(user_id, payment_id)


@reading
async def a_member_opens_a_receipt(world: PostgresWorld, user_id: UserId, payment_id: PaymentId) -> object:
    return await world.container.show_receipt()(user_id, payment_id)


@reading
async def a_member_looks_at_the_fee(world: PostgresWorld, user_id: UserId, _payment_id: PaymentId) -> object:
    return await world.container.show_standing()(a_talent(user_id))


@reading
async def the_platform_checks_access(world: PostgresWorld, user_id: UserId, _payment_id: PaymentId) -> object:
    return await world.container.check_access()(user_id)


@reading
async def anybody_lists_plans(world: PostgresWorld, _user_id: UserId, _payment_id: PaymentId) -> object:
    return await world.container.list_plans()()
