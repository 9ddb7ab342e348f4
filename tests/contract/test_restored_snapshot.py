"""The database is lost, and a state of it that is hours old is restored: Stripe's lists make true again what was acknowledged since."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final, TypeAlias

import asyncpg
import pytest

from adapters.postgres.database import Database
from adapters.postgres.invariants import PostgresInvariants
from application.errors import ApplicationFault
from application.ports.gateway import CheckoutCompleted, CheckoutExpired, DisputeTold, ProviderFact, RefundTold
from application.ports.jobs import JobKind
from application.start_checkout import OfferedCheckout
from conftest import of_database
from postgres_world import LET_JOBS_BE_DUE, Outside, PostgresWorld, a_talent, ago

Observer: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
FATES: Final = ("paid", "pays", "delayed", "refunded", "disputed", "runs_out", "pays_too")
OUTAGE: Final = timedelta(hours=3)
STATE: Final = """
    SELECT p.user_id, p.status, p.refunded_minor, p.dispute, p.paid_at, s.status AS word,
           (SELECT array_agg(starts_at || ' ' || ends_at) FROM periods WHERE payment_id = p.id) AS year
      FROM payments p LEFT JOIN subscriptions s USING (user_id)
     WHERE p.user_id <> 'begins' ORDER BY p.id
"""
NUMBERS: Final = """
    SELECT number FROM invoices JOIN payments p ON p.id = payment_id WHERE p.user_id <> 'begins' ORDER BY number
"""


class Snapshots:
    """Whole databases, kept and restored."""

    def __init__(self, server: Observer, url: str) -> None:
        self._server = server
        self._url = url
        self.made: list[str] = []

    async def of(self, url: str) -> str:
        """The URL of a database that is as this one was; nobody may be connected to it."""
        name = url.partition("?")[0].rpartition("/")[2]
        copy = f"{name}_copy"
        await self._server.execute(f"CREATE DATABASE {copy} TEMPLATE {name} STRATEGY FILE_COPY")
        self.made.append(copy)
        return of_database(self._url, copy)


@pytest.fixture
async def snapshots(postgres_url: str) -> AsyncIterator[Snapshots]:
    """Keeps databases and drops what it kept."""
    server = await asyncpg.connect(postgres_url)
    found = Snapshots(server, postgres_url)
    yield found
    for name in found.made:
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


async def happens(world: PostgresWorld, fact: ProviderFact) -> None:
    """Stripe makes an event, keeps it in its list and delivers it."""
    delivery = world.delivery(fact)
    world.outside.records.made.append(world.outside.reader.read(delivery.body))
    await world.container.receive_event()(delivery)


async def first_half(world: PostgresWorld) -> dict[str, OfferedCheckout]:
    """What the snapshot knows: everybody has begun to pay, and three have paid."""
    gateway = world.outside.gateway
    offers = {fate: await world.start(a_talent(fate)) for fate in FATES}
    for fate in ("paid", "refunded", "disputed"):
        await happens(world, CheckoutCompleted(gateway.pay(offers[fate].session_id)))
    await happens(world, CheckoutCompleted(gateway.pay_later(offers["delayed"].session_id)))
    return offers


async def second_half(world: PostgresWorld, offers: dict[str, OfferedCheckout]) -> None:
    """What was acknowledged after it, and is lost with the database."""
    gateway = world.outside.gateway
    session = {fate: offer.session_id for fate, offer in offers.items()}
    for fate in ("pays_too", "delayed", "pays"):
        world.outside.clock.pass_time(timedelta(minutes=1))
        await happens(world, CheckoutCompleted(gateway.pay(session[fate])))
    await happens(world, RefundTold(gateway.give_back(session["refunded"])))
    await happens(world, DisputeTold(gateway.dispute(session["disputed"])))
    await happens(world, CheckoutExpired(gateway.run_out(session["runs_out"])))


async def works_as_it_can(world: PostgresWorld, observer: Observer) -> dict[JobKind, str]:
    """A worker does all that it can; what fails is left as it is, and told by its kind: letters whose receipt has another
    number than the one that was sent, and events of payments that are gone."""
    failed: dict[JobKind, str] = {}
    while True:
        await observer.execute(LET_JOBS_BE_DUE)
        jobs = [job for job in await world.claim(100) if job.kind not in failed]
        if not jobs:
            return failed
        for job in jobs:
            try:
                await world.does(job)
            except ApplicationFault as fault:
                failed[job.kind] = str(fault)


@asynccontextmanager
async def over(url: str, outside: Outside) -> AsyncIterator[tuple[PostgresWorld, Observer]]:
    """The service over a database, and a connection to look at it; all of them closed at the end."""
    database, observer = Database(url), await asyncpg.connect(url)
    try:
        yield PostgresWorld(database, outside), observer
    finally:
        await database.close()
        await observer.close()


async def found(observer: Observer, query: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await observer.fetch(query)]


async def test_one_reconciliation_makes_all_true_again_of_what_the_snapshot_knows_and_names_the_rest(
    database_url: str, snapshots: Snapshots
) -> None:
    outside = Outside(ago(hours=6))
    async with over(database_url, outside) as (world, observer):
        offers = await first_half(world)
        await world.works(observer)
        await world.container.reconcile()()
    restored_url = await snapshots.of(database_url)
    outside.clock.pass_time(timedelta(minutes=5))
    async with over(database_url, outside) as (world, observer):
        await second_half(world, offers)
        unknown = await world.start(a_talent("begins"))
        await world.works(observer)
        truth, numbers = await found(observer, STATE), await found(observer, NUMBERS)
        await happens(world, CheckoutCompleted(outside.gateway.pay(unknown.session_id)))
        mails = dict(outside.mailer.sent)

    outside.clock.pass_time(OUTAGE)
    async with over(restored_url, outside) as (world, observer):
        before = await found(observer, STATE)
        await world.container.reconcile()()
        after = await found(observer, STATE)
        again = await world.container.reconcile()()
        failed = await works_as_it_can(world, observer)
        worked, numbers_again = await found(observer, STATE), await found(observer, NUMBERS)
        inspection = await PostgresInvariants(world.database).inspect(settled=False)

    assert 6 == sum(one != other for one, other in zip(truth, before, strict=True))
    assert truth == after == worked
    assert [("checkout", unknown.session_id, False)] == [(one.what, one.id, one.repaired) for one in again.differences]
    assert numbers == numbers_again
    assert mails == outside.mailer.sent
    assert f"names payment {unknown.payment.id}, which is not stored" in failed.pop(JobKind.RETRY_EVENT)
    assert {JobKind.SEND_CONFIRMATION: "another letter has been sent under this key"} == failed
    assert () == inspection.broken
