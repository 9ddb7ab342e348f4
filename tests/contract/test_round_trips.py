"""How often the webhook path asks the database something: the fewer, the faster, and one transaction in all."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from adapters.postgres.database import Database
from adapters.postgres.entitlements import PostgresEntitlements
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from application.receive_event import Outcome
from contract.proxies import PostgresProxy, proxy_before
from contract.services import ONCE, Service, a_paid_delivery, a_started_payment, effects
from contract.stripe_events import a_stripe_event, in_stripe_s_layout, signed

CONFIRMATION_ROUND_TRIPS_MAX = 4
"""BEGIN; all that is read, its payment locked; all writes; COMMIT."""


class Warm:
    """A service over one warm connection through a counting proxy."""

    def __init__(self, proxy: PostgresProxy, database: Database) -> None:
        self.proxy = proxy
        self.database = database
        self.service = Service(lambda: PostgresUnitOfWork(database))

    def count_from_here(self) -> None:
        """Forget what was counted."""
        self.proxy.answers = 0
        self.proxy.queries.clear()


@pytest.fixture
async def warm(database_url: str) -> AsyncIterator[Warm]:
    """A service whose statements are prepared already."""
    async with proxy_before(database_url) as proxy:
        database = Database(proxy.url)
        warm = Warm(proxy, database)
        payment = await a_started_payment(warm.service.begin)
        delivery = a_paid_delivery(payment)
        for _ in range(2):
            await warm.service.receive(delivery)
        await PostgresEntitlements(database).of(payment.user_id)
        yield warm
        await database.close()


async def test_confirming_a_payment_takes_four_round_trips_and_one_transaction(warm: Warm, database_url: str) -> None:
    payment = await a_started_payment(warm.service.begin)
    delivery = a_paid_delivery(payment)
    warm.count_from_here()
    receipt = await warm.service.receive(delivery)
    taken, queries = warm.proxy.answers, list(warm.proxy.queries)
    observer = await asyncpg.connect(database_url)
    stored = await effects(observer, payment)
    await observer.close()

    assert Outcome.HANDLED is receipt.outcome
    assert ONCE == stored
    assert ["BEGIN", "COMMIT"] == queries
    assert taken <= CONFIRMATION_ROUND_TRIPS_MAX, f"{taken} round trips"


async def test_a_delivery_that_comes_again_takes_three(warm: Warm) -> None:
    delivery = a_paid_delivery(await a_started_payment(warm.service.begin))
    await warm.service.receive(delivery)
    warm.count_from_here()
    receipt = await warm.service.receive(delivery)

    assert Outcome.REPEATED is receipt.outcome
    assert ["BEGIN", "ROLLBACK"] == warm.proxy.queries
    assert warm.proxy.answers <= 3


async def test_an_event_of_no_concern_takes_four(warm: Warm) -> None:
    deliveries = [signed(in_stripe_s_layout(a_stripe_event({}, type="charge.succeeded"))) for _ in range(2)]
    await warm.service.receive(deliveries[0])
    warm.count_from_here()
    receipt = await warm.service.receive(deliveries[1])

    assert Outcome.IGNORED is receipt.outcome
    assert ["BEGIN", "COMMIT"] == warm.proxy.queries
    assert warm.proxy.answers <= 4


async def test_an_access_check_takes_one(warm: Warm) -> None:
    payment = await a_started_payment(warm.service.begin)
    warm.count_from_here()
    await PostgresEntitlements(warm.database).of(payment.user_id)

    assert 1 == warm.proxy.answers


async def test_many_access_checks_take_one_together(warm: Warm) -> None:
    entitlements = PostgresEntitlements(warm.database)
    users = [(await a_started_payment(warm.service.begin)).user_id for _ in range(3)]
    await entitlements.of_all(users)
    warm.count_from_here()
    await entitlements.of_all(users)

    assert 1 == warm.proxy.answers
