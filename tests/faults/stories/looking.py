"""Members who land, look and give up."""

from domain.member import Member
from faults.crash_lane import Fate, Lane
from faults.stories.kit import BOUGHT, OPEN, Call, interrupted, paid, story


@story(BOUGHT)
async def a_member_lands_before_the_event(lane: Lane, member: Member) -> Call:
    offered, _ = await paid(lane, member)
    return lambda world: world.container.follow_checkout().of_session(member.user_id, offered.session_id)


@story(OPEN)
async def a_member_looks_at_an_open_checkout(lane: Lane, member: Member) -> Call:
    offered = await lane.sound.start(member)
    return lambda world: world.container.follow_checkout().of_payment(member.user_id, offered.payment.id)


@story(Fate(("PENDING",)))
async def a_member_looks_at_a_checkout_that_ran_out(lane: Lane, member: Member) -> Call:
    offered = await lane.sound.start(member)
    lane.outside.gateway.run_out(offered.session_id)
    return lambda world: world.container.follow_checkout().of_payment(member.user_id, offered.payment.id)


@story(Fate(("CANCELLED",)))
async def a_member_gives_up(lane: Lane, member: Member) -> Call:
    offered = await lane.sound.start(member)
    return lambda world: world.container.cancel_checkout()(member.user_id, offered.payment.id)


@story(BOUGHT)
async def a_member_gives_up_what_they_have_paid(lane: Lane, member: Member) -> Call:
    offered, _ = await paid(lane, member)
    return lambda world: world.container.cancel_checkout()(member.user_id, offered.payment.id)


@story(Fate(("CANCELLED",)))
async def a_member_gives_up_what_was_never_finished(lane: Lane, member: Member) -> Call:
    payment_id = await interrupted(lane, member)
    return lambda world: world.container.cancel_checkout()(member.user_id, payment_id)
