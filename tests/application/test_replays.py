"""An operator has kept events applied again, and decides on dead jobs; the audit says who did."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest

from adapters.memory.kept import MemoryKnownJobs, MemoryRetention
from application.errors import MailRefused, TryAgain
from application.ports.gateway import CheckoutCompleted, NothingToDo, ProviderEvent, Unreadable
from application.ports.jobs import TRIES_MAX, JobKind, JobState, NewJob
from application.ports.store import EventState
from application.prune import BATCH, Prune, Pruned
from application.receive_event import Outcome
from application.replay_event import FORGOTTEN
from application.settle_job import DiscardJob, RetryJob
from broken_verb import with_a_bug
from builders import a_session, an_event
from domain.payment import PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World

ID: Final = "evt_1"
UNTIL_RETRY: Final = timedelta(seconds=60)


async def an_event_parked_by_a_bug(world: "World") -> ProviderEvent:
    """A member has paid, and the event that tells it is parked."""
    offered = await world.start()
    event = an_event(CheckoutCompleted(world.gateway.pay(offered.session_id)), id=ID)
    await with_a_bug(world)(world.reader.signed(event))
    return event


async def let_die(world: "World") -> None:
    """Try until the tries are used up."""
    for _ in range(TRIES_MAX):
        world.clock.pass_time(UNTIL_RETRY)
        await world.work()


def state_of(world: "World", event_id: str = ID) -> EventState:
    (found,) = [event.state for event in world.store.events() if event.id == event_id]
    return found


def job_id_of(world: "World", kind: JobKind) -> int:
    (found,) = [row.id for row in world.store.jobs.rows if row.job.kind is kind]
    return found


def retrying(world: "World") -> RetryJob:
    """The verb with which an operator has a dead job done again."""
    return RetryJob(begin=world.begin, jobs=MemoryKnownJobs(world.store), clock=world.clock)


def discarding(world: "World") -> DiscardJob:
    """The verb with which an operator gives a dead job up."""
    return DiscardJob(begin=world.begin, jobs=MemoryKnownJobs(world.store), clock=world.clock)


async def test_a_replay_applies_a_parked_event_through_the_verb_of_the_webhook(world: "World") -> None:
    await an_event_parked_by_a_bug(world)
    replay = await world.replay(ID, operator="nadia")

    assert (EventState.PARKED, EventState.HANDLED, None) == (replay.before, replay.after, replay.error)
    assert [PaymentStatus.SUCCEEDED] == world.statuses()
    assert (EventState.HANDLED, None) == (state_of(world), world.store.events()[0].error)
    assert [("parked", "handled", "replayed")] == world.moves("event")
    assert ["operator:nadia"] == [row.cause.actor for row in world.store.audit if row.entity == "event"]
    assert "stripe" == next(row.cause.actor for row in world.store.audit if row.to_status == "SUCCEEDED")


async def test_the_retry_of_a_replayed_event_ends_as_done_dead_or_not(world: "World") -> None:
    await world.deliver(Unreadable("?"), id=ID)
    await let_die(world)
    dead = world.jobs(JobKind.RETRY_EVENT)
    world.reader.signed(an_event(NothingToDo(), id=ID, body=world.store.events()[0].body))
    replay = await world.replay(ID, operator="nadia")
    met = await world.work()

    assert (["dead"], EventState.IGNORED, []) == (dead, replay.after, met)
    assert ["done"] == world.jobs(JobKind.RETRY_EVENT)
    assert [("parked", "ignored", "replayed")] == world.moves("event")
    assert [("dead", "ready", "replayed")] == world.moves("job")


@pytest.mark.parametrize("times", [1, 3])
async def test_a_handled_event_stays_as_it_is_however_often_it_is_replayed(world: "World", times: int) -> None:
    await an_event_parked_by_a_bug(world)
    await world.replay(ID, operator="nadia")
    audit = list(world.store.audit)
    replays = [await world.replay(ID, operator="nadia") for _ in range(times)]

    assert {(EventState.HANDLED, EventState.HANDLED, None)} == {(one.before, one.after, one.error) for one in replays}
    assert audit == world.store.audit
    assert 1 == len(world.subscription().periods)


async def test_a_replay_that_fails_says_why_and_leaves_a_trail_and_a_retry_that_is_due(world: "World") -> None:
    await world.deliver(Unreadable("no amount"), id=ID)
    await let_die(world)
    replay = await world.replay(ID, operator="nadia")
    (row,) = world.store.jobs.rows

    assert (EventState.PARKED, EventState.PARKED) == (replay.before, replay.after)
    assert "no amount" in (replay.error or "")
    assert replay.error == world.store.events()[0].error
    assert [("parked", "parked", "replayed")] == world.moves("event")
    assert ("ready", 0, world.clock.now()) == (row.state, row.attempts, row.run_at)


async def test_a_failing_replay_does_not_hurry_a_retry_that_is_not_dead(world: "World") -> None:
    await world.deliver(Unreadable("?"), id=ID)
    before = world.store.jobs.rows[0].record()
    await world.replay(ID, operator="nadia")

    assert before == world.store.jobs.rows[0].record()


async def test_an_ignored_event_is_applied_once_a_version_understands_it(world: "World") -> None:
    """Money that an older version took for none of ours."""
    offered = await world.start()
    session = world.gateway.pay(offered.session_id)
    event = an_event(NothingToDo(), id=ID)
    receipt = await world.receive(world.reader.signed(event))
    still = await world.replay(ID, operator="nadia")
    untold = world.moves("event")
    world.reader.signed(an_event(CheckoutCompleted(session), id=ID, body=event.body))
    replay = await world.replay(ID, operator="nadia")

    assert (Outcome.IGNORED, EventState.IGNORED, []) == (receipt.outcome, still.after, untold)
    assert (EventState.IGNORED, EventState.HANDLED) == (replay.before, replay.after)
    assert [PaymentStatus.SUCCEEDED] == world.statuses()


async def test_an_ignored_event_that_turns_out_unreadable_is_parked_and_retried(world: "World") -> None:
    event = an_event(NothingToDo(), id=ID)
    await world.receive(world.reader.signed(event))
    world.reader.signed(an_event(Unreadable("no amount"), id=ID, body=event.body))
    replay = await world.replay(ID, operator="nadia")

    assert (EventState.IGNORED, EventState.PARKED) == (replay.before, replay.after)
    assert ["ready"] == world.jobs(JobKind.RETRY_EVENT)


async def test_unknown_events_and_forgotten_bodies_are_said_to_be_so(world: "World") -> None:
    await world.deliver(NothingToDo(), id=ID)
    world.clock.pass_time(timedelta(days=91))
    await MemoryRetention(world.store).strip_bodies(days=90, limit=10)
    unknown, forgotten = await world.replay("evt_9", operator="o"), await world.replay(ID, operator="o")

    assert (None, None, None) == (unknown.before, unknown.after, unknown.error)
    assert (EventState.IGNORED, FORGOTTEN) == (forgotten.after, forgotten.error)


async def test_a_replay_whose_commit_has_an_unknown_outcome_is_done_once(world: "World") -> None:
    await an_event_parked_by_a_bug(world)
    world.faults.at_commit(1, TryAgain("the connection was lost"), after_effect=True)
    replay = await world.replay(ID, operator="nadia")

    assert EventState.HANDLED is replay.after
    assert 1 == len(world.subscription().periods)
    assert 1 == len(world.moves("event"))


async def test_a_replay_without_a_store_raises_and_parks_nothing(world: "World") -> None:
    await an_event_parked_by_a_bug(world)
    world.faults.away = True
    with pytest.raises(TryAgain):
        await world.replay(ID, operator="nadia")

    assert [] == world.moves("event")


async def test_a_replay_and_a_retry_of_one_event_at_once_apply_it_once(world: "World") -> None:
    await an_event_parked_by_a_bug(world)
    world.clock.pass_time(UNTIL_RETRY)
    await asyncio.gather(world.replay(ID, operator="nadia"), world.work())
    await world.work()

    assert [PaymentStatus.SUCCEEDED] == world.statuses()
    assert 1 == len(world.subscription().periods)
    assert ["done"] == world.jobs(JobKind.RETRY_EVENT)


async def a_dead_mail(world: "World") -> int:
    """A member has paid, and the mail that says so was refused: the id of its job."""
    await world.buy()
    world.mailer.fail_next(MailRefused("the sender is not verified"))
    await world.work()
    await world.work()
    assert ["dead"] == world.jobs(JobKind.SEND_CONFIRMATION)
    return job_id_of(world, JobKind.SEND_CONFIRMATION)


async def test_a_dead_mail_is_sent_once_an_operator_has_it_retried(world: "World") -> None:
    change = await retrying(world)(await a_dead_mail(world), operator="nadia")
    audit = world.store.audit[-1]
    await world.work()

    assert (JobState.READY, 1) == (change.after, len(world.mailer.delivered))
    assert ["done"] == world.jobs(JobKind.SEND_CONFIRMATION)
    assert [("dead", "ready", "retried")] == world.moves("job")
    assert "operator:nadia" == audit.cause.actor


@pytest.mark.parametrize("verb", [retrying, discarding])
async def test_only_dead_jobs_are_moved(world: "World", verb: "Callable[[World], RetryJob | DiscardJob]") -> None:
    await world.deliver(Unreadable("?"), id=ID)
    ready = job_id_of(world, JobKind.RETRY_EVENT)
    decide = verb(world)
    change, unknown = await decide(ready, operator="nadia"), await decide(4711, operator="nadia")

    assert (JobState.READY, []) == (change.after, world.moves("job"))
    assert (None, None) == (unknown.found, unknown.after)


async def test_a_discarded_retry_is_never_done_and_its_event_is_ignored(world: "World") -> None:
    await world.deliver(Unreadable("no amount"), id=ID)
    await let_die(world)
    change = await discarding(world)(job_id_of(world, JobKind.RETRY_EVENT), operator="nadia")
    world.clock.pass_time(timedelta(days=3))

    assert JobState.DISCARDED is change.after
    assert ([], ["discarded"]) == (await world.work(), world.jobs(JobKind.RETRY_EVENT))
    assert EventState.IGNORED is state_of(world)
    assert "no amount" in (world.store.events()[0].error or "")
    assert [("parked", "ignored", "discarded")] == world.moves("event")


async def test_a_discarded_job_about_a_payment_is_not_done_for_a_late_duplicate_either(world: "World") -> None:
    await discarding(world)(await a_dead_mail(world), operator="nadia")
    async with world.begin() as work:
        work.jobs.enqueue(NewJob(kind=JobKind.SEND_CONFIRMATION, subject=str(world.payment().id)))
        await work.commit()
    await world.work()

    assert ["discarded"] == world.jobs(JobKind.SEND_CONFIRMATION)
    assert [] == world.mailer.delivered


async def test_one_poison_event_among_a_thousand_holds_up_none_of_the_others(
    world: "World", caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)  # a thousand tracebacks cost more than all the rest
    broken = with_a_bug(world)
    events = [an_event(CheckoutCompleted(a_session()), id=f"evt_{number}") for number in range(999)]
    for event in (an_event(Unreadable("poison"), id="evt_poison"), *events):
        await broken(world.reader.signed(event))
    world.clock.pass_time(UNTIL_RETRY)
    met = [error for _ in range(1000 // 100) for error in await world.work()]

    assert 1000 == len(world.store.events())
    assert ["event evt_poison of type checkout.session.completed cannot be read: poison"] == [str(one) for one in met]
    assert ["evt_poison"] == [event.id for event in world.store.events() if event.state is EventState.PARKED]
    assert 999 == world.jobs(JobKind.RETRY_EVENT).count("done")


async def test_what_is_old_is_forgotten_in_batches_and_a_late_duplicate_does_nothing_twice(world: "World") -> None:
    offered = await world.start()
    event = an_event(CheckoutCompleted(world.gateway.pay(offered.session_id)), id=ID)
    await world.receive(world.reader.signed(event))
    await world.work()
    await world.work()
    for number in range(BATCH + 1):
        await world.deliver(NothingToDo(), id=f"evt_idle_{number}")
    prune = Prune(retention=MemoryRetention(world.store), clock=world.clock, body_days=90, event_days=400, job_days=30)
    world.clock.pass_time(timedelta(days=91))
    bodies = await prune()
    late = await world.receive(world.reader.signed(event))
    world.clock.pass_time(timedelta(days=320))
    rows = await prune()
    later = await world.receive(world.reader.signed(event))
    await world.work()

    assert Pruned(bodies=BATCH + 2, events=0, jobs=0) == bodies
    assert Pruned(bodies=0, events=BATCH + 2, jobs=0) == rows
    assert (Outcome.REPEATED, Outcome.HANDLED) == (late.outcome, later.outcome)
    assert (1, 1) == (len(world.subscription().periods), len(world.mailer.delivered))
    assert ["done"] == world.jobs(JobKind.SEND_CONFIRMATION)
