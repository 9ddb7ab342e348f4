"""Events of the provider about checkouts."""

from datetime import timedelta

from application.ports.gateway import (
    CheckoutCompleted,
    CheckoutExpired,
    CheckoutFailed,
)
from application.ports.jobs import JobKind
from builders import a_session
from domain.member import Member
from domain.payment import Figures
from faults.crash_lane import Fate, Lane
from faults.stories.kit import (
    BOUGHT,
    GIVEN_BACK,
    Call,
    a_stray,
    bought,
    doing,
    paid,
    paid_twice,
    run_out_own,
    second_checkout_of,
    story,
    telling,
    the_job,
)


@story(BOUGHT)
async def an_event_tells_of_money(lane: Lane, member: Member) -> Call:
    return telling(lane, CheckoutCompleted((await paid(lane, member))[1]))


@story(Fate(("SUCCEEDED", "SUCCEEDED"), periods=2, receipts=2, mails=2))
async def an_event_tells_of_a_renewal(lane: Lane, member: Member) -> Call:
    await bought(lane, member)
    lane.outside.clock.pass_time(timedelta(days=340))
    return telling(lane, CheckoutCompleted((await paid(lane, member))[1]))


@story(Fate(("SUCCEEDED", "SUCCEEDED"), periods=2, receipts=2, mails=2))
async def an_event_tells_of_money_after_the_year_has_ended(lane: Lane, member: Member) -> Call:
    await bought(lane, member)
    lane.outside.clock.pass_time(timedelta(days=400))
    return telling(lane, CheckoutCompleted((await paid(lane, member))[1]))


@story(GIVEN_BACK)
async def an_event_tells_of_a_duplicate(lane: Lane, member: Member) -> Call:
    return telling(lane, CheckoutCompleted(await paid_twice(lane, member)))


@story(Fate(("REVIEW",)))
async def an_event_tells_of_money_that_does_not_match(lane: Lane, member: Member) -> Call:
    offered = await lane.sound.start(member)
    return telling(lane, CheckoutCompleted(lane.outside.gateway.pay(offered.session_id, Figures(100, "mad"))))


@story(Fate(("EXPIRED",)))
async def an_event_tells_that_a_checkout_ran_out(lane: Lane, member: Member) -> Call:
    offered = await lane.sound.start(member)
    return telling(lane, CheckoutExpired(lane.outside.gateway.run_out(offered.session_id)))


@story(Fate(("PROCESSING",)))
async def an_event_tells_of_a_delayed_method(lane: Lane, member: Member) -> Call:
    offered = await lane.sound.start(member)
    return telling(lane, CheckoutCompleted(lane.outside.gateway.pay_later(offered.session_id)))


@story(Fate(("FAILED",)))
async def an_event_tells_that_a_delayed_method_failed(lane: Lane, member: Member) -> Call:
    offered = await lane.sound.start(member)
    return telling(lane, CheckoutFailed(lane.outside.gateway.pay_later(offered.session_id)))


@story(Fate(()))
async def an_event_is_about_somebody_elses_checkout(lane: Lane, _member: Member) -> Call:
    return telling(lane, CheckoutCompleted(a_session()))


@story(Fate(("EXPIRED", "SUCCEEDED"), periods=1, receipts=1, mails=1))
async def an_event_has_to_wait(lane: Lane, member: Member) -> Call:
    lane.at_last = lambda: run_out_own(lane, member)
    return telling(lane, CheckoutCompleted(await a_stray(lane, member)))


@story(Fate(("EXPIRED", "SUCCEEDED"), periods=1, receipts=1, mails=1), by_worker=True)
async def a_worker_tries_an_event_that_had_to_wait(lane: Lane, member: Member) -> Call:
    await telling(lane, CheckoutCompleted(await a_stray(lane, member)))(lane.sound)
    await run_out_own(lane, member)
    return doing(await the_job(lane, JobKind.RETRY_EVENT))


@story(Fate(("SUCCEEDED", "REFUNDED"), periods=1, receipts=2, mails=2))
async def an_event_tells_of_a_second_checkout_of_a_paid_payment(lane: Lane, member: Member) -> Call:
    offered, _ = await bought(lane, member)
    return telling(lane, CheckoutCompleted(await second_checkout_of(lane, offered)))
