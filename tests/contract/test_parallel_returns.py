"""Money goes back on all sides at once, over real Postgres: by events, by the reconciliation and by our own hand; it counts once."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Final

import pytest

from adapters.postgres.invariants import PostgresInvariants
from application.ports.gateway import (
    ChargeRefunded,
    CheckoutCompleted,
    CheckoutExpired,
    DisputeTold,
    RefundReason,
    RefundTold,
)
from application.ports.jobs import JobKind
from builders import a_member
from contract.services import at_once
from contract.stores import StoreInPostgres
from domain.audit import Cause
from domain.errors import IllegalMove
from domain.member import Member
from domain.payment import Figures, Payment, PaymentStatus
from domain.returns import DisputeStage, Refund
from postgres_world import Outside, PostgresWorld, ago

P = PaymentStatus
BY_HAND: Final = Cause(why="an operator gives it back", actor="operator:amina")


@pytest.fixture
def world(postgres_store: StoreInPostgres) -> PostgresWorld:
    """The service over a fresh database, an hour ago, so that nothing is too young to be reconciled."""
    return PostgresWorld(postgres_store.database, Outside(ago(hours=1)))


async def bought(world: PostgresWorld, member: Member, received: Figures | None = None) -> Payment:
    """A payment whose money has come."""
    offered = await world.start(member)
    await world.told(CheckoutCompleted(world.outside.gateway.pay(offered.session_id, received)))
    return await found(world, offered.payment)


async def found(world: PostgresWorld, payment: Payment) -> Payment:
    """A payment as it is stored now."""
    async with world.container.begin() as work:
        known = await work.payments.get(payment.id)
    assert known is not None
    return known


def every_word_of(world: PostgresWorld, refund: Refund) -> list[Awaitable[object]]:
    """All from whom a refund is heard: its own events, its charge's, the lists and the charge that is asked about."""
    charge = ChargeRefunded(refund.payment_intent_id, refund.amount_minor, refund.currency, (refund,))
    reconcile, collect = world.container.reconcile(), world.container.collect_returns()
    return [
        *(world.told(RefundTold(refund)) for _ in range(3)),
        world.told(charge),
        *(reconcile(whatever_the_age=True) for _ in range(2)),
        *(collect.of_charge(refund.payment_intent_id, cause=BY_HAND) for _ in range(2)),
    ]


async def settled(world: PostgresWorld, store: StoreInPostgres) -> None:
    """All jobs are done, and the audit finds nothing that is not as it must be."""
    await world.works(store.observer)
    inspection = await PostgresInvariants(store.database).inspect(settled=True)

    assert () == inspection.broken


async def moves_of(store: StoreInPostgres, payment: Payment) -> list[str]:
    """The states that a payment came through."""
    return [
        line.to_status
        for line in await store.audit()
        if line.entity_id == str(payment.id) and line.from_status != line.to_status
    ]


async def test_a_refund_that_is_told_on_all_sides_at_once_counts_once(
    world: PostgresWorld, postgres_store: StoreInPostgres
) -> None:
    payments = [await bought(world, a_member()) for _ in range(3)]
    world.outside.clock.pass_time(timedelta(minutes=30))
    refunds = [world.outside.gateway.give_back(one.checkout_session_id or "", 10000) for one in payments]
    outcomes = await at_once(*(word for refund in refunds for word in every_word_of(world, refund)))
    after = [await found(world, payment) for payment in payments]
    await settled(world, postgres_store)

    assert [] == [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [(P.PARTIALLY_REFUNDED, 10000)] * 3 == [(one.status, one.refunded_minor) for one in after]
    for payment in payments:
        assert ["PENDING", "SUCCEEDED", "PARTIALLY_REFUNDED"] == await moves_of(postgres_store, payment)


async def test_two_operators_and_somebody_at_stripe_never_give_more_back_than_came(
    world: PostgresWorld, postgres_store: StoreInPostgres
) -> None:
    """A part goes back in the dashboard while both give back the rest."""
    payment = await bought(world, a_member())
    world.outside.clock.pass_time(timedelta(minutes=30))
    part = world.outside.gateway.give_back(payment.checkout_session_id or "", 10000)
    refund = world.container.refund_payment()
    outcomes = await at_once(
        *every_word_of(world, part),
        *(refund(payment.id, reason=RefundReason.REQUESTED, cause=BY_HAND) for _ in range(2)),
    )
    after = await found(world, payment)
    await settled(world, postgres_store)

    assert [] == [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [10000, 20000] == sorted(one.amount_minor for one in world.outside.gateway.refunds.values())
    assert (P.REFUNDED, 30000) == (after.status, after.refunded_minor)
    assert not (await world.container.check_access()(payment.user_id)).allowed
    assert 1 == [letter.subject for letter in world.outside.mailer.sent.values()].count("Refunded")


async def test_a_duplicate_is_given_back_once_by_its_job_an_operator_and_the_lists_at_once(
    world: PostgresWorld, postgres_store: StoreInPostgres
) -> None:
    member = a_member()
    first = await world.start(member)
    await world.told(CheckoutExpired(world.outside.gateway.run_out(first.session_id)))
    kept = await bought(world, member)
    await world.told(CheckoutCompleted(world.outside.gateway.pay(first.session_id)))
    duplicate = await found(world, first.payment)
    world.outside.clock.pass_time(timedelta(minutes=30))
    jobs = [job for job in await world.claim() if job.kind is JobKind.REFUND_DUPLICATE]
    review, reconcile = world.container.review_payments(), world.container.reconcile()
    outcomes = await at_once(
        *(world.does(job) for job in jobs),
        *(review.give_back(duplicate.id, operator="amina") for _ in range(2)),
        *(reconcile(whatever_the_age=True) for _ in range(2)),
    )
    (refund,) = world.outside.gateway.refunds.values()
    await at_once(*every_word_of(world, refund))
    after = await found(world, duplicate)
    await settled(world, postgres_store)

    assert (True, 1) == (duplicate.duplicate, len(jobs))
    assert [] == [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert (P.REFUNDED, 30000) == (after.status, after.refunded_minor)
    assert P.SUCCEEDED is (await found(world, kept)).status
    assert (await world.container.check_access()(member.user_id)).allowed


async def test_one_operator_takes_money_while_another_gives_it_back(
    world: PostgresWorld, postgres_store: StoreInPostgres
) -> None:
    """Whoever is first, the money is with the member again, once, and no time is left that nobody paid for."""
    for _ in range(4):
        payment = await bought(world, a_member(), Figures(29999, "mad"))
        review = world.container.review_payments()
        outcomes = await at_once(
            review.accept(payment.id, operator="amina"),
            review.give_back(payment.id, operator="nadia"),
            review.accept(payment.id, operator="amina"),
        )
        after = await found(world, payment)
        refunds = (await world.outside.gateway.returns_of(payment.payment_intent_id or "")).refunds

        assert {type(outcome) for outcome in outcomes} <= {Payment, IllegalMove}
        assert [29999] == [refund.amount_minor for refund in refunds]
        assert P.REFUNDED is after.status
        assert not (await world.container.check_access()(payment.user_id)).allowed
    await settled(world, postgres_store)


async def test_a_refund_and_a_lost_dispute_at_once_take_the_year_once(
    world: PostgresWorld, postgres_store: StoreInPostgres
) -> None:
    payment = await bought(world, a_member())
    world.outside.clock.pass_time(timedelta(minutes=30))
    refund = world.outside.gateway.give_back(payment.checkout_session_id or "", 10000)
    lost = world.outside.gateway.dispute(payment.checkout_session_id or "", DisputeStage.LOST, amount_minor=20000)
    outcomes = await at_once(
        *every_word_of(world, refund), *(world.told(DisputeTold(lost)) for _ in range(3)), *every_word_of(world, refund)
    )
    after = await found(world, payment)
    await settled(world, postgres_store)

    assert [] == [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert (P.PARTIALLY_REFUNDED, 10000, "LOST") == (after.status, after.refunded_minor, after.dispute)
    assert not (await world.container.check_access()(payment.user_id)).allowed
    moves = [line.to_status for line in await postgres_store.audit() if line.entity == "subscription"]
    assert ["ACTIVE", "CANCELLED"] == [move for move in moves if move in ("ACTIVE", "CANCELLED")]
