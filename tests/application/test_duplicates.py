"""A second payment for time that is paid already is given back by itself, once; money that does not match waits for an operator."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from application.errors import ProviderRefused, ProviderUnavailable
from application.ports.gateway import CheckoutCompleted, CheckoutExpired, RefundReason, RefundTold
from application.ports.jobs import JobKind
from builders import a_payment
from domain.audit import Cause
from domain.errors import IllegalMove, NotFound, NothingToRefund
from domain.payment import Figures, Payment, PaymentStatus
from domain.returns import DisputeStage, RefundStatus

if TYPE_CHECKING:
    from application.conftest import World

P = PaymentStatus


async def a_duplicate(world: "World") -> Payment:
    """The second of two payments that were made side by side."""
    first = await world.start()
    await world.deliver(CheckoutExpired(world.gateway.run_out(first.session_id)))
    second = await world.start()
    await world.deliver(CheckoutCompleted(world.gateway.pay(first.session_id)))
    await world.deliver(CheckoutCompleted(world.gateway.pay(second.session_id)))
    return world.payment(second.payment.id)


async def work_for_an_hour(world: "World") -> None:
    """Let a worker do what is due, again and again."""
    for _ in range(12):
        world.clock.pass_time(timedelta(minutes=5))
        await world.work()


async def test_a_duplicate_is_given_back_and_its_member_is_told(world: "World") -> None:
    duplicate = await a_duplicate(world)
    await work_for_an_hour(world)

    assert duplicate.duplicate
    assert [P.SUCCEEDED, P.REFUNDED] == world.statuses()
    assert [(duplicate.payment_intent_id, 30000)] == [
        (refund.payment_intent_id, refund.amount_minor) for refund in world.gateway.refunds.values()
    ]
    assert 1 == len(world.subscription().periods)
    assert 1 == [letter.subject for letter in world.mailer.delivered].count("refund")


@pytest.mark.parametrize("call", ["refund", "returns_of"])
@pytest.mark.parametrize("after_effect", [True, False])
async def test_a_duplicate_is_given_back_once_whatever_answer_is_lost(
    world: "World", call: str, after_effect: bool
) -> None:
    await a_duplicate(world)
    for _ in range(2):
        world.gateway.fail_next(call, after_effect=after_effect)
    await work_for_an_hour(world)

    assert [P.SUCCEEDED, P.REFUNDED] == world.statuses()
    assert 1 == len(world.gateway.refunds)


@pytest.mark.parametrize("commit", range(1, 8))
@pytest.mark.parametrize("after_effect", [True, False])
async def test_a_duplicate_is_given_back_once_wherever_the_store_fails(
    world: "World", commit: int, after_effect: bool
) -> None:
    await a_duplicate(world)
    world.faults.at_commit(commit, RuntimeError("killed"), after_effect=after_effect)
    await work_for_an_hour(world)

    assert [P.SUCCEEDED, P.REFUNDED] == world.statuses()
    assert 1 == len(world.gateway.refunds)


async def test_an_automatic_refund_that_fails_is_left_to_an_operator(world: "World") -> None:
    duplicate = await a_duplicate(world)
    refund = world.gateway.give_back(duplicate.checkout_session_id or "", status=RefundStatus.FAILED)
    await world.deliver(RefundTold(refund))
    await work_for_an_hour(world)
    waiting = await world.review.waiting()

    assert [P.SUCCEEDED, P.SUCCEEDED] == world.statuses()
    assert [duplicate.id] == [payment.id for payment in waiting]
    assert P.REFUNDED is (await world.review.give_back(duplicate.id, operator="amina")).status


async def test_a_duplicate_that_somebody_refunded_by_hand_is_not_given_back_again(world: "World") -> None:
    duplicate = await a_duplicate(world)
    world.gateway.give_back(duplicate.checkout_session_id or "", 20000)
    await work_for_an_hour(world)

    assert [20000, 10000] == [refund.amount_minor for refund in world.gateway.refunds.values()]
    assert P.REFUNDED is world.payment(duplicate.id).status


async def test_a_duplicate_whose_bank_took_the_money_back_is_not_refunded_too(world: "World") -> None:
    duplicate = await a_duplicate(world)
    world.gateway.dispute(duplicate.checkout_session_id or "", DisputeStage.LOST)
    await work_for_an_hour(world)

    assert {} == world.gateway.refunds
    assert ["done"] == world.jobs(JobKind.REFUND_DUPLICATE)


async def test_a_refund_that_the_provider_will_not_make_is_left_to_an_operator(world: "World") -> None:
    await a_duplicate(world)
    world.gateway.fail_next("refund", ProviderRefused("charge disputed", code="charge_disputed"))
    met = await world.work()

    assert any(isinstance(error, ProviderRefused) for error in met)


async def under_review(world: "World", received: Figures) -> Payment:
    """A payment for which something else arrived."""
    offered = await world.start()
    await world.deliver(CheckoutCompleted(world.gateway.pay(offered.session_id, received)))
    return world.payment()


async def test_an_operator_sees_what_waits_and_takes_the_money(world: "World") -> None:
    payment = await under_review(world, Figures(29999, "mad"))
    waiting = await world.review.waiting()
    world.clock.pass_time(timedelta(days=2))
    accepted = await world.review.accept(payment.id, operator="amina")
    await work_for_an_hour(world)

    assert [payment] == waiting
    assert P.SUCCEEDED is accepted.status
    assert ("REVIEW", "SUCCEEDED", "the money under review was accepted") in world.moves()
    assert {"operator:amina"} == {row.cause.actor for row in world.store.audit if "accepted" in row.cause.why}
    assert accepted.paid_at == world.subscription().periods[0].starts_at
    assert ["2026-000001"] == [letter.subject for letter in world.mailer.delivered]
    assert [] == await world.review.waiting()


@pytest.mark.parametrize("received", [Figures(29999, "mad"), Figures(3000, "usd"), Figures(35000, "mad")])
async def test_an_operator_gives_the_money_back(world: "World", received: Figures) -> None:
    payment = await under_review(world, received)
    refunded = await world.review.give_back(payment.id, operator="amina")
    await work_for_an_hour(world)

    assert P.REFUNDED is refunded.status
    assert refunded.paid_at is None
    assert [received.amount] == [refund.amount_minor for refund in world.gateway.refunds.values()]
    assert [] == await world.review.waiting()
    assert [] == world.store.subscriptions()
    assert ["refund"] == [letter.subject for letter in world.mailer.delivered]


async def test_two_operators_at_once_give_the_money_back_once(world: "World") -> None:
    payment = await under_review(world, Figures(29999, "mad"))
    await asyncio.gather(*(world.review.give_back(payment.id, operator="amina") for _ in range(2)))

    assert 1 == len(world.gateway.refunds)


async def test_only_money_under_review_is_accepted(world: "World") -> None:
    payment = await world.buy()

    with pytest.raises(IllegalMove):
        await world.review.accept(payment.id, operator="amina")
    with pytest.raises(NotFound):
        await world.review.accept(a_payment().id, operator="amina")


async def test_money_that_was_accepted_without_the_operators_hearing_of_it_is_accepted_once(world: "World") -> None:
    payment = await under_review(world, Figures(29999, "mad"))
    world.faults.at_commit(1, after_effect=True)
    accepted = await world.review.accept(payment.id, operator="amina")
    again = await world.review.accept(payment.id, operator="amina")

    assert PaymentStatus.SUCCEEDED is accepted.status is again.status
    assert 1 == len(world.subscription().periods)
    assert 1 == [after for _, after, _ in world.moves()].count("SUCCEEDED")


async def test_money_that_never_came_is_not_given_back(world: "World") -> None:
    offered = await world.start()

    with pytest.raises(NothingToRefund):
        await world.review.give_back(offered.payment.id, operator="amina")


async def test_a_provider_that_is_away_keeps_nothing_half_done(world: "World") -> None:
    payment = await under_review(world, Figures(29999, "mad"))
    world.gateway.fail_next("refund")
    with pytest.raises(ProviderUnavailable):
        await world.review.give_back(payment.id, operator="amina")
    refunded = await world.refund_payment(payment.id, reason=RefundReason.REQUESTED, cause=Cause(why="again"))

    assert P.REFUNDED is refunded.status
    assert 1 == len(world.gateway.refunds)
