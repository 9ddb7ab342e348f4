"""Events that are kept, jobs that die, and lists of both: what tests of them begin with."""

from application.ports.gateway import ProviderEvent
from application.ports.jobs import ClaimedJob, JobKind, NewJob
from application.ports.reads import WantedEvents
from application.ports.store import BeginWork, EventState
from builders import an_event
from contract.stores import Store

DAY = 86400.0
REFUND = "charge.refunded"


async def keep(
    begin: BeginWork, state: EventState, *, tried: bool | None = None, count: int = 1, **changes: object
) -> list[ProviderEvent]:
    """Keep events in a state, with a job that retries them where they are parked or it is asked for."""
    kept = [an_event(None, **changes) for _ in range(count)]
    async with begin() as work:
        for event in kept:
            if state is EventState.PARKED:
                await work.inbox.park(event, "no such payment")
            else:
                await work.inbox.first_time(event)
                work.inbox.settle(event.id, state)
            if state is EventState.PARKED if tried is None else tried:
                work.jobs.enqueue(NewJob(kind=JobKind.RETRY_EVENT, subject=event.id))
        await work.commit()
    return kept


async def claim(store: Store) -> list[ClaimedJob]:
    return await store.queue.claim(frozenset(JobKind), limit=100, lease_seconds=60)


async def let_die(store: Store) -> list[ClaimedJob]:
    """Let all jobs that are due die."""
    jobs = await claim(store)
    for job in jobs:
        await store.queue.fail(job, "it never fits", retry_after_seconds=None)
    return jobs


async def listed(store: Store, limit: int = 50, **wanted: object) -> list[str]:
    page = await store.kept_events.page(WantedEvents(**wanted), limit=limit)  # type: ignore[arg-type] # one keyword to differ
    return [kept.event.id for kept in page]
