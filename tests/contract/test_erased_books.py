"""After an erasure the books still hold: every invariant, over a real Postgres, with what comes later."""

import asyncpg
from msgspec import json

from adapters.memory.members import MemoryCustomerRecords
from adapters.postgres.database import Database
from adapters.postgres.invariants import PostgresInvariants
from application.erase_member import EraseMember
from application.ports.gateway import CheckoutCompleted, RefundTold
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
