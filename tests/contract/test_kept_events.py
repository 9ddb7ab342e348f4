"""Events and jobs as operators see them, and what they can do about them."""

from datetime import timedelta

import pytest

from application.errors import Conflict
from application.ports.jobs import JobKind, JobRecord, JobState, NewJob
from application.ports.reads import AuditRecord, WantedEvents
from application.ports.store import BeginWork, EventState
from builders import a_payment
from contract.keeping import DAY, REFUND, claim, keep, let_die, listed
from contract.stores import Store
from domain.audit import Cause


async def test_events_are_listed_by_state_and_type_the_last_received_first(store: Store, begin: BeginWork) -> None:
    (dead,) = await keep(begin, EventState.PARKED)
    await let_die(store)
    await store.pass_time(10)
    (handled,) = await keep(begin, EventState.HANDLED, type=REFUND)
    await store.pass_time(10)
    (parked,) = await keep(begin, EventState.PARKED)
    await store.pass_time(10)
    (ignored,) = await keep(begin, EventState.IGNORED, type=REFUND)

    assert [ignored.id, parked.id, handled.id, dead.id] == await listed(store)
    assert [ignored.id, parked.id] == await listed(store, limit=2)
    assert [parked.id, dead.id] == await listed(store, state=EventState.PARKED)
    assert [dead.id] == await listed(store, dead=True)
    assert [ignored.id, handled.id] == await listed(store, type=REFUND)
    assert [handled.id] == await listed(store, type=REFUND, state=EventState.HANDLED)


async def test_the_pages_of_a_list_of_events_meet_without_gap_or_repeat(store: Store, begin: BeginWork) -> None:
    kept = await keep(begin, EventState.IGNORED, count=7)
    found, last = list[str](), None
    while page := await store.kept_events.page(WantedEvents(), limit=3, before=last):
        found += [one.event.id for one in page]
        last = page[-1].event

    assert sorted((event.id for event in kept), reverse=True) == found


async def test_only_what_was_received_since_then_is_listed(store: Store, begin: BeginWork) -> None:
    await keep(begin, EventState.HANDLED)
    await store.pass_time(60)
    (late,) = await keep(begin, EventState.HANDLED)
    (shown,) = await store.kept_events.page(WantedEvents(), limit=1)

    assert late.id == shown.event.id
    assert [late.id] == await listed(store, since=shown.event.received_at)
    assert [] == await listed(store, since=shown.event.received_at + timedelta(microseconds=1))


async def test_a_list_leaves_the_bodies_out_and_one_event_has_its_body_and_its_retry(
    store: Store, begin: BeginWork
) -> None:
    (event,) = await keep(begin, EventState.PARKED)
    (job,) = await let_die(store)
    (shown,) = await store.kept_events.page(WantedEvents(), limit=5)
    one = await store.kept_events.one(event.id)

    assert one is not None
    assert one.retry is not None
    assert (None, event.body) == (shown.event.body, one.event.body)
    assert (event.id, event.type, event.created, event.api_version) == (
        one.event.id,
        one.event.type,
        one.event.created_at,
        one.event.api_version,
    )
    assert ("no such payment", True, True) == (one.event.error, one.dead, shown.dead)
    assert (job.id, JobState.DEAD, 1, "it never fits") == (
        one.retry.id,
        one.retry.state,
        one.retry.attempts,
        one.retry.last_error,
    )
    assert await store.kept_events.one("evt_unknown") is None


async def test_what_an_event_changed_is_found_by_its_id(store: Store, begin: BeginWork) -> None:
    payment = a_payment()
    async with begin() as work:
        work.payments.add(payment, Cause(why="checkout.session.completed", actor="stripe", event_id="evt_1"))
        work.payments.add(a_payment(), Cause(why="checkout.session.completed", actor="stripe", event_id="evt_2"))
        await work.commit()
    (row,) = await store.kept_events.caused("evt_1")

    assert row == AuditRecord(
        at=row.at,
        entity="payment",
        entity_id=str(payment.id),
        from_status=None,
        to_status="PENDING",
        why="checkout.session.completed",
        actor="stripe",
    )
    assert row.at.tzinfo is not None
    assert [] == await store.kept_events.caused("evt_3")


async def test_settling_with_a_cause_is_audited_even_where_the_state_stays(store: Store, begin: BeginWork) -> None:
    (event,) = await keep(begin, EventState.PARKED)
    for state, error in ((EventState.PARKED, "still not"), (EventState.HANDLED, None)):
        async with begin() as work:
            assert await work.inbox.find(event.id) is not None
            work.inbox.settle(event.id, state, error, cause=Cause(why="replayed", actor="o", event_id=event.id))
            await work.commit()

    moves = [(row.entity, row.from_status, row.to_status) for row in await store.kept_events.caused(event.id)]
    assert [("event", "parked", "parked"), ("event", "parked", "handled")] == moves


async def test_jobs_are_listed_by_state_and_kind_the_newest_first(store: Store, begin: BeginWork) -> None:
    await keep(begin, EventState.PARKED)
    async with begin() as work:
        for subject in ("one", "two", "three"):
            work.jobs.enqueue(NewJob(kind=JobKind.SEND_CONFIRMATION, subject=subject))
        await work.commit()
    await let_die(store)
    dead = await store.known_jobs.page(JobState.DEAD, limit=10)
    mails = await store.known_jobs.page(JobState.DEAD, kind=JobKind.SEND_CONFIRMATION, limit=2)

    assert 4 == len(dead)
    assert dead == sorted(dead, key=lambda job: job.id, reverse=True)
    assert dead[:2] == mails
    assert dead[2:] == await store.known_jobs.page(JobState.DEAD, limit=10, before=dead[1].id)
    assert [] == await store.known_jobs.page(JobState.READY, limit=10)
    assert dead[0] == await store.known_jobs.one(dead[0].id)
    assert await store.known_jobs.one(dead[0].id + 1000) is None


async def a_dead_job(store: Store, begin: BeginWork) -> JobRecord:
    async with begin() as work:
        work.jobs.enqueue(NewJob(kind=JobKind.ISSUE_RECEIPT, subject="one"))
        await work.commit()
    await let_die(store)
    (job,) = await store.known_jobs.page(JobState.DEAD, limit=2)
    return job


async def test_a_revived_job_is_due_at_once_with_all_its_tries(store: Store, begin: BeginWork) -> None:
    dead = await a_dead_job(store, begin)
    async with begin() as work:
        assert dead == await work.jobs.find(dead.id)
        assert dead == await work.jobs.of(dead.kind, dead.subject)
        work.jobs.revive(dead, Cause(why="retried", actor="operator:o"))
        await work.commit()
    (again,) = await claim(store)

    assert (dead.id, 1) == (again.id, again.attempt)
    assert [("job", "dead", "ready")] == [
        (row.entity, row.from_status, row.to_status) for row in await store.audit() if row.entity_id == str(dead.id)
    ]


async def test_a_discarded_job_is_never_done_and_its_key_stays_used(store: Store, begin: BeginWork) -> None:
    dead = await a_dead_job(store, begin)
    async with begin() as work:
        work.jobs.discard(dead, Cause(why="discarded", actor="operator:o"))
        work.jobs.enqueue(NewJob(kind=dead.kind, subject=dead.subject))
        await work.commit()
    await store.pass_time(DAY)

    assert [] == await claim(store)
    assert ["discarded"] == [job.state for job in await store.jobs()]


async def test_a_job_that_somebody_else_moved_first_is_a_conflict(store: Store, begin: BeginWork) -> None:
    dead = await a_dead_job(store, begin)
    async with begin() as work:
        work.jobs.revive(dead, Cause(why="retried", actor="operator:o"))
        await work.commit()
    await claim(store)
    with pytest.raises(Conflict):
        async with begin() as work:
            work.jobs.revive(dead, Cause(why="retried", actor="operator:p"))
            await work.commit()
    with pytest.raises(Conflict):
        async with begin() as work:
            work.jobs.discard(dead, Cause(why="discarded", actor="operator:p"))
            await work.commit()

    assert ["leased"] == [job.state for job in await store.jobs()]


async def test_unknown_jobs_and_events_are_not_found(begin: BeginWork) -> None:
    async with begin() as work:
        assert await work.jobs.find(4711) is None
        assert await work.jobs.of(JobKind.RETRY_EVENT, "evt_unknown") is None
        assert await work.inbox.find("evt_unknown") is None
