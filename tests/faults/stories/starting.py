"""Members who start a checkout."""

from contextlib import suppress
from datetime import timedelta

from application.errors import ProviderUnavailable
from domain.errors import AlreadySubscribed
from domain.member import Member
from faults.crash_lane import Fate, Lane
from faults.stories.kit import BOUGHT, OPEN, Call, paid, story
from postgres_world import PostgresWorld


def starting(member: Member) -> Call:
    """The member clicks."""

    async def click(world: PostgresWorld) -> None:
        with suppress(AlreadySubscribed):
            await world.start(member)

    return click


@story(OPEN)
async def a_member_starts(_lane: Lane, member: Member) -> Call:
    return starting(member)


@story(OPEN)
async def a_member_clicks_again(lane: Lane, member: Member) -> Call:
    await lane.sound.start(member)
    return starting(member)


@story(Fate(("EXPIRED", "PENDING"), open=1))
async def a_member_comes_back_to_a_page_that_is_about_to_close(lane: Lane, member: Member) -> Call:
    await lane.sound.start(member)
    lane.outside.clock.pass_time(timedelta(minutes=59))
    return starting(member)


@story(Fate(("EXPIRED", "PENDING"), open=1))
async def a_member_comes_back_to_a_page_that_the_provider_forgot(lane: Lane, member: Member) -> Call:
    offered = await lane.sound.start(member)
    del lane.outside.gateway.sessions[offered.session_id]
    lane.outside.clock.pass_time(timedelta(minutes=59))
    return starting(member)


@story(BOUGHT)
async def a_member_who_has_paid_starts_again_before_the_event(lane: Lane, member: Member) -> Call:
    await paid(lane, member)
    lane.outside.clock.pass_time(timedelta(minutes=59))
    return starting(member)


@story(Fate(("CANCELLED", "PENDING"), open=1))
async def a_member_starts_where_the_currency_is_refused(lane: Lane, member: Member) -> Call:
    lane.outside.gateway.unchargeable.add("mad")
    return starting(member)


@story(Fate(("CANCELLED", "PENDING"), open=1))
async def a_member_starts_whom_the_provider_forgot(lane: Lane, member: Member) -> Call:
    offered = await lane.sound.start(member)
    await lane.sound.container.cancel_checkout()(member.user_id, offered.payment.id)
    lane.outside.gateway.customers.clear()
    return starting(member)


@story(OPEN)
async def a_member_starts_after_the_provider_failed(lane: Lane, member: Member) -> Call:
    for _ in range(3):
        lane.outside.gateway.fail_next("open_checkout", ProviderUnavailable("500", answered=True))
        with suppress(ProviderUnavailable):
            await lane.sound.start(member)
    return starting(member)
