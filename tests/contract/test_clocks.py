"""Replicas whose clocks are wrong by ten minutes, beside one whose clock is right, over one database and one Stripe."""

from datetime import UTC, datetime, timedelta

import pytest

from application.check_access import Access
from application.ports.gateway import CheckoutCompleted
from builders import a_member
from contract.stores import StoreInPostgres
from domain.member import Member
from domain.payment import PaymentStatus
from postgres_world import LEASE_SECONDS, Outside, PostgresWorld

OFF = timedelta(minutes=10)
WRONG = pytest.mark.parametrize("off", [-OFF, OFF], ids=["behind", "ahead"])


def replicas(store: StoreInPostgres, off: timedelta) -> tuple[PostgresWorld, PostgresWorld]:
    """One whose clock is right, as Stripe's and the database's are, and one whose clock is off."""
    right, wrong = Outside(datetime.now(UTC)), Outside(datetime.now(UTC) + off)
    wrong.gateway, wrong.reader, wrong.mailer = right.gateway, right.reader, right.mailer
    return PostgresWorld(store.database, right), PostgresWorld(store.database, wrong)


async def access(world: PostgresWorld, member: Member) -> Access:
    return await world.container.check_access()(member.user_id)


@WRONG
@pytest.mark.parametrize("starts", [0, 1], ids=["right", "wrong"])
@pytest.mark.parametrize("hears", [0, 1], ids=["right", "wrong"])
async def test_a_member_who_has_paid_is_let_in_at_once_and_for_a_year(
    postgres_store: StoreInPostgres, off: timedelta, starts: int, hears: int
) -> None:
    both, member = replicas(postgres_store, off), a_member()
    right = both[0].outside.clock
    offered = await both[starts].start(member)
    right.pass_time(timedelta(minutes=2))
    both[1].outside.clock.pass_time(timedelta(minutes=2))
    paid = both[0].outside.gateway.pay(offered.session_id)
    await both[hears].container.receive_event()(both[0].delivery(CheckoutCompleted(paid)))
    found = await access(both[0], member)
    record = await postgres_store.history.one(member.user_id, offered.payment.id)

    assert record is not None
    assert PaymentStatus.SUCCEEDED is record.payment.status
    assert found.allowed
    assert found.paid_until is not None
    assert OFF >= abs(found.paid_until - right.now().replace(year=right.now().year + 1))


@WRONG
async def test_a_lease_and_a_delay_last_as_long_for_a_replica_whose_clock_is_wrong(
    postgres_store: StoreInPostgres, off: timedelta
) -> None:
    right, wrong = replicas(postgres_store, off)
    member = a_member()
    offered = await right.start(member)
    await right.told(CheckoutCompleted(right.outside.gateway.pay(offered.session_id)))
    in_hand = await right.claim()
    delayed = await postgres_store.observer.fetchval("SELECT count(*) FROM jobs WHERE state = 'ready'")
    too_early = [await wrong.claim(), await wrong.container.queue().reap(retry_after_seconds=0)]
    await postgres_store.pass_time(LEASE_SECONDS + 1)
    reaped = await wrong.container.queue().reap(retry_after_seconds=0)
    again = await wrong.claim()

    assert ["issue_receipt"] == [job.kind for job in in_hand]
    assert 1 == delayed
    assert [[], 0] == too_early
    assert 1 == reaped
    assert {"issue_receipt", "collect_invoice"} == {job.kind for job in again}
