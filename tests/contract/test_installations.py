"""Two installations share one account at Stripe, as staging and production may: each leaves alone what the other one makes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import asyncpg
import pytest
from msgspec import Struct

from adapters.postgres.database import Database
from application.ports.gateway import (
    ChargeRefunded,
    CheckoutCompleted,
    ProviderFact,
    RefundOrder,
    RefundReason,
    RefundTold,
    installation_named_by,
)
from application.ports.installation import InstallationId
from application.ports.store import BeginWork
from application.reconcile import Reconciliation
from builders import a_member, a_payment_id
from contract.gateways import Provider, ProviderInSandbox, a_provider_customer, an_open_checkout, an_order
from contract.stripe_events import READER
from domain.errors import NotAdoptable
from postgres_world import Outside, PostgresWorld, a_talent, ago

ONE, OTHER = InstallationId("1" * 32), InstallationId("2" * 32)
MakeDatabase = Callable[..., Awaitable[str]]
ANOTHER_ID = "UPDATE installation SET id = gen_random_uuid()"


class Installed(Struct):
    """One installation: its service, and a connection to look at what it stores."""

    world: PostgresWorld
    observer: "asyncpg.Connection[asyncpg.Record]"
    database: Database

    async def statuses(self) -> list[str]:
        """The status of every payment that it knows, oldest first."""
        return [row["status"] for row in await self.observer.fetch("SELECT status FROM payments ORDER BY id")]

    async def parked(self) -> int:
        """How many events it could not apply."""
        return int(await self.observer.fetchval("SELECT count(*) FROM events WHERE state = 'parked'"))

    async def reconciled(self) -> Reconciliation:
        """What it finds at Stripe."""
        return await self.world.container.reconcile()(whatever_the_age=True)


async def installed(url: str, outside: Outside) -> Installed:
    """An installation over a database."""
    database = Database(url)
    return Installed(PostgresWorld(database, outside), await asyncpg.connect(url), database)


async def close(*of: Installed) -> None:
    """Close their connections."""
    for one in of:
        await one.observer.close()
        await one.database.close()


@pytest.fixture
async def both(new_database_url: MakeDatabase) -> AsyncIterator[tuple[Installed, Installed]]:
    """Two installations with an id each, on one account."""
    outside = Outside(ago(hours=6))
    first, second = (
        await installed(await new_database_url(), outside),
        await installed(await new_database_url(), outside),
    )
    await second.observer.execute(ANOTHER_ID)
    yield first, second
    await close(first, second)


async def told(fact: ProviderFact, *of: Installed) -> None:
    """Stripe makes an event, keeps it in its list and tells every endpoint of the account."""
    world = of[0].world
    delivery = world.delivery(fact)
    world.outside.records.made.append(world.outside.reader.read(delivery.body))
    for one in of:
        await one.world.container.receive_event()(delivery)


async def test_what_one_makes_is_no_difference_to_the_other_and_never_parked(both: tuple[Installed, Installed]) -> None:
    first, second = both
    gateway, clock = first.world.outside.gateway, first.world.outside.clock
    paid = await first.world.start(a_talent("salma"))
    await told(CheckoutCompleted(gateway.pay(paid.session_id)), first, second)
    own = await second.world.start(a_talent("salma"))
    await told(CheckoutCompleted(gateway.pay(own.session_id)), first, second)
    unheard = await first.world.start(a_talent("youssef"))
    lost = first.world.delivery(CheckoutCompleted(gateway.pay(unheard.session_id)))
    first.world.outside.records.made.append(first.world.outside.reader.read(lost.body))
    clock.pass_time(timedelta(hours=1))
    for one in both:
        await one.world.works(one.observer)
    found = [await one.reconciled() for one in both]
    again = [await one.reconciled() for one in both]

    assert [["SUCCEEDED", "SUCCEEDED"], ["SUCCEEDED"]] == [await one.statuses() for one in both]
    assert [["payment", "event"], []] == [[one.what for one in run.differences] for run in found]
    assert [(), ()] == [run.differences for run in again]
    assert all(run.complete and run.foreign for run in [*found, *again])
    assert [0, 0] == [await one.parked() for one in both]
    assert 3 == len(gateway.customers)
    assert 2 == len(first.world.outside.mailer.sent)


async def test_a_refund_that_one_orders_is_ignored_by_the_other(both: tuple[Installed, Installed]) -> None:
    first, second = both
    gateway = first.world.outside.gateway
    offered = await first.world.start(a_talent("salma"))
    await told(CheckoutCompleted(gateway.pay(offered.session_id)), first, second)
    installation = InstallationId((await first.observer.fetchval("SELECT id FROM installation")).hex)
    refund = gateway.give_back(offered.session_id)
    await told(RefundTold(refund, installation), first, second)
    kept = [await one.observer.fetchval("SELECT count(*) FROM refunds") for one in both]
    states = [await one.observer.fetch("SELECT DISTINCT state FROM events") for one in both]

    assert [1, 0] == kept
    assert [["handled"], ["ignored"]] == [[row["state"] for row in rows] for rows in states]
    assert [["REFUNDED"], []] == [await one.statuses() for one in both]


async def test_a_copy_of_the_database_with_an_id_of_its_own_leaves_the_payments_of_the_original_alone(
    new_database_url: MakeDatabase,
) -> None:
    outside = Outside(ago(hours=6))
    url = await new_database_url()
    original = await installed(url, outside)
    offered = await original.world.start(a_talent("salma"))
    await close(original)
    copy_url = await new_database_url(copy_of=url)
    original, copy = await installed(url, outside), await installed(copy_url, outside)
    await copy.observer.execute(ANOTHER_ID)
    await told(CheckoutCompleted(outside.gateway.pay(offered.session_id)), original, copy)
    for one in (original, copy):
        await one.world.works(one.observer)
    with pytest.raises(NotAdoptable, match="opened by another installation"):
        await copy.world.container.adopt_checkout()(offered.session_id, operator="amina", reason="a try")
    statuses = [await one.statuses() for one in (original, copy)]
    await close(original, copy)

    assert [["SUCCEEDED"], ["PENDING"]] == statuses
    assert 1 == len(outside.mailer.sent)


async def test_the_id_is_made_once_and_the_same_for_every_work(begin: BeginWork) -> None:
    ids = set()
    for _ in range(2):
        async with begin() as work:
            ids |= {await work.installation.id(), await work.installation.id()}
    (found,) = ids

    assert 32 == len(found)
    assert set(found) <= set("0123456789abcdef")


async def test_one_member_of_two_installations_is_a_customer_of_each(provider: Provider) -> None:
    member, gateway = a_member(), provider.gateway
    requests = [gateway.prepare_customer(member, installation) for installation in (ONE, OTHER)]
    made = [await gateway.create_customer(request, key="customer:user-1:1") for request in requests]
    again = [await gateway.create_customer(request, key="customer:user-1:1") for request in requests]
    found = [await gateway.find_customer(request) for request in requests]

    assert 2 == len(set(made))
    assert made == again == found


async def test_a_customer_of_before_there_were_ids_is_found_and_another_installations_is_not(
    provider: Provider,
) -> None:
    member, gateway = a_member(), provider.gateway
    others = await gateway.create_customer(gateway.prepare_customer(member, OTHER), key="k")
    not_found = await gateway.find_customer(gateway.prepare_customer(member, ONE))
    before = await gateway.create_customer(gateway.prepare_customer(member), key="k")
    found = await gateway.find_customer(gateway.prepare_customer(member, ONE))

    assert not_found is None
    assert others != before == found


@pytest.mark.parametrize("installation", [ONE, None])
async def test_a_checkout_names_the_installation_that_opened_it(
    provider: Provider, installation: InstallationId | None
) -> None:
    customer_id = await provider.gateway.create_customer(provider.gateway.prepare_customer(a_member()), key="k")
    opened = await an_open_checkout(provider, an_order(provider, customer_id, installation=installation))
    found = await provider.gateway.checkout(opened.id)

    assert found is not None
    assert installation == opened.installation == found.installation


async def test_what_a_checkout_and_a_refund_lead_to_names_the_installation_too(in_sandbox: ProviderInSandbox) -> None:
    customer_id = await a_provider_customer(in_sandbox)
    opened = await an_open_checkout(in_sandbox, an_order(in_sandbox, customer_id, installation=ONE))
    await in_sandbox.pay(opened.id)
    paid = await in_sandbox.gateway.checkout(opened.id)
    assert paid is not None
    order = RefundOrder(
        payment_intent_id=paid.payment_intent_id or "",
        payment_id=a_payment_id(),
        amount_minor=100,
        reason=RefundReason.REQUESTED,
        installation=ONE,
    )
    await in_sandbox.gateway.refund(order, key="refund:1")
    events = (await in_sandbox.records.events(in_sandbox.now() - timedelta(hours=1))).items
    facts = [READER.read(body).fact for body in events]

    assert {CheckoutCompleted, RefundTold, ChargeRefunded} <= {type(fact) for fact in facts}
    assert {ONE} == {installation_named_by(fact) for fact in facts}
