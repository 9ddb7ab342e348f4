"""After an erasure the books still hold: every invariant, over a real Postgres, with what comes later."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from msgspec import json

from adapters.memory.members import MemoryCustomerRecords
from adapters.postgres.database import Database
from adapters.postgres.invariants import PostgresInvariants
from application.erase_member import EraseMember
from application.errors import TryAgain
from application.ports.gateway import CheckoutCompleted, RefundTold
from application.ports.privacy import Erasure
from domain.audit import Cause
from domain.member import UserId
from entrypoints.http.member_bodies import MemberDataBody
from postgres_world import Outside, PostgresWorld, a_talent

MEMBER = a_talent("to-forget")


async def test_every_rule_holds_after_an_erasure_and_after_what_comes_later(
    database: Database, database_url: str
) -> None:
    outside = Outside()
    world = PostgresWorld(database, outside)
    container = world.container
    observer = await asyncpg.connect(database_url)
    session = outside.gateway.pay((await world.start(MEMBER)).session_id)
    await world.told(CheckoutCompleted(session))
    await world.works(observer)
    copy = json.encode(
        MemberDataBody.of(await container.export_member()(MEMBER.user_id, operator="samir"), outside.clock.now())
    )
    erase = EraseMember(
        members=container.members(),
        customers=MemoryCustomerRecords(outside.gateway),
        clock=outside.clock,
        new_id=container.new_id(),
    )
    done = await erase(MEMBER.user_id, reason="asked", operator="samir", forfeit_access=True)
    at_once = await PostgresInvariants(database).inspect(settled=True)
    await world.told(CheckoutCompleted(session))
    await world.told(RefundTold(outside.gateway.give_back(session.id)))
    await world.works(observer)
    later = await PostgresInvariants(database).inspect(settled=True)
    kept = await observer.fetch("SELECT user_id, status FROM payments")
    await observer.close()

    assert MEMBER.email in copy.decode()
    assert ((), ()) == (at_once.broken, later.broken)
    assert [(done.pseudonym, "REFUNDED")] == [tuple(row) for row in kept]


WAITING = "SELECT count(*) FROM pg_locks WHERE relation = 'events'::regclass AND NOT granted"


@pytest.mark.parametrize("known_at_stripe", [True, False])
async def test_a_payment_that_begins_while_its_member_is_erased_stays_theirs(
    database: Database, database_url: str, known_at_stripe: bool
) -> None:
    outside = Outside()
    world = PostgresWorld(database, outside)
    observer, holder = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    session = outside.gateway.pay((await world.start(MEMBER)).session_id)
    await world.told(CheckoutCompleted(session))
    await world.works(observer)
    outside.clock.pass_time(timedelta(days=370))
    if not known_at_stripe:
        customer_id = await observer.fetchval("SELECT provider_id FROM customers")
        await MemoryCustomerRecords(outside.gateway).delete(customer_id)
    await holder.execute("BEGIN; LOCK TABLE events")
    erasing = asyncio.create_task(
        world.container.members().erase(
            MEMBER.user_id, UserId("erased-1"), cause=Cause(why="asked"), judge=lambda _: None
        )
    )
    while not await observer.fetchval(WAITING):
        await asyncio.sleep(0.01)
    begun = await world.start(MEMBER)
    await holder.execute("COMMIT")
    (outcome,) = await asyncio.gather(erasing, return_exceptions=True)
    owners = {row["id"]: row["user_id"] for row in await observer.fetch("SELECT id, user_id FROM payments")}
    await observer.close()
    await holder.close()

    assert MEMBER.user_id == owners[begun.payment.id]
    # Whoever became a customer anew is a member again: nothing is erased, and the next try is judged by what there is then.
    assert isinstance(outcome, Erasure if known_at_stripe else TryAgain)
    assert {MEMBER.user_id} | ({"erased-1"} if known_at_stripe else set()) == set(owners.values())
