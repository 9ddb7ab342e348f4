"""Every use case as a story: what comes before it, the call that a crash interrupts, its caller's natural second try, and its end."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from msgspec import Struct

from application.errors import ProviderUnavailable
from application.ports.gateway import (
    ChargeRefunded,
    CheckoutCompleted,
    CheckoutExpired,
    CheckoutFailed,
    CheckoutSession,
    DisputeTold,
    ProviderFact,
    RefundTold,
)
from application.ports.jobs import ClaimedJob, JobKind
from application.start_checkout import OfferedCheckout
from builders import a_session
from domain.checkout import CLAIM
from domain.errors import AlreadySubscribed, IllegalMove
from domain.member import Member, UserId
from domain.payment import Figures, PaymentId
from domain.returns import DisputeStage
from faults.crash_lane import Fate, Lane
from postgres_world import PostgresWorld, a_talent

Call = Callable[[PostgresWorld], Awaitable[object]]
"""The use case as its caller calls it, on any replica."""


class Story(Struct, frozen=True):
    """begin: what comes before, on the sound replica; returns the call. ends: what then becomes of the member.

    by_worker: the second try is a worker's, who finds the job again, and not the same call once more.
    """

    name: str
    begin: Callable[[Lane, Member], Awaitable[Call]]
    ends: Fate
    by_worker: bool = False
    only_reads: bool = False


OPEN: Final = Fate(("PENDING",), open=1)
BOUGHT: Final = Fate(("SUCCEEDED",), periods=1, receipts=1, mails=1)
STORIES: Final[list[Story]] = []


def story(ends: Fate, *, by_worker: bool = False) -> Callable[[Callable[[Lane, Member], Awaitable[Call]]], None]:
    """Tell a story: named by the function that begins it."""

    def told(begin: Callable[[Lane, Member], Awaitable[Call]]) -> None:
        STORIES.append(Story(begin.__name__, begin, ends, by_worker))

    return told


async def paid(lane: Lane, member: Member) -> tuple[OfferedCheckout, CheckoutSession]:
    """A checkout that was paid at the provider, of which nobody has told yet."""
    offered = await lane.sound.start(member)
    return offered, lane.outside.gateway.pay(offered.session_id)


async def bought(lane: Lane, member: Member) -> tuple[OfferedCheckout, CheckoutSession]:
    """A checkout that was paid, and all is done that follows."""
    offered, session = await paid(lane, member)
    await lane.sound.told(CheckoutCompleted(session))
    await lane.sound.works(lane.observer)
    return offered, session


def telling(lane: Lane, fact: ProviderFact) -> Call:
    """The provider delivers one event, the same at each delivery."""
    delivery = lane.sound.delivery(fact)
    return lambda world: world.container.receive_event()(delivery)


async def the_job(lane: Lane, kind: JobKind) -> ClaimedJob:
    """The one job of a kind, in the hands of a worker; those before it are done."""
    while True:
        await lane.let_jobs_be_due()
        (job, *others) = await lane.sound.claim(limit=1)
        assert not others
        if job.kind is kind:
            return job
        await lane.sound.does(job)


def doing(job: ClaimedJob) -> Call:
    """A worker does a job."""
    return lambda world: world.does(job)


# Starting a checkout


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


# Events


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


async def paid_twice(lane: Lane, member: Member) -> CheckoutSession:
    """A second checkout that was paid beside time already paid."""
    first = await lane.sound.start(member)
    await lane.sound.told(CheckoutExpired(lane.outside.gateway.run_out(first.session_id)))
    await bought(lane, member)
    return lane.outside.gateway.pay(first.session_id)


GIVEN_BACK: Final = Fate(("REFUNDED", "SUCCEEDED"), periods=1, receipts=2, mails=2)


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


async def a_stray(lane: Lane, member: Member) -> CheckoutSession:
    """A second checkout of one payment that was paid while the payment's own is open: its event has to wait."""
    offered = await lane.sound.start(member)
    gateway = lane.outside.gateway
    request = gateway.prepare_checkout(gateway.orders[offered.session_id])
    stray = await gateway.open_checkout(request, key=f"stray:{offered.payment.id}")
    return gateway.pay(stray.id)


async def run_out_own(lane: Lane, member: Member) -> None:
    """The payment's own checkout runs out, so that the event of a stray one can be handled."""
    gateway = lane.outside.gateway
    (own,) = [one for one in gateway.sessions.values() if one.user_name == member.user_id and not one.settled]
    await lane.sound.told(CheckoutExpired(gateway.run_out(own.id)))


@story(Fate(("REVIEW",)))
async def an_event_has_to_wait(lane: Lane, member: Member) -> Call:
    lane.at_last = lambda: run_out_own(lane, member)
    return telling(lane, CheckoutCompleted(await a_stray(lane, member)))


@story(Fate(("REVIEW",)), by_worker=True)
async def a_worker_tries_an_event_that_had_to_wait(lane: Lane, member: Member) -> Call:
    await telling(lane, CheckoutCompleted(await a_stray(lane, member)))(lane.sound)
    await run_out_own(lane, member)
    return doing(await the_job(lane, JobKind.RETRY_EVENT))


# Money that goes back


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

    async def accept(world: PostgresWorld) -> None:
        with suppress(IllegalMove):  # it is accepted already
            await world.container.review_payments().accept(payment_id, operator="one")

    return accept


# Landing, looking, giving up


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


async def interrupted(lane: Lane, member: Member) -> PaymentId:
    """A payment whose checkout was opened at the provider without our learning of it."""
    lane.outside.gateway.fail_next("open_checkout", after_effect=True)
    with suppress(ProviderUnavailable):
        await lane.sound.start(member)
    query = "SELECT id FROM payments WHERE user_id = $1"
    return PaymentId(await lane.observer.fetchval(query, member.user_id))


@story(Fate(("CANCELLED",)))
async def a_member_gives_up_what_was_never_finished(lane: Lane, member: Member) -> Call:
    payment_id = await interrupted(lane, member)
    return lambda world: world.container.cancel_checkout()(member.user_id, payment_id)


# Reconciliation


def reconciling() -> Call:
    """The reconciliation runs."""
    return lambda world: world.container.reconcile()(whatever_the_age=True)


@story(BOUGHT)
async def a_reconciliation_finds_money(lane: Lane, member: Member) -> Call:
    await paid(lane, member)
    return reconciling()


@story(Fate(("EXPIRED",)))
async def a_reconciliation_finds_a_checkout_that_ran_out(lane: Lane, member: Member) -> Call:
    lane.outside.gateway.run_out((await lane.sound.start(member)).session_id)
    return reconciling()


@story(Fate(("EXPIRED",)))
async def a_reconciliation_finds_no_checkout(lane: Lane, member: Member) -> Call:
    del lane.outside.gateway.sessions[(await lane.sound.start(member)).session_id]
    return reconciling()


@story(Fate(("EXPIRED",)))
async def a_reconciliation_finds_what_was_never_finished(lane: Lane, member: Member) -> Call:
    await interrupted(lane, member)
    lane.outside.clock.pass_time(timedelta(minutes=61))
    return reconciling()


# Jobs


async def told_of_money(lane: Lane, member: Member) -> CheckoutSession:
    """A payment that was told of, and nothing is done yet that follows."""
    _, session = await paid(lane, member)
    await lane.sound.told(CheckoutCompleted(session))
    return session


@story(BOUGHT, by_worker=True)
async def a_worker_numbers_a_receipt(lane: Lane, member: Member) -> Call:
    await told_of_money(lane, member)
    return doing(await the_job(lane, JobKind.ISSUE_RECEIPT))


@story(BOUGHT, by_worker=True)
async def a_worker_sends_a_confirmation(lane: Lane, member: Member) -> Call:
    await told_of_money(lane, member)
    return doing(await the_job(lane, JobKind.SEND_CONFIRMATION))


@story(BOUGHT, by_worker=True)
async def a_worker_collects_an_invoice(lane: Lane, member: Member) -> Call:
    await told_of_money(lane, member)
    return doing(await the_job(lane, JobKind.COLLECT_INVOICE))


@story(BOUGHT, by_worker=True)
async def a_worker_claims_jobs(lane: Lane, member: Member) -> Call:
    await told_of_money(lane, member)
    return lambda world: world.claim()


@story(BOUGHT, by_worker=True)
async def a_worker_puts_a_job_back(lane: Lane, member: Member) -> Call:
    await told_of_money(lane, member)
    job = await the_job(lane, JobKind.ISSUE_RECEIPT)
    return lambda world: world.container.queue().fail(job, "no paper", retry_after_seconds=1)


@story(BOUGHT, by_worker=True)
async def a_worker_takes_lost_jobs_back(lane: Lane, member: Member) -> Call:
    await told_of_money(lane, member)
    await lane.sound.claim()
    await lane.let_jobs_be_due()
    return lambda world: world.container.queue().reap(retry_after_seconds=1)


# Reads


def reading(ask: Callable[[PostgresWorld, UserId, PaymentId], Awaitable[object]]) -> None:
    """Tell a story in which a member who has paid reads something."""

    async def begin(lane: Lane, member: Member) -> Call:
        offered, _ = await bought(lane, member)
        return lambda world: ask(world, member.user_id, offered.payment.id)

    STORIES.append(Story(ask.__name__, begin, BOUGHT, only_reads=True))


async def a_member_lists_payments(world: PostgresWorld, user_id: UserId, _payment_id: PaymentId) -> object:
    return await world.container.list_payments()(user_id)


async def a_member_opens_a_payment(world: PostgresWorld, user_id: UserId, payment_id: PaymentId) -> object:
    return await world.container.show_payment()(user_id, payment_id)


async def a_member_opens_a_receipt(world: PostgresWorld, user_id: UserId, payment_id: PaymentId) -> object:
    return await world.container.show_receipt()(user_id, payment_id)


async def a_member_looks_at_the_fee(world: PostgresWorld, user_id: UserId, _payment_id: PaymentId) -> object:
    return await world.container.show_standing()(a_talent(user_id))


async def the_platform_checks_access(world: PostgresWorld, user_id: UserId, _payment_id: PaymentId) -> object:
    return await world.container.check_access()(user_id)


async def anybody_lists_plans(world: PostgresWorld, _user_id: UserId, _payment_id: PaymentId) -> object:
    return await world.container.list_plans()()


for read in (
    a_member_lists_payments,
    a_member_opens_a_payment,
    a_member_opens_a_receipt,
    a_member_looks_at_the_fee,
    the_platform_checks_access,
    anybody_lists_plans,
):
    reading(read)

BETWEEN_TRIES: Final = CLAIM + timedelta(seconds=1)
"""How long a caller waits before the second try: a claim that a crash left behind has ended by then."""
