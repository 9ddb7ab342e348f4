"""What a reconciliation finds."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from application.errors import ProviderUnavailable
from application.findings import Findings
from application.ports.gateway import (
    CheckoutCompleted,
)
from application.reconcile import Part
from builders import an_event
from domain.member import Member
from domain.returns import DisputeStage
from entrypoints.container import Container
from faults.crash_lane import Fate, Lane
from faults.stories.kit import BOUGHT, Call, a_stray, bought, interrupted, paid, run_out_own, story


def reconciling(part: Callable[[Container], Part]) -> Call:
    """One part of the reconciliation runs."""
    return lambda world: part(world.container)(Findings(), whatever_the_age=True)


def catching_up() -> Call:
    """What never came is looked up in the provider's lists."""
    return reconciling(lambda container: container.catch_up())


def checking_unfinished() -> Call:
    """Payments whose money may still come are asked about."""
    return reconciling(lambda container: container.check_unfinished())


@story(BOUGHT)
async def a_reconciliation_finds_money(lane: Lane, member: Member) -> Call:
    await paid(lane, member)
    return lambda world: world.container.reconcile()(whatever_the_age=True)


@story(Fate(("EXPIRED",)))
async def a_reconciliation_finds_a_checkout_that_ran_out(lane: Lane, member: Member) -> Call:
    lane.outside.gateway.run_out((await lane.sound.start(member)).session_id)
    return checking_unfinished()


@story(Fate(("EXPIRED",)))
async def a_reconciliation_finds_no_checkout(lane: Lane, member: Member) -> Call:
    del lane.outside.gateway.sessions[(await lane.sound.start(member)).session_id]
    return checking_unfinished()


@story(Fate(("EXPIRED",)))
async def a_reconciliation_finds_what_was_never_finished(lane: Lane, member: Member) -> Call:
    await interrupted(lane, member)
    lane.outside.clock.pass_time(timedelta(minutes=61))
    return checking_unfinished()


@story(BOUGHT)
async def a_reconciliation_finds_an_event_that_never_came(lane: Lane, member: Member) -> Call:
    _, session = await paid(lane, member)
    event = an_event(CheckoutCompleted(session), created=lane.outside.clock.now())
    lane.outside.reader.signed(event)
    lane.outside.records.made.append(event)
    return catching_up()


@story(Fate(("EXPIRED", "SUCCEEDED"), periods=1, receipts=1, mails=1))
async def a_reconciliation_finds_money_in_the_list_of_checkouts(lane: Lane, member: Member) -> Call:
    await a_stray(lane, member)
    await run_out_own(lane, member)
    return catching_up()


@story(Fate(("REFUNDED",), periods=1, receipts=1, mails=2))
async def a_reconciliation_finds_a_refund(lane: Lane, member: Member) -> Call:
    _, session = await bought(lane, member)
    lane.outside.clock.pass_time(timedelta(days=1))
    lane.outside.gateway.give_back(session.id)
    return catching_up()


@story(BOUGHT)
async def a_reconciliation_finds_a_lost_dispute(lane: Lane, member: Member) -> Call:
    _, session = await bought(lane, member)
    lane.outside.clock.pass_time(timedelta(days=1))
    lane.outside.gateway.dispute(session.id, DisputeStage.LOST)
    return catching_up()


@story(Fate(("PENDING",)))
async def a_reconciliation_finds_a_customer(lane: Lane, member: Member) -> Call:
    lane.outside.gateway.fail_next("create_customer", after_effect=True)
    with suppress(ProviderUnavailable):
        await lane.sound.start(member)
    return reconciling(lambda container: container.finish_customers())
