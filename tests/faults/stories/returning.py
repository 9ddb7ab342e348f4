"""Money that goes back, or that an operator decides on."""

from datetime import timedelta

from application.ports.gateway import (
    ChargeRefunded,
    CheckoutCompleted,
    DisputeTold,
    RefundTold,
)
from application.ports.jobs import JobKind
from domain.member import Member
from domain.payment import Figures, PaymentId
from domain.returns import DisputeStage
from faults.crash_lane import Fate, Lane
from faults.stories.kit import GIVEN_BACK, Call, bought, doing, paid, paid_twice, story, telling, the_job


@story(Fate(("REFUNDED",), periods=1, receipts=1, mails=2))
async def an_event_tells_of_a_refund(lane: Lane, member: Member) -> Call:
    _, session = await bought(lane, member)
    lane.outside.clock.pass_time(timedelta(days=1))
    return telling(lane, RefundTold(lane.outside.gateway.give_back(session.id)))


@story(Fate(("REFUNDED",), periods=0, receipts=1, mails=1))
async def an_event_tells_of_a_refund_before_the_payment_is_known(lane: Lane, member: Member) -> Call:
    _, session = await paid(lane, member)
    refund = lane.outside.gateway.give_back(session.id)
    lane.at_last = lambda: lane.sound.told(CheckoutCompleted(session))
    return telling(lane, RefundTold(refund))


@story(Fate(("PARTIALLY_REFUNDED",), periods=1, receipts=1, mails=1))
async def an_event_tells_of_a_charge_of_which_a_part_went_back(lane: Lane, member: Member) -> Call:
    _, session = await bought(lane, member)
    lane.outside.gateway.give_back(session.id, 100)
    return telling(lane, ChargeRefunded(session.payment_intent_id or "", 100, "mad"))


@story(Fate(("PARTIALLY_REFUNDED",), periods=1, receipts=1, mails=1), by_worker=True)
async def a_worker_asks_what_went_back(lane: Lane, member: Member) -> Call:
    _, session = await bought(lane, member)
    lane.outside.gateway.give_back(session.id, 100)
    await lane.sound.told(ChargeRefunded(session.payment_intent_id or "", 100, "mad"))
    return doing(await the_job(lane, JobKind.COLLECT_RETURNS))


@story(Fate(("SUCCEEDED",), periods=1, receipts=1, mails=1))
async def an_event_tells_of_a_lost_dispute(lane: Lane, member: Member) -> Call:
    _, session = await bought(lane, member)
    lane.outside.clock.pass_time(timedelta(days=1))
    return telling(lane, DisputeTold(lane.outside.gateway.dispute(session.id, DisputeStage.LOST)))


@story(GIVEN_BACK, by_worker=True)
async def a_worker_gives_a_duplicate_back(lane: Lane, member: Member) -> Call:
    await lane.sound.told(CheckoutCompleted(await paid_twice(lane, member)))
    return doing(await the_job(lane, JobKind.REFUND_DUPLICATE))


@story(GIVEN_BACK, by_worker=True)
async def a_worker_tells_of_a_refund(lane: Lane, member: Member) -> Call:
    await lane.sound.told(CheckoutCompleted(await paid_twice(lane, member)))
    return doing(await the_job(lane, JobKind.SEND_REFUND_NOTICE))


async def under_review(lane: Lane, member: Member) -> PaymentId:
    """A payment whose money does not match."""
    offered = await lane.sound.start(member)
    session = lane.outside.gateway.pay(offered.session_id, Figures(40000, "mad"))
    await lane.sound.told(CheckoutCompleted(session))
    return offered.payment.id


@story(Fate(("REFUNDED",), mails=1))
async def an_operator_gives_money_back(lane: Lane, member: Member) -> Call:
    payment_id = await under_review(lane, member)
    return lambda world: world.container.review_payments().give_back(payment_id, operator="one")


@story(Fate(("SUCCEEDED",), periods=1, receipts=1, mails=1))
async def an_operator_accepts_money(lane: Lane, member: Member) -> Call:
    payment_id = await under_review(lane, member)
    return lambda world: world.container.review_payments().accept(payment_id, operator="one")
