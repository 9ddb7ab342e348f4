"""Refunds and disputes whose end no event and no list tells are asked about by their charge, until they have ended."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from application.check_returns import ASK_AGAIN, FAULTS_IN_A_ROW_MAX, LEFT_ALONE
from application.errors import ProviderRefused, ProviderUnavailable
from application.ports.gateway import DisputeTold, RefundTold
from application.reconcile import Reconciliation
from builders import a_member
from domain.payment import Payment, PaymentStatus
from domain.returns import Dispute, DisputeStage, DisputeStatus, Refund, RefundStatus

if TYPE_CHECKING:
    from application.conftest import World

S = PaymentStatus
AGES = timedelta(days=60)
"""Longer than the provider keeps events, and than its lists are read back."""


async def disputed(world: "World", stage: DisputeStage = DisputeStage.OPEN) -> tuple[Payment, Dispute]:
    """A paid payment whose dispute is known, and which nobody tells any more about for ages."""
    payment = await world.buy(a_member())
    dispute = world.gateway.dispute(payment.checkout_session_id or "", stage)
    await world.deliver(DisputeTold(dispute))
    return payment, dispute


async def later(world: "World") -> tuple[Payment, Dispute]:
    """The same, a second after what was before."""
    world.clock.pass_time(timedelta(seconds=1))
    return await disputed(world)


async def refunded(world: "World", status: RefundStatus) -> tuple[Payment, Refund]:
    """The same with a refund."""
    payment = await world.buy(a_member())
    refund = world.gateway.give_back(payment.checkout_session_id or "", status=status)
    await world.deliver(RefundTold(refund))
    return payment, refund


def found(run: Reconciliation) -> list[tuple[str, str, str, str, bool]]:
    """What differed, of which id, from what to what, and whether it is repaired."""
    return [(one.what, one.id, one.before, one.after, one.repaired) for one in run.differences]


@pytest.mark.parametrize("before", [DisputeStage.INQUIRY, DisputeStage.OPEN, DisputeStage.APPEALED])
@pytest.mark.parametrize("after", [DisputeStage.WON, DisputeStage.LOST])
async def test_a_dispute_that_ended_after_ages_without_a_word_is_found(
    world: "World", before: DisputeStage, after: DisputeStage
) -> None:
    payment, dispute = await disputed(world, before)
    world.clock.pass_time(AGES)
    world.gateway.dispute(payment.checkout_session_id or "", after, created_at=dispute.created_at)
    run = await world.reconcile()
    again = await world.reconcile()

    assert [("dispute", dispute.id, before, after, True)] == found(run)
    assert DisputeStatus(after.upper()) is world.payment(payment.id).dispute
    assert (after is DisputeStage.WON) is (await world.check_access(payment.user_id)).allowed
    assert () == again.differences


@pytest.mark.parametrize("before", [RefundStatus.PENDING, RefundStatus.REQUIRES_ACTION])
@pytest.mark.parametrize(
    ("after", "status"),
    [(RefundStatus.SUCCEEDED, S.REFUNDED), (RefundStatus.FAILED, S.SUCCEEDED), (RefundStatus.CANCELED, S.SUCCEEDED)],
)
async def test_a_refund_that_ended_after_ages_without_a_word_is_found(
    world: "World", before: RefundStatus, after: RefundStatus, status: PaymentStatus
) -> None:
    payment, refund = await refunded(world, before)
    world.clock.pass_time(AGES)
    world.gateway.refunds[refund.id] = replace(refund, status=after)
    run = await world.reconcile()

    assert [("refund", refund.id, before, after, True)] == found(run)
    assert status is world.payment(payment.id).status


async def test_what_else_went_back_of_the_same_charge_is_found_with_it(world: "World") -> None:
    payment, _ = await disputed(world)
    world.clock.pass_time(AGES)
    refund = world.gateway.give_back(payment.checkout_session_id or "", 1000, created_at=payment.created_at)
    run = await world.reconcile()

    assert [("refund", refund.id, "unknown", "succeeded", True)] == found(run)
    assert S.PARTIALLY_REFUNDED is world.payment().status


async def test_what_has_ended_and_what_is_of_no_payment_is_not_asked_about(world: "World") -> None:
    await refunded(world, RefundStatus.SUCCEEDED)
    await disputed(world, DisputeStage.LOST)
    await disputed(world, DisputeStage.WON)
    _, foreign = await disputed(world)
    await world.deliver(DisputeTold(replace(foreign, stage=DisputeStage.WON)))
    await world.deliver(DisputeTold(replace(foreign, id="du_foreign", payment_intent_id="pi_foreign")))
    world.clock.pass_time(AGES)
    await world.reconcile()

    assert 0 == world.gateway.calls["returns_of"]


async def test_two_facts_of_one_charge_are_one_question(world: "World") -> None:
    payment, dispute = await disputed(world)
    await world.deliver(DisputeTold(replace(dispute, id="du_second")))
    world.clock.pass_time(AGES)
    run = await world.reconcile()

    assert 1 == world.gateway.calls["returns_of"]
    assert DisputeStatus.OPEN is world.payment(payment.id).dispute
    assert [] == found(run)


async def test_what_is_young_is_left_alone_unless_everything_is_to_be_healed(world: "World") -> None:
    await disputed(world)
    world.clock.pass_time(LEFT_ALONE - timedelta(seconds=1))
    await world.reconcile()
    left_alone = world.gateway.calls["returns_of"]
    await world.reconcile(whatever_the_age=True)

    assert (0, 1) == (left_alone, world.gateway.calls["returns_of"])


async def test_all_of_them_are_asked_about_once_an_hour_at_ten_questions_a_second(world: "World") -> None:
    for _ in range(4):
        await disputed(world)
    world.clock.pass_time(AGES)
    began_at = world.clock.now()
    for _ in range(3):
        await world.reconcile()
    one_walk, took = world.gateway.calls["returns_of"], world.clock.now() - began_at
    world.clock.pass_time(ASK_AGAIN)
    await world.reconcile()

    assert (4, 8) == (one_walk, world.gateway.calls["returns_of"])
    assert took >= 4 * timedelta(seconds=0.2)


async def test_a_charge_that_cannot_be_read_holds_up_no_other_and_is_named(world: "World") -> None:
    (_, unreadable), (_, refused), (payment, dispute) = [await later(world) for _ in range(3)]
    world.clock.pass_time(AGES)
    world.gateway.dispute(payment.checkout_session_id or "", DisputeStage.WON, created_at=dispute.created_at)
    world.gateway.fail_next("returns_of", ProviderUnavailable("it cannot be read"))
    world.gateway.fail_next("returns_of", ProviderRefused("no such charge"))
    run = await world.reconcile()

    assert [
        ("charge", unreadable.payment_intent_id, "open", "open", False),
        ("charge", refused.payment_intent_id, "open", "open", False),
        ("dispute", dispute.id, "open", "won", True),
    ] == found(run)
    assert run.complete


async def test_a_provider_that_does_not_answer_ends_the_run_and_the_next_one_begins_anew(world: "World") -> None:
    for _ in range(FAULTS_IN_A_ROW_MAX + 1):
        await disputed(world)
    world.clock.pass_time(AGES)
    for _ in range(FAULTS_IN_A_ROW_MAX):
        world.gateway.fail_next("returns_of")
    broken_off = await world.reconcile()
    asked = world.gateway.calls["returns_of"]
    whole = await world.reconcile()

    assert (False, FAULTS_IN_A_ROW_MAX) == (broken_off.complete, asked)
    assert (True, 2 * FAULTS_IN_A_ROW_MAX + 1) == (whole.complete, world.gateway.calls["returns_of"])
