"""Money that does not match waits for an operator, who takes it or gives it back, once."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from msgspec.structs import replace

from application.errors import ProviderUnavailable
from application.ports.gateway import CheckoutCompleted, RefundReason
from builders import a_payment
from domain.audit import Cause
from domain.errors import IllegalMove, NotFound, NothingToDecide, NothingToRefund, TimeAlreadyPaid
from domain.payment import Figures, Payment, PaymentId, PaymentStatus
from domain.returns import DisputeStage, Returns

if TYPE_CHECKING:
    from application.conftest import World

P = PaymentStatus


async def test_what_was_accepted_is_confirmed_with_what_arrived(world: "World") -> None:
    payment = await under_review(world, Figures(10000, "mad"))
    await world.review.accept(payment.id, operator="amina")
    await world.work_for_an_hour()
    (letter,) = world.mailer.delivered

    assert "100.00 MAD" in letter.text


async def test_money_for_time_that_was_paid_meanwhile_is_not_taken_only_to_be_given_back(world: "World") -> None:
    payment = await under_review(world, Figures(29999, "mad"))
    await world.buy()
    with pytest.raises(TimeAlreadyPaid, match="only be given back"):
        await world.review.accept(payment.id, operator="amina")
    waiting = await world.review.waiting()
    await world.review.give_back(payment.id, operator="amina")
    await world.work_for_an_hour()

    assert [payment] == waiting
    assert [29999] == [refund.amount_minor for refund in world.gateway.refunds.values()]
    assert 1 == len(world.subscription().periods)


async def test_an_operator_lets_go_of_a_checkout_for_which_nothing_was_charged(world: "World") -> None:
    payment = await under_review(world, Figures(0, "mad"))
    let_go = await world.review.give_back(payment.id, operator="amina")

    assert P.REFUNDED is let_go.status
    assert {} == world.gateway.refunds
    assert [] == await world.review.waiting()
    assert let_go == let_go.after_returns(Returns())


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
    await world.work_for_an_hour()

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
    await world.work_for_an_hour()

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


async def test_a_payment_in_order_is_not_given_back_by_a_slip(world: "World") -> None:
    """An id from the wrong line, or a mistyped one."""
    payment = await world.buy()
    with pytest.raises(NothingToDecide, match=f"{payment.user_id} is in order.*--even-if-in-order"):
        await world.review.give_back(payment.id, operator="amina")
    with pytest.raises(NotFound, match="no such payment"):
        await world.review.give_back(PaymentId(UUID(int=0)), operator="amina")
    untouched = dict(world.gateway.refunds)
    meant = await world.review.give_back(payment.id, operator="amina", even_if_in_order=True)

    assert {} == untouched
    assert P.REFUNDED is meant.status
    assert not (await world.check_access(world.member.user_id)).allowed


async def test_a_provider_that_is_away_keeps_nothing_half_done(world: "World") -> None:
    payment = await under_review(world, Figures(29999, "mad"))
    world.gateway.fail_next("refund")
    with pytest.raises(ProviderUnavailable):
        await world.review.give_back(payment.id, operator="amina")
    refunded = await world.refund_payment(payment.id, reason=RefundReason.REQUESTED, cause=Cause(why="again"))

    assert P.REFUNDED is refunded.status
    assert 1 == len(world.gateway.refunds)


async def test_money_that_the_members_bank_has_taken_is_refused_with_the_dispute_that_took_it(world: "World") -> None:
    payment = await under_review(world, Figures(29999, "mad"))
    world.gateway.dispute(payment.checkout_session_id or "", DisputeStage.LOST)

    with pytest.raises(NothingToRefund, match=r"bank has taken this money back \(dispute du_cs_test_1, lost\)"):
        await world.review.give_back(payment.id, operator="amina")
    assert {} == world.gateway.refunds
    assert [] == await world.review.waiting()


async def test_what_the_members_bank_has_left_is_given_back(world: "World") -> None:
    payment = await under_review(world, Figures(29999, "mad"))
    world.gateway.dispute(payment.checkout_session_id or "", DisputeStage.LOST, amount_minor=9999)
    await world.review.give_back(payment.id, operator="amina")

    assert [20000] == [refund.amount_minor for refund in world.gateway.refunds.values()]


@pytest.mark.parametrize("told", [Figures(None, None), Figures(29999, None), Figures(None, "mad")])
async def test_money_whose_amount_nobody_told_is_asked_about_and_given_back(world: "World", told: Figures) -> None:
    offered = await world.start()
    session = world.gateway.pay(offered.session_id, Figures(29999, "mad"))
    await world.deliver(CheckoutCompleted(replace(session, received=told)))
    before = world.payment()
    refunded = await world.review.give_back(before.id, operator="amina")
    again = await world.review.give_back(before.id, operator="amina")

    assert (P.REVIEW, told) == (before.status, before.charged)
    assert (P.REFUNDED, Figures(29999, "mad")) == (refunded.status, refunded.charged)
    assert refunded == again == world.payment()
    assert [29999] == [refund.amount_minor for refund in world.gateway.refunds.values()]
    assert [] == await world.review.waiting()
    assert ("REVIEW", "REVIEW", "given back after review: the provider says that 29999 mad came") in world.moves()


async def test_money_whose_amount_the_provider_does_not_tell_either_is_left_with_what_to_do(world: "World") -> None:
    payment = await under_review(world, Figures(None, "mad"))

    with pytest.raises(NothingToRefund, match=r"give it back in the provider's dashboard \(pi_1\)"):
        await world.review.give_back(payment.id, operator="amina")
    assert payment == world.payment()
    assert {} == world.gateway.refunds
