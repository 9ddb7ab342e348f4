"""What stands in the store, counted, in memory as in Postgres; and that counting reads nothing that only grows. About a second."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import pytest

from adapters.ids import first_id_at, new_id
from adapters.memory.world import MemoryClock
from adapters.postgres.statements import STATEMENTS
from application.catch_up import CURSOR
from application.ports.counts import JobCount, PaymentCount
from application.ports.jobs import JobKind, NewJob
from application.ports.store import BeginWork, EventState
from builders import NOON, a_payment
from contract.keeping import claim, keep, let_die
from contract.plans import nodes_of, whole_reads
from contract.stores import Store, StoreInPostgres
from domain.audit import Cause
from domain.money import Money
from domain.payment import Figures, Payment, PaymentId, PaymentStatus, Review

CAUSE: Final = Cause(why="a test")
REVIEW: Final = Review(expected=Figures(30000, "mad"), received=Figures(1, "mad"))
MANY: Final = 30_000
FILL: Final = f"""
    INSERT INTO payments (id, user_id, user_type, plan, amount_minor, currency, created_at, renewal,
                          status, refunded_minor, version, paid_at)
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000800000' || lpad(to_hex(n), 10, '0'))::uuid,
           'u' || n, 'talent', 'p', 30000, 'mad', at, false,
           CASE WHEN n % 1000 = 0 THEN 'PENDING' ELSE 'SUCCEEDED' END, 0, 1, CASE WHEN n % 1000 = 0 THEN NULL ELSE at END
      FROM generate_series(1, {MANY}) n, LATERAL (SELECT now() - n * interval '10 minutes' AS at) AS dated;
    INSERT INTO jobs (kind, subject, attempts_max, state, run_at, finished_at)
    SELECT 'issue_receipt', 'p' || n, 3, CASE WHEN n % 500 = 0 THEN 'dead' ELSE 'done' END, now(), now()
      FROM generate_series(1, {MANY}) n;
    INSERT INTO events (id, type, created_at, state, body)
    SELECT 'evt_' || n, 'charge.refunded', now(), CASE WHEN n % 500 = 0 THEN 'parked' ELSE 'handled' END, ''
      FROM generate_series(1, {MANY}) n;
    ANALYZE payments, jobs, events
"""


async def add(begin: BeginWork, payments: Iterable[Payment]) -> None:
    """Store payments."""
    async with begin() as work:
        for payment in payments:
            work.payments.add(payment, CAUSE)
        await work.commit()


def a_payment_of(hours_ago: float, status: PaymentStatus, currency: str = "mad") -> Payment:
    """A payment that was begun so long before noon, with the id of that time."""
    at = NOON - timedelta(hours=hours_ago)
    paid = status in (PaymentStatus.SUCCEEDED, PaymentStatus.REFUNDED)
    return a_payment(
        id=PaymentId(first_id_at(at)),
        created_at=at,
        amount=Money(30000, currency),
        status=status,
        paid_at=at if paid else None,
        review=REVIEW if status is PaymentStatus.REVIEW else None,
    )


def counted(counts: Iterable[PaymentCount]) -> dict[tuple[str, str], int]:
    """The counts by state and currency."""
    return {(one.status.value, one.currency): one.count for one in counts}


async def test_what_waits_is_counted_at_any_age_and_what_is_finished_for_a_time(store: Store, begin: BeginWork) -> None:
    await add(
        begin,
        (
            a_payment_of(1, PaymentStatus.PENDING),
            a_payment_of(2, PaymentStatus.PENDING, "usd"),
            a_payment_of(3, PaymentStatus.SUCCEEDED),
            a_payment_of(4, PaymentStatus.SUCCEEDED),
            a_payment_of(30, PaymentStatus.SUCCEEDED),
            a_payment_of(900, PaymentStatus.REVIEW),
            a_payment_of(901, PaymentStatus.PROCESSING),
        ),
    )
    counts = await store.counts.taken(begun_since=NOON - timedelta(days=1))

    assert {("PENDING", "mad"): 1, ("PENDING", "usd"): 1, ("SUCCEEDED", "mad"): 2} == counted(counts.begun)
    assert {
        ("PENDING", "mad"): 1,
        ("PENDING", "usd"): 1,
        ("REVIEW", "mad"): 1,
        ("PROCESSING", "mad"): 1,
    } == counted(counts.waiting)


async def test_jobs_are_counted_by_kind_and_state_and_the_latest_is_told(store: Store, begin: BeginWork) -> None:
    async with begin() as work:
        for subject in ("one", "two"):
            work.jobs.enqueue(NewJob(kind=JobKind.ISSUE_RECEIPT, subject=subject))
        work.jobs.enqueue(NewJob(kind=JobKind.COLLECT_INVOICE, subject="later", delay_seconds=9000))
        await work.commit()
    await store.pass_time(120)
    (_, held) = await claim(store)
    await store.queue.fail(held, "never", retry_after_seconds=None)
    found = {one.kind: one for one in (await store.counts.taken(begun_since=NOON)).jobs}

    assert JobCount(kind=JobKind.ISSUE_RECEIPT, leased=1, dead=1) == found[JobKind.ISSUE_RECEIPT]
    assert JobCount(kind=JobKind.COLLECT_INVOICE, ready=1) == found[JobKind.COLLECT_INVOICE]
    assert {JobKind.ISSUE_RECEIPT, JobKind.COLLECT_INVOICE} == set(found)


async def test_how_long_a_due_job_has_waited_is_told(store: Store, begin: BeginWork) -> None:
    async with begin() as work:
        work.jobs.enqueue(NewJob(kind=JobKind.ISSUE_RECEIPT, subject="one"))
        await work.commit()
    await store.pass_time(120)
    (one,) = (await store.counts.taken(begun_since=NOON)).jobs

    assert pytest.approx(120, abs=5) == one.late_seconds


async def test_parked_events_are_counted_and_the_dead_among_them(store: Store, begin: BeginWork) -> None:
    await keep(begin, EventState.PARKED)
    await let_die(store)
    await store.pass_time(60)
    await keep(begin, EventState.PARKED, count=2)
    await keep(begin, EventState.HANDLED, tried=True)
    counts = await store.counts.taken(begun_since=NOON)

    assert (3, 1) == (counts.parked_events, counts.dead_events)
    assert pytest.approx(60, abs=5) == counts.parked_seconds


async def test_an_empty_store_has_nothing_to_count(store: Store) -> None:
    counts = await store.counts.taken(begun_since=NOON)

    assert ((), (), ()) == (counts.waiting, counts.begun, counts.jobs)
    assert (0, 0, 0.0, None) == (
        counts.parked_events,
        counts.dead_events,
        counts.parked_seconds,
        counts.caught_up_at,
    )


async def test_how_far_the_lists_were_read_is_told(store: Store, begin: BeginWork) -> None:
    async with begin() as work:
        await work.cursors.of(CURSOR)
        work.cursors.save(CURSOR, NOON)
        await work.commit()

    assert NOON == (await store.counts.taken(begun_since=NOON)).caught_up_at


def test_the_first_id_of_a_moment_comes_before_all_that_are_made_from_it_on() -> None:
    before = first_id_at(MemoryClock().now())
    made = new_id()

    assert before < made
    assert (made.int >> 80) >= (before.int >> 80)
    assert first_id_at(NOON) > first_id_at(NOON - timedelta(milliseconds=1))


async def test_counting_reads_no_table_whole(postgres_store: StoreInPostgres) -> None:
    await postgres_store.observer.execute(FILL)
    day_ago = first_id_at((await now(postgres_store.observer)) - timedelta(days=1))
    read: dict[str, list[str]] = {}
    for name in ("counts.waiting", "counts.begun", "counts.jobs", "counts.events"):
        statement = STATEMENTS[name]
        values = statement.arguments({"first_id": day_ago, "at_most": 100_000})
        read[name] = whole_reads(await nodes_of(postgres_store.observer, statement.sql, values))
    counts = await postgres_store.counts.taken(begun_since=(await now(postgres_store.observer)) - timedelta(days=1))

    assert {name: [] for name in read} == read
    assert {("PENDING", "mad"): MANY // 1000} == counted(counts.waiting)
    assert 143 <= sum(counted(counts.begun).values()) <= 144
    assert (MANY // 500, 0) == (counts.parked_events, counts.dead_events)


async def now(observer: "asyncpg.Connection[asyncpg.Record]") -> datetime:
    """The time of the database."""
    at: datetime = await observer.fetchval("SELECT now()")
    return at
