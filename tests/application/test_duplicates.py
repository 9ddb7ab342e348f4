"""A second payment for time that is paid already is given back by itself, once; money that does not match waits for an operator."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from application.errors import ProviderRefused, ProviderUnavailable
from application.ports.gateway import (
    CheckoutCompleted,
    CheckoutExpired,
    CheckoutSession,
    ProviderFact,
    RefundOrder,
    RefundReason,
    RefundTold,
)
from application.ports.jobs import JobKind
from builders import a_payment
from domain.audit import Cause
from domain.errors import IllegalMove, NotFound, NothingToRefund
from domain.payment import Figures, Payment, PaymentStatus
from domain.returns import DisputeStage, Refund, RefundStatus

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


async def test_the_rest_of_a_duplicate_goes_back_where_somebody_was_faster_with_a_part(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    duplicate = await a_duplicate(world)
    give_back = world.gateway.refund

    async def after_a_hand(order: RefundOrder, *, key: str) -> Refund:
        if not world.gateway.refunds:
            world.gateway.give_back(duplicate.checkout_session_id or "", 20000)
        return await give_back(order, key=key)

    monkeypatch.setattr(world.gateway, "refund", after_a_hand)
    met = await world.work()
    await work_for_an_hour(world)

    assert [] == [error for error in met if isinstance(error, ProviderRefused)]  # which would end the job
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


async def a_second_paid_session(world: "World", after: timedelta) -> tuple[CheckoutSession, CheckoutSession]:
    """A paid checkout that we know, and a second one of its member that was paid a while later and that nobody has told of."""
    first = world.gateway.pay((await world.start()).session_id)
    await world.deliver(CheckoutCompleted(first))
    world.clock.pass_time(after)
    second = replace(first, id="cs_test_second", payment_intent_id="pi_second", paid_at=world.clock.now())
    world.gateway.sessions[second.id] = second
    return first, second


@pytest.mark.parametrize("refund_is_told", ["first", "second", "never"])
async def test_money_paid_after_the_time_before_it_had_gone_back_is_no_duplicate(
    world: "World", refund_is_told: str
) -> None:
    first = world.gateway.pay((await world.start()).session_id)
    await world.deliver(CheckoutCompleted(first))
    world.clock.pass_time(timedelta(days=10))
    refund = world.gateway.give_back(first.id)
    world.clock.pass_time(timedelta(days=1))
    second = replace(first, id="cs_test_second", payment_intent_id="pi_second", paid_at=world.clock.now())
    world.gateway.sessions[second.id] = second
    if refund_is_told == "first":
        await world.deliver(RefundTold(refund))
    await world.deliver(CheckoutCompleted(second))
    if refund_is_told == "second":
        await world.deliver(RefundTold(refund))
    await work_for_an_hour(world)

    assert [P.REFUNDED, P.SUCCEEDED] == world.statuses()
    assert (await world.check_access(world.member.user_id)).allowed
    assert [refund.id] == list(world.gateway.refunds)
    assert second.paid_at == world.subscription().periods[-1].starts_at
    assert 1 == [letter.subject for letter in world.mailer.delivered].count("2026-000002")


@pytest.mark.parametrize("refund_is_told_first", [True, False])
async def test_a_duplicate_whose_refund_was_known_before_it_buys_nothing_either(
    world: "World", refund_is_told_first: bool
) -> None:
    _, second = await a_second_paid_session(world, timedelta(days=10))
    refund = RefundTold(world.gateway.give_back(second.id))
    facts: list[ProviderFact] = [refund, CheckoutCompleted(second)]
    for fact in facts if refund_is_told_first else reversed(facts):
        await world.deliver(fact)
    await world.deliver(RefundTold(world.gateway.fail_refund(refund.refund.id)))

    assert 1 == len(world.subscription().periods)
    assert [False, True] == [payment.duplicate for payment in world.store.payments()]


async def test_what_a_bank_left_of_a_duplicate_is_given_back(world: "World") -> None:
    _, second = await a_second_paid_session(world, timedelta(days=10))
    await world.deliver(CheckoutCompleted(second))
    world.gateway.dispute(second.id, DisputeStage.LOST, amount_minor=10000)
    await work_for_an_hour(world)

    assert [20000] == [refund.amount_minor for refund in world.gateway.refunds.values()]


async def test_what_was_accepted_is_confirmed_with_what_arrived(world: "World") -> None:
    payment = await under_review(world, Figures(10000, "mad"))
    await world.review.accept(payment.id, operator="amina")
    await work_for_an_hour(world)
    (letter,) = world.mailer.delivered

    assert "100.00 MAD" in letter.text


async def test_an_operator_lets_go_of_a_checkout_for_which_nothing_was_charged(world: "World") -> None:
    payment = await under_review(world, Figures(0, "mad"))
    let_go = await world.review.give_back(payment.id, operator="amina")

    assert P.REFUNDED is let_go.status
    assert {} == world.gateway.refunds
    assert [] == await world.review.waiting()


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
