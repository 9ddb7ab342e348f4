"""A second payment for time that is paid already is given back by itself, once."""

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from application.errors import ProviderRefused
from application.ports.gateway import (
    CheckoutCompleted,
    CheckoutExpired,
    CheckoutSession,
    DisputeTold,
    ProviderFact,
    RefundOrder,
    RefundTold,
)
from application.ports.jobs import JobKind
from domain.payment import Payment, PaymentStatus
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


async def test_a_duplicate_is_given_back_and_its_member_is_told(world: "World") -> None:
    duplicate = await a_duplicate(world)
    await world.work_for_an_hour()

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
    await world.work_for_an_hour()

    assert [P.SUCCEEDED, P.REFUNDED] == world.statuses()
    assert 1 == len(world.gateway.refunds)


@pytest.mark.parametrize("commit", range(1, 8))
@pytest.mark.parametrize("after_effect", [True, False])
async def test_a_duplicate_is_given_back_once_wherever_the_store_fails(
    world: "World", commit: int, after_effect: bool
) -> None:
    await a_duplicate(world)
    world.faults.at_commit(commit, RuntimeError("killed"), after_effect=after_effect)
    await world.work_for_an_hour()

    assert [P.SUCCEEDED, P.REFUNDED] == world.statuses()
    assert 1 == len(world.gateway.refunds)


async def test_an_automatic_refund_that_fails_is_left_to_an_operator(world: "World") -> None:
    duplicate = await a_duplicate(world)
    refund = world.gateway.give_back(duplicate.checkout_session_id or "", status=RefundStatus.FAILED)
    await world.deliver(RefundTold(refund))
    await world.work_for_an_hour()
    waiting = await world.review.waiting()

    assert [P.SUCCEEDED, P.SUCCEEDED] == world.statuses()
    assert [duplicate.id] == [payment.id for payment in waiting]
    assert P.REFUNDED is (await world.review.give_back(duplicate.id, operator="amina")).status


async def test_a_duplicate_that_somebody_refunded_by_hand_is_not_given_back_again(world: "World") -> None:
    duplicate = await a_duplicate(world)
    world.gateway.give_back(duplicate.checkout_session_id or "", 20000)
    await world.work_for_an_hour()

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
    await world.work_for_an_hour()

    assert [] == [error for error in met if isinstance(error, ProviderRefused)]  # which would end the job
    assert [20000, 10000] == [refund.amount_minor for refund in world.gateway.refunds.values()]
    assert P.REFUNDED is world.payment(duplicate.id).status


async def test_a_duplicate_whose_bank_took_the_money_back_is_not_refunded_too(world: "World") -> None:
    duplicate = await a_duplicate(world)
    world.gateway.dispute(duplicate.checkout_session_id or "", DisputeStage.LOST)
    await world.work_for_an_hour()

    assert {} == world.gateway.refunds
    assert ["done"] == world.jobs(JobKind.REFUND_DUPLICATE)


@pytest.mark.parametrize("code", ["charge_disputed", "refund_disputed_payment", "charge_not_refundable", None])
async def test_a_refund_that_the_provider_will_not_make_is_left_to_an_operator(
    world: "World", code: str | None
) -> None:
    """Its payment stays as it is, waits in the review, and who asks again is told the provider's words."""
    duplicate = await a_duplicate(world)
    world.gateway.fail_next("refund", ProviderRefused("it is too old", code=code))
    met = await world.work()
    waiting = await world.review.waiting()
    world.gateway.fail_next("refund", ProviderRefused("it is still too old", code=code))
    with pytest.raises(ProviderRefused, match="still too old"):
        await world.review.give_back(duplicate.id, operator="someone")

    assert ["it is too old"] == [str(error) for error in met if isinstance(error, ProviderRefused)]
    assert [duplicate.id] == [payment.id for payment in waiting]
    assert P.SUCCEEDED is world.payment(duplicate.id).status
    assert {} == world.gateway.refunds


async def test_a_refusal_because_somebody_was_faster_is_what_was_wanted(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    duplicate = await a_duplicate(world)

    async def refused(order: RefundOrder, *, key: str) -> Refund:
        world.gateway.give_back(duplicate.checkout_session_id or "")
        raise ProviderRefused("already refunded", code="charge_already_refunded")

    monkeypatch.setattr(world.gateway, "refund", refused)
    await world.work_for_an_hour()

    assert P.REFUNDED is world.payment(duplicate.id).status
    assert ["done"] == world.jobs(JobKind.REFUND_DUPLICATE)


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
    await world.work_for_an_hour()

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
    await world.work_for_an_hour()

    assert [20000] == [refund.amount_minor for refund in world.gateway.refunds.values()]


async def test_a_duplicate_whose_dispute_was_won_after_all_is_given_back_then(world: "World") -> None:
    duplicate = await a_duplicate(world)
    session_id = duplicate.checkout_session_id or ""
    await world.deliver(DisputeTold(world.gateway.dispute(session_id, DisputeStage.LOST)))
    await world.work_for_an_hour()
    while_lost = dict(world.gateway.refunds)
    await world.deliver(DisputeTold(world.gateway.dispute(session_id, DisputeStage.WON)))
    await world.work_for_an_hour()

    assert {} == while_lost
    assert P.REFUNDED is world.payment(duplicate.id).status
    assert 1 == len(world.gateway.refunds)


@pytest.mark.parametrize("failure_first", [True, False])
async def test_a_refund_that_fails_after_another_year_was_bought_leaves_as_many_years_as_payments(
    world: "World", failure_first: bool
) -> None:
    """Either both stand, or the second one goes back: the member has access in both, and never paid for nothing."""
    first = await world.buy()
    world.clock.pass_time(timedelta(days=10))
    refund = world.gateway.give_back(first.checkout_session_id or "")
    second = replace(
        world.gateway.sessions[first.checkout_session_id or ""],
        id="cs_test_second",
        payment_intent_id="pi_second",
        paid_at=world.clock.now() + timedelta(days=1),
    )
    world.gateway.sessions[second.id] = second
    world.clock.pass_time(timedelta(days=2))
    failed = world.gateway.fail_refund(refund.id)
    facts: list[ProviderFact] = [RefundTold(refund), CheckoutCompleted(second), RefundTold(failed)]
    for fact in [facts[2], facts[0], facts[1]] if failure_first else facts:
        await world.deliver(fact)
    await world.work_for_an_hour()
    years = [period for period in world.subscription().periods if not period.is_empty]
    kept = [payment for payment in world.store.payments() if payment.status is P.SUCCEEDED]

    assert (1 if failure_first else 2) == len(years) == len(kept)
    assert all(later.starts_at == earlier.ends_at for earlier, later in pairwise(years))
    assert (await world.check_access(world.member.user_id)).allowed
