"""What operators do with events and jobs, and what is forgotten."""

from application.ports.gateway import CheckoutCompleted
from application.ports.jobs import JobKind
from domain.member import Member
from faults.crash_lane import Fate, Lane
from faults.stories.kit import BOUGHT, OPEN, Call, a_stray, bought, paid, run_out_own, story, the_job

OPERATOR = "one"
LONG_AGO = "UPDATE events SET received_at = received_at - interval '500 days'"


async def a_dead_job(lane: Lane, kind: JobKind) -> int:
    """The id of the one job of a kind, whose last try has failed."""
    job = await the_job(lane, kind)
    await lane.sound.container.queue().fail(job, "poison", retry_after_seconds=None)
    return job.id


@story(Fate(("EXPIRED", "SUCCEEDED"), periods=1, receipts=1, mails=1))
async def an_operator_replays_an_event(lane: Lane, member: Member) -> Call:
    delivery = lane.sound.delivery(CheckoutCompleted(await a_stray(lane, member)))
    receipt = await lane.sound.container.receive_event()(delivery)
    await a_dead_job(lane, JobKind.RETRY_EVENT)
    await run_out_own(lane, member)
    return lambda world: world.container.replay_event()(receipt.event_id, operator=OPERATOR)


@story(Fate(("EXPIRED", "SUCCEEDED"), periods=1, receipts=1, mails=1))
async def an_operator_replays_an_event_that_still_has_to_wait(lane: Lane, member: Member) -> Call:
    delivery = lane.sound.delivery(CheckoutCompleted(await a_stray(lane, member)))
    receipt = await lane.sound.container.receive_event()(delivery)
    await a_dead_job(lane, JobKind.RETRY_EVENT)
    lane.at_last = lambda: run_out_own(lane, member)
    return lambda world: world.container.replay_event()(receipt.event_id, operator=OPERATOR)


@story(OPEN)
async def an_operator_gives_an_event_up(lane: Lane, member: Member) -> Call:
    await lane.sound.told(CheckoutCompleted(await a_stray(lane, member)))
    job_id = await a_dead_job(lane, JobKind.RETRY_EVENT)
    return lambda world: world.container.discard_job()(job_id, operator=OPERATOR)


@story(BOUGHT)
async def an_operator_has_a_dead_job_tried_again(lane: Lane, member: Member) -> Call:
    _, session = await paid(lane, member)
    await lane.sound.told(CheckoutCompleted(session))
    job_id = await a_dead_job(lane, JobKind.ISSUE_RECEIPT)
    return lambda world: world.container.retry_job()(job_id, operator=OPERATOR)


@story(BOUGHT)
async def what_has_served_is_forgotten(lane: Lane, member: Member) -> Call:
    await bought(lane, member)
    await lane.observer.execute(LONG_AGO)
    return lambda world: world.container.prune()()
