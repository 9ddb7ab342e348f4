"""Deliveries that wait at the same moment are confirmed in one transaction, and each of them is confirmed as it would be alone."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID

import asyncpg
import pytest

from adapters.gathering import Together
from adapters.postgres.database import Database
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from application.errors import TryAgain
from application.ports.gateway import Delivery
from application.receive_event import Outcome
from contract.proxies import Line, PostgresProxy, proxy_before
from contract.services import Service, a_paid_delivery, a_started_payment
from contract.stripe_events import a_stripe_event, a_stripe_session, in_stripe_s_layout, signed
from domain.payment import Payment

AT_ONCE = 12
PATIENCE_SECONDS = 5.0
COMPLETE = """
    SELECT count(*) FROM payments
      JOIN periods ON periods.payment_id = payments.id
      JOIN subscriptions ON subscriptions.user_id = payments.user_id AND subscriptions.status = 'ACTIVE'
      JOIN invoices ON invoices.payment_id = payments.id
     WHERE payments.status = 'SUCCEEDED' AND payments.id = ANY ($1)
       AND 1 = (SELECT count(*) FROM jobs WHERE jobs.kind = 'issue_receipt' AND jobs.subject = payments.id::text)
       AND 1 = (SELECT count(*) FROM audit WHERE audit.entity_id = payments.id::text AND audit.to_status = 'SUCCEEDED')
"""


class Door:
    """The webhook's use case over a proxy, as the service has it."""

    def __init__(
        self, proxy: PostgresProxy, database: Database, observer: "asyncpg.Connection[asyncpg.Record]"
    ) -> None:
        self.proxy = proxy
        self.observer = observer
        # On a busy machine the first may take longer than anybody waits for it.
        patient = partial(Together, wait_seconds_max=PATIENCE_SECONDS)
        self.service = Service(lambda: PostgresUnitOfWork(database), gather=patient)

    async def payments(self, amount: int = AT_ONCE) -> list[Payment]:
        """Payments of as many members, each of whom stands on the hosted page."""
        return [await a_started_payment(self.service.begin) for _ in range(amount)]

    async def receives(self, *deliveries: Delivery) -> list[Outcome]:
        """What becomes of deliveries that come at the same moment."""
        self.proxy.queries.clear()
        receipts = await asyncio.gather(*map(self.service.receive, deliveries))
        return [receipt.outcome for receipt in receipts]

    async def complete(self, payments: list[Payment]) -> int:
        """How many of the payments have all that a paid payment has, once."""
        ids: list[UUID] = [payment.id for payment in payments]
        return int(await self.observer.fetchval(COMPLETE, ids))


@pytest.fixture
async def door(database_url: str) -> AsyncIterator[Door]:
    async with proxy_before(database_url) as proxy:
        database = Database(proxy.url)
        observer = await asyncpg.connect(database_url)
        yield Door(proxy, database, observer)
        await observer.close()
        await database.close()


async def test_deliveries_that_come_at_once_take_two_transactions(door: Door) -> None:
    payments = await door.payments()
    outcomes = await door.receives(*map(a_paid_delivery, payments))

    assert [Outcome.HANDLED] * AT_ONCE == outcomes
    assert AT_ONCE == await door.complete(payments)
    assert ["BEGIN", "COMMIT"] * 2 == door.proxy.queries


async def test_one_that_cannot_be_applied_is_parked_and_harms_no_other(door: Door) -> None:
    payments = await door.payments()
    unknown = a_stripe_session(metadata={"payment_id": "0196f0a0-0000-7000-8000-000000000000", "user_id": "nobody"})
    unfit = signed(
        in_stripe_s_layout(a_stripe_event(unknown | {"client_reference_id": unknown["metadata"]["payment_id"]}))
    )
    first, *rest = map(a_paid_delivery, payments)
    outcomes = await door.receives(first, unfit, *rest)

    assert [Outcome.HANDLED, Outcome.PARKED, *[Outcome.HANDLED] * (AT_ONCE - 1)] == outcomes
    assert AT_ONCE == await door.complete(payments)


async def test_one_that_comes_several_times_at_once_is_handled_once(door: Door) -> None:
    payments = await door.payments()
    deliveries = [a_paid_delivery(payment) for payment in payments]
    outcomes = await door.receives(*deliveries, *deliveries, *deliveries)

    assert sorted([Outcome.HANDLED] * AT_ONCE + [Outcome.REPEATED] * 2 * AT_ONCE) == sorted(outcomes)
    assert AT_ONCE == await door.complete(payments)


async def test_two_checkouts_of_one_member_that_are_paid_at_once_buy_one_year(door: Door) -> None:
    (other,) = await door.payments(1)
    paid = [await a_started_payment(door.service.begin, user_id="twice") for _ in range(1)]
    await door.observer.execute("UPDATE payments SET status = 'PROCESSING' WHERE id = $1", paid[0].id)
    paid.append(await a_started_payment(door.service.begin, user_id="twice"))
    outcomes = await door.receives(*map(a_paid_delivery, [other, *paid]))
    duplicates = await door.observer.fetchval("SELECT count(*) FROM payments WHERE duplicate")

    assert [Outcome.HANDLED] * 3 == outcomes
    assert (2, 1) == (await door.complete([other, *paid]), duplicates)


@pytest.mark.parametrize("times", [1, 2])
async def test_a_backend_that_ends_before_any_statement_of_them_costs_none_of_them_anything(
    door: Door, times: int
) -> None:
    for number in range(1, 10):
        payments = await door.payments(5)
        deliveries = [a_paid_delivery(payment) for payment in payments]
        requests, hits = 0, 0

        async def strike(line: Line, _query: str, number: int = number) -> None:
            nonlocal requests, hits
            requests += 1
            if requests >= number and hits < times:
                hits += 1
                await door.observer.execute("SELECT pg_terminate_backend($1, 5000)", line.pid)

        door.proxy.before = strike
        try:
            outcomes = await door.receives(*deliveries)
        except TryAgain:
            outcomes = []
        door.proxy.before = None
        again = await door.receives(*deliveries)

        assert 0 < hits
        assert {Outcome.HANDLED, Outcome.REPEATED} >= {*outcomes, *again}
        assert 5 == await door.complete(payments)


async def test_one_whose_payment_another_work_holds_holds_up_no_other(door: Door) -> None:
    payments = await door.payments(6)
    held = payments[3]
    async with door.observer.transaction():
        await door.observer.execute("SELECT FROM payments WHERE id = $1 FOR UPDATE", held.id)
        deliveries = [asyncio.create_task(door.receives(a_paid_delivery(payment))) for payment in payments]
        done, waiting = await asyncio.wait(deliveries, timeout=2.0)

        assert ({deliveries[3]}, 5) == (waiting, len(done))
    (outcome,) = await deliveries[3]

    assert Outcome.HANDLED is outcome
    assert 6 == await door.complete(payments)
