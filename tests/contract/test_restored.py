"""The database falls, and a backup that is hours old takes its place: one reconciliation makes true again whatever it has a row of."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import asyncpg
import pytest
from msgspec import Struct

from adapters.postgres.database import Database
from adapters.postgres.invariants import PostgresInvariants
from application.ports.gateway import CheckoutCompleted, CheckoutExpired, CheckoutSession, DisputeTold, RefundTold
from application.reconcile import Reconciliation
from domain.returns import DisputeStage
from postgres_world import Outside, PostgresWorld, a_talent, ago

MakeDatabase = Callable[..., Awaitable[str]]

OF_ALL = """
    SELECT p.user_id, p.status, coalesce(p.dispute, ''), p.refunded_minor,
           (SELECT count(*) FROM periods x WHERE x.payment_id = p.id AND x.taken_back_at IS NULL), i.number IS NOT NULL
      FROM payments p LEFT JOIN invoices i ON i.payment_id = p.id ORDER BY p.user_id
"""


class Live(Struct):
    """A database in use: the service over it, and a connection of the test's own."""

    url: str
    world: PostgresWorld
    observer: "asyncpg.Connection[asyncpg.Record]"

    async def members(self) -> list[tuple[object, ...]]:
        """Every payment: member, status, dispute, what went back, years that stand, and whether its receipt has a number."""
        return [tuple(row) for row in await self.observer.fetch(OF_ALL)]

    async def close(self) -> None:
        """End every connection."""
        await self.world.database.close()
        await self.observer.close()


async def over(url: str, outside: Outside) -> Live:
    """The service over a database."""
    return Live(url, PostgresWorld(Database(url), outside), await asyncpg.connect(url))


class Fallen(Struct):
    """What a fall leaves: the members as they were on the lost database, the restored one, and the letters that had gone out."""

    before: list[tuple[object, ...]]
    restored: Live
    letters: dict[str, object]
    unknown: CheckoutSession


async def paid(live: Live, session_id: str) -> CheckoutSession:
    """A member pays, the provider tells, and a worker does what follows."""
    session = live.world.outside.gateway.pay(session_id)
    await live.world.told(CheckoutCompleted(session))
    await live.world.works(live.observer)
    return session


@pytest.fixture
async def fallen(new_database_url: MakeDatabase) -> AsyncIterator[Fallen]:
    """A backup, five hours in which every kind of thing happens, and then only the backup."""
    outside = Outside(ago(hours=6))
    url = await new_database_url()
    live = await over(url, outside)
    gateway, start = outside.gateway, live.world.start
    names = ("pays", "gives-up", "was-refunded", "was-disputed", "is-mailed")
    begun = {name: await start(a_talent(name)) for name in names}
    old = {name: await paid(live, begun[name].session_id) for name in ("was-refunded", "was-disputed")}
    await live.world.told(CheckoutCompleted(gateway.pay(begun["is-mailed"].session_id)))
    await live.close()
    backup = await new_database_url(copy_of=url)

    live = await over(url, outside)
    outside.clock.pass_time(timedelta(minutes=30))
    await live.world.works(live.observer)
    await paid(live, begun["pays"].session_id)
    await live.world.told(CheckoutExpired(gateway.run_out(begun["gives-up"].session_id)))
    await live.world.told(RefundTold(gateway.give_back(old["was-refunded"].id)))
    await live.world.told(DisputeTold(gateway.dispute(old["was-disputed"].id, DisputeStage.LOST)))
    await live.world.works(live.observer)
    before = await live.members()
    unknown = await paid(live, (await live.world.start(a_talent("unknown"))).session_id)
    outside.clock.pass_time(timedelta(hours=5))
    await live.close()
    restored = await over(backup, outside)
    yield Fallen(before, restored, dict(outside.mailer.sent), unknown)
    await restored.close()


async def reconciled(live: Live) -> Reconciliation:
    """One run, and all the work that follows from it."""
    found: Reconciliation = await live.world.container.reconcile()(whatever_the_age=True)
    await live.world.works(live.observer)
    return found


async def test_after_a_backup_was_restored_one_run_makes_every_payment_true_that_it_has_a_row_of(
    fallen: Fallen,
) -> None:
    stale = await fallen.restored.members()
    found = await reconciled(fallen.restored)
    inspection = await PostgresInvariants(fallen.restored.world.database).inspect(settled=True)

    assert fallen.before != stale
    assert fallen.before == await fallen.restored.members()
    assert () == inspection.broken
    assert found.complete


async def test_after_a_backup_was_restored_money_without_a_row_is_named_and_nothing_invented(fallen: Fallen) -> None:
    found = await reconciled(fallen.restored)

    left = [difference for difference in found.differences if not difference.repaired]
    assert [("checkout", fallen.unknown.id)] == [(difference.what, difference.id) for difference in left]
    assert str(fallen.unknown.payment_id) in left[0].why
    assert "unknown" not in [member[0] for member in await fallen.restored.members()]


async def test_after_a_backup_was_restored_no_letter_goes_out_twice(fallen: Fallen) -> None:
    await reconciled(fallen.restored)
    mailer = fallen.restored.world.outside.mailer
    again = await fallen.restored.world.container.reconcile()(whatever_the_age=True)

    assert fallen.letters == mailer.sent
    assert {0} == {again.repaired}
