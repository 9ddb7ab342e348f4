"""What a worker does."""

from application.ports.gateway import (
    CheckoutCompleted,
    CheckoutSession,
)
from application.ports.jobs import JobKind
from domain.member import Member
from faults.crash_lane import Lane
from faults.stories.kit import BOUGHT, Call, doing, paid, story, the_job


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
