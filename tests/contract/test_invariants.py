"""What `payments audit` checks: all of it holds of what the use cases store, and each check finds what is planted against it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final, TypeAlias

import asyncpg
import pytest

from adapters.postgres.database import Database
from adapters.postgres.invariants import (
    INVARIANTS,
    SHOWN_MAX,
    PostgresInvariants,
    inspection_by,
    read_invariants,
    words_of_the_domain,
)
from application.errors import TryAgain
from application.findings import Findings
from application.ports.gateway import CheckoutCompleted, CheckoutExpired, RefundTold
from application.ports.reads import BrokenInvariant
from contract.planted_violations import PLANTED
from contract.planting import A_REFUND_OF_THE_BUYER, Planted, a_lost_dispute
from domain.payment import Figures
from postgres_world import Outside, PostgresWorld, a_talent, ago

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
SECONDS_MAX: Final = 10.0


async def live_for_a_year(world: PostgresWorld, observer: Connection) -> None:
    """Members of every fate: one bought, one renewed, one paid twice, one was refunded, one gave up, one waits, one looks.

    Of three something else than what was asked for arrived: too little, of which a part went back, dollars, which were accepted and of
    which a part went back, and nothing, which was let go of.
    """
    outside = world.outside
    for user_id in ("buyer", "renewer", "twice", "unhappy"):
        first = await world.start(a_talent(user_id))
        if user_id == "twice":
            await world.told(CheckoutExpired(outside.gateway.run_out(first.session_id)))
            second = await world.start(a_talent(user_id))
            await world.told(CheckoutCompleted(outside.gateway.pay(second.session_id)))
        await world.told(CheckoutCompleted(outside.gateway.pay(first.session_id)))
    await world.works(observer)
    outside.clock.pass_time(timedelta(days=340))
    again = await world.start(a_talent("renewer"))
    await world.told(CheckoutCompleted(outside.gateway.pay(again.session_id)))
    unhappy = outside.gateway.give_back(first.session_id)
    await world.told(RefundTold(unhappy))
    given_up = await world.start(a_talent("unsure"))
    await world.container.cancel_checkout()(given_up.payment.user_id, given_up.payment.id)
    delayed = await world.start(a_talent("patient"))
    await world.told(CheckoutCompleted(outside.gateway.pay_later(delayed.session_id)))
    await world.start(a_talent("looker"))
    await pay_something_else(world)
    await world.works(observer)


async def pay_something_else(world: PostgresWorld) -> None:
    """Money that does not match, in three fates."""
    gateway, reviews = world.outside.gateway, world.container.review_payments()
    received = {"short": Figures(29999, "mad"), "dollar": Figures(3000, "usd"), "free": Figures(0, "mad")}
    offered = {user_id: await world.start(a_talent(user_id)) for user_id in received}
    for user_id, figures in received.items():
        await world.told(CheckoutCompleted(gateway.pay(offered[user_id].session_id, figures)))
    await reviews.accept(offered["dollar"].payment.id, operator="amina")
    await reviews.give_back(offered["free"].payment.id, operator="amina")
    await world.told(RefundTold(gateway.give_back(offered["short"].session_id, 9999)))
    await world.told(RefundTold(gateway.give_back(offered["dollar"].session_id, 1000)))


@pytest.fixture
async def observer(database: Database, database_url: str) -> AsyncIterator[Connection]:
    """A connection to a database in which members have lived for a year."""
    connection = await asyncpg.connect(database_url)
    await live_for_a_year(PostgresWorld(database, Outside(ago(days=340))), connection)
    yield connection
    await connection.close()


async def broken_by(observer: Connection, planted: Planted) -> dict[str, BrokenInvariant]:
    """What does not hold once something was planted, which is then undone."""
    transaction = observer.transaction()
    await transaction.start()
    for statement in planted.statements:
        await observer.execute(statement)
    found = await inspection_by(observer, settled=planted.settled, seconds_max=SECONDS_MAX)
    await transaction.rollback()
    return {broken.name: broken for broken in found.broken}


async def test_each_check_finds_what_is_planted_against_it_and_nothing_else(
    observer: Connection, database: Database
) -> None:
    before = await PostgresInvariants(database).inspect(settled=True)
    found = [(planted, await broken_by(observer, planted)) for planted in PLANTED]
    after = await PostgresInvariants(database).inspect(settled=True)
    statuses = {row["status"] for row in await observer.fetch("SELECT DISTINCT status FROM payments")}

    assert {} == {planted.label: set(broken) for planted, broken in found if planted.breaks != set(broken)}
    assert all(
        broken.count >= 1 and broken.shown[0].id and broken.shown[0].found
        for _, all_of in found
        for broken in all_of.values()
    )
    assert () == before.broken == after.broken
    assert {
        *("SUCCEEDED", "REFUNDED", "CANCELLED", "PROCESSING"),
        *("PENDING", "REVIEW", "PARTIALLY_REFUNDED"),
    } == statuses


def test_every_check_has_something_planted_against_it() -> None:
    assert {invariant.name for invariant in INVARIANTS} == {name for planted in PLANTED for name in planted.breaks}


def test_everything_planted_has_a_name_of_its_own() -> None:
    assert len(PLANTED) == len({planted.label for planted in PLANTED})


def test_every_check_says_in_a_sentence_what_and_why() -> None:
    assert [] == [one.name for one in INVARIANTS if not one.says.endswith(".") or len(one.says.split()) < 8]
    assert len(INVARIANTS) == len({one.name for one in INVARIANTS})


def test_a_word_that_stands_for_nothing_is_no_check() -> None:
    text = "-- name\n-- It says so.\nSELECT '{nothing}' AS id, '' AS found\n"

    with pytest.raises(KeyError, match="nothing"):
        read_invariants(text, words_of_the_domain())


async def test_of_many_violations_all_are_counted_and_a_few_are_shown(database: Database, database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO jobs (kind, subject, attempts_max, run_at)"
        " SELECT 'retry_event', 'evt_' || n, 1, now() - interval '1 hour' FROM generate_series(1, 33) n"
    )
    await connection.close()
    found = await PostgresInvariants(database).inspect(settled=False)

    assert [("job_is_not_late", 33, SHOWN_MAX)] == [(one.name, one.count, len(one.shown)) for one in found.broken]


async def test_an_inspection_leaves_its_connection_fit_to_write(database: Database) -> None:
    await PostgresInvariants(database).inspect(settled=True)
    connection = await database.acquire()
    read_only = await connection.fetchval("SHOW transaction_read_only")
    limit = await connection.fetchval("SHOW statement_timeout")
    await database.release(connection)

    assert ("off", "8s") == (read_only, limit)


async def test_a_check_that_takes_too_long_is_given_up(database: Database, database_url: str) -> None:
    blocker = await asyncpg.connect(database_url)
    async with blocker.transaction():
        await blocker.execute("LOCK TABLE periods IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(TryAgain, match="57014"):
            await PostgresInvariants(database, seconds_max=0.05).inspect(settled=False)
    await blocker.close()

    assert () == (await PostgresInvariants(database).inspect(settled=True)).broken


async def test_the_command_that_the_audit_names_mends_what_does_not_follow_its_facts(
    database: Database, database_url: str
) -> None:
    observer = await asyncpg.connect(database_url)
    world = PostgresWorld(database, Outside(ago(days=340)))
    await live_for_a_year(world, observer)
    for statement in (A_REFUND_OF_THE_BUYER, a_lost_dispute("amount_minor - 1")):
        await observer.execute(statement)
    named = await inspection_by(observer, settled=False, seconds_max=SECONDS_MAX)
    findings = Findings()
    await world.container.settle_returns()(findings, whatever_the_age=True)
    mended = await inspection_by(observer, settled=False, seconds_max=SECONDS_MAX)
    await observer.close()

    assert {"payment_follows_its_returns", "time_goes_back_with_its_money"} == {one.name for one in named.broken}
    assert all("payments reconcile" in one.says for one in named.broken)
    assert 1 == len(findings.differences)
    assert () == mended.broken
