"""Whatever breaks between us and Postgres: all or nothing is stored, and the next try does it."""

import asyncio
import time
from itertools import count

import pytest

from adapters.postgres.database import CONNECTIONS_MAX, Database
from adapters.postgres.jobs import PostgresJobQueue
from application.errors import TryAgain
from application.ports.jobs import ClaimedJob, JobKind
from application.receive_event import Outcome
from builders import a_payment
from contract.services import NOTHING, ONCE, a_paid_delivery, a_started_payment, effects
from contract.stores import until
from contract.values import CAUSE, payment_of, stored_payment
from domain.payment import Payment, PaymentId
from faults.broken_store import BrokenStore

TRIES = 5
"""How often ReceiveEvent tries by itself."""


@pytest.mark.parametrize("times", [1, TRIES])
async def test_a_backend_that_ends_before_any_statement_of_a_delivery_costs_nothing(
    broken: BrokenStore, times: int
) -> None:
    for number in count(1):
        payment = await a_started_payment(broken.sound.begin)
        delivery = a_paid_delivery(payment)
        broken.end_the_backend_before(number, times=times)
        try:
            first: Outcome | None = (await broken.service.receive(delivery)).outcome
        except TryAgain:
            first = None
        after_the_break = await effects(broken.observer, payment)
        broken.mend()
        again = (await broken.service.receive(delivery)).outcome

        assert (first, NOTHING) == (None, after_the_break) or (first, ONCE) == (Outcome.HANDLED, after_the_break)
        assert again is (Outcome.REPEATED if first else Outcome.HANDLED)
        assert ONCE == await effects(broken.observer, payment)
        if broken.hits == 0:
            break

    assert number > 4
    assert await broken.lends_every_connection()


async def a_claimed_receipt_job(broken: BrokenStore) -> tuple[Payment, ClaimedJob]:
    """A paid payment, and the job that numbers its receipt in the hands of a worker."""
    payment = await a_started_payment(broken.sound.begin)
    await broken.sound.receive(a_paid_delivery(payment))
    queue = PostgresJobQueue(broken.database)
    (job,) = await queue.claim(frozenset({JobKind.ISSUE_RECEIPT}), limit=1, lease_seconds=60)
    return payment, job


async def test_a_backend_that_ends_before_any_statement_of_a_receipt_skips_no_number(broken: BrokenStore) -> None:
    for number in count(1):
        payment, job = await a_claimed_receipt_job(broken)
        broken.end_the_backend_before(number, times=1)
        try:
            await broken.service.issue_receipt(job)
        except TryAgain:
            left = await broken.observer.fetchrow(
                "SELECT number, state FROM invoices, jobs WHERE payment_id = $1 AND jobs.id = $2", payment.id, job.id
            )
            broken.mend()
            await broken.service.issue_receipt(job)

            assert left is not None
            assert (None, "leased") == tuple(left)
        broken.mend()
        if broken.hits == 0:
            break

    numbers = await broken.observer.fetch("SELECT number FROM invoices ORDER BY number")
    mails = await broken.observer.fetchval("SELECT count(*) FROM jobs WHERE kind = 'send_confirmation'")
    assert number > 5
    assert [f"2026-{sequence + 1:06d}" for sequence in range(number)] == [row["number"] for row in numbers]
    assert mails == number
    assert await broken.lends_every_connection()


async def test_a_commit_whose_answer_is_lost_is_to_be_tried_again(broken: BrokenStore) -> None:
    payment = a_payment()
    broken.lose_the_answer_to_commit()

    with pytest.raises(TryAgain):
        async with broken.service.begin() as work:
            work.payments.add(payment, CAUSE)
            await work.commit()
    assert payment == await payment_of(broken.sound.begin, payment.id)
    assert await broken.lends_every_connection()


async def test_a_delivery_whose_commit_was_not_answered_is_decided_by_the_next(broken: BrokenStore) -> None:
    payment = await a_started_payment(broken.sound.begin)
    delivery = a_paid_delivery(payment)
    broken.lose_the_answer_to_commit()
    receipt = await broken.service.receive(delivery)
    again = await broken.service.receive(delivery)

    assert broken.hits == 1
    assert Outcome.REPEATED is receipt.outcome is again.outcome
    assert ONCE == await effects(broken.observer, payment)


async def test_a_commit_that_never_arrives_leaves_nothing_behind(broken: BrokenStore) -> None:
    payment = a_payment()
    async with broken.service.begin() as work:
        work.payments.add(payment, CAUSE)
        broken.end_the_backend_before(2, times=1)
        with pytest.raises(TryAgain):
            await work.commit()

    assert await payment_of(broken.sound.begin, payment.id) is None
    assert await broken.lends_every_connection()


async def test_an_exhausted_pool_is_told_after_about_two_seconds(broken: BrokenStore) -> None:
    held = [await broken.database.acquire() for _ in range(CONNECTIONS_MAX)]
    began = time.monotonic()
    outcomes = await asyncio.gather(*(begin_and_leave(broken) for _ in range(3)), return_exceptions=True)
    took = time.monotonic() - began
    for connection in held:
        await broken.database.release(connection)

    assert [TryAgain] * 3 == [type(outcome) for outcome in outcomes]
    assert 1.5 < took < 4
    assert await broken.lends_every_connection()


async def begin_and_leave(broken: BrokenStore) -> None:
    async with broken.service.begin():
        pass


async def test_a_call_cancelled_in_the_middle_of_a_query_throws_its_connection_away(broken: BrokenStore) -> None:
    payment = await stored_payment(broken.sound.begin)

    async def wait_for_the_lock() -> None:
        async with broken.service.begin() as work:
            await work.payments.get(payment.id, lock=True)

    async with broken.sound.begin() as first:
        await first.payments.get(payment.id, lock=True)
        waiting = asyncio.create_task(wait_for_the_lock())
        pid = await the_backend_that_waits(broken)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    async def gone() -> bool:
        return not await broken.observer.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid)

    await until(gone)
    assert payment == await payment_of(broken.service.begin, payment.id)
    assert await broken.lends_every_connection()


async def the_backend_that_waits(broken: BrokenStore) -> int:
    """The process id of the one backend that waits for a lock."""
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    async def one_waits() -> bool:
        return await broken.observer.fetchval(query) is not None

    await until(one_waits)
    return int(await broken.observer.fetchval(query))


async def test_a_work_that_is_cancelled_stores_nothing(broken: BrokenStore) -> None:
    payment = a_payment()
    reached = asyncio.Event()

    async def never_commit() -> None:
        async with broken.service.begin() as work:
            work.payments.add(payment, CAUSE)
            await work.payments.get(PaymentId(payment.id))
            reached.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(never_commit())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await payment_of(broken.service.begin, payment.id) is None
    assert await broken.lends_every_connection()


async def test_a_connection_that_was_ended_while_idle_is_replaced(broken: BrokenStore) -> None:
    payment = await stored_payment(broken.service.begin)
    for _ in range(3):
        await broken.observer.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        try:
            found = await payment_of(broken.service.begin, payment.id)
        except TryAgain:
            found = await payment_of(broken.service.begin, payment.id)

        assert payment == found


async def test_closing_does_not_wait_for_ever_for_a_connection_in_use(database_url: str) -> None:
    database = Database(database_url, close_seconds_max=0.2)
    await database.acquire()
    began = time.monotonic()
    await database.close()

    assert time.monotonic() - began < 2
