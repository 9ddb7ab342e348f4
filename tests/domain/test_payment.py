"""A payment follows the facts about its checkout, whatever their order and however often they are told."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from builders import NOON, a_payment
from domain.money import Money
from domain.payment import (
    ARRIVED,
    MOVES,
    PAID,
    PAYABLE,
    RANK,
    UNFINISHED,
    Figures,
    Payment,
    PaymentStatus,
    Review,
)
from domain.returns import DisputeStatus

LATER = NOON + timedelta(minutes=7)
ASKED = Figures(30000, "mad")
OTHER = Figures(29999, "mad")
S = PaymentStatus


def told_paid(payment: Payment) -> Payment:
    return payment.paid(ASKED, at=LATER, payment_intent_id="pi_1")


def told_paid_otherwise(payment: Payment) -> Payment:
    return payment.paid(OTHER, at=LATER, payment_intent_id="pi_1")


Fact = Callable[[Payment], Payment]
FACTS: dict[str, Fact] = {
    "paid": told_paid,
    "expired": Payment.expired,
    "failed": Payment.failed,
    "processing": Payment.processing,
    "cancelled": Payment.cancelled,
}
REACHED = {
    "paid": S.SUCCEEDED,
    "paid otherwise": S.REVIEW,
    "expired": S.EXPIRED,
    "failed": S.FAILED,
    "processing": S.PROCESSING,
    "cancelled": S.CANCELLED,
}
ALL_FACTS = {**FACTS, "paid otherwise": told_paid_otherwise}


def after(names: list[str], payment: Payment) -> Payment:
    """The payment when it is told facts in an order."""
    for name in names:
        payment = ALL_FACTS[name](payment)
    return payment


def a_payment_that_is(status: PaymentStatus) -> Payment:
    """A payment in a status, as the store may hold it."""
    return a_payment(
        status=status,
        paid_at=LATER if status in PAID else None,
        review=Review(expected=ASKED, received=OTHER) if status is S.REVIEW else None,
    )


@pytest.mark.parametrize("status", list(PaymentStatus))
def test_every_status_stands_in_the_table_of_moves_and_has_a_rank(status: PaymentStatus) -> None:
    assert status in MOVES
    assert status in RANK
    assert MOVES[status] <= set(PaymentStatus)


@pytest.mark.parametrize("status", [status for status in PaymentStatus if status is not PAYABLE])
def test_every_status_can_be_reached(status: PaymentStatus) -> None:
    assert any(status in targets for targets in MOVES.values())


def test_every_move_that_a_fact_can_ask_for_is_in_the_table() -> None:
    asked = {(before, wanted) for before in PaymentStatus for wanted in REACHED.values() if RANK[wanted] > RANK[before]}

    assert set() == {(before, wanted) for before, wanted in asked if wanted not in MOVES[before]}


def test_the_table_leads_forwards_except_back_from_refunds() -> None:
    backwards = {
        (before, wanted) for before, targets in MOVES.items() for wanted in targets if RANK[wanted] <= RANK[before]
    }

    assert all({before, wanted} <= ARRIVED for before, wanted in backwards)


def test_no_two_facts_share_a_rank() -> None:
    assert len(REACHED) == len({RANK[status] for status in REACHED.values()})


def test_the_sets_of_statuses_do_not_meet() -> None:
    assert PAYABLE in UNFINISHED
    assert frozenset() == UNFINISHED & PAID


@given(st.lists(st.sampled_from(sorted(FACTS)), min_size=1, max_size=6), st.data())
def test_any_order_and_any_repetition_of_the_same_facts_end_in_the_same_state(
    facts: list[str], data: st.DataObject
) -> None:
    payment = a_payment()
    shuffled = data.draw(st.permutations(facts + data.draw(st.lists(st.sampled_from(facts), max_size=4))))

    assert after(facts, payment) == after(shuffled, payment)


@given(st.lists(st.sampled_from(sorted(ALL_FACTS)), min_size=1, max_size=6), st.data())
def test_money_that_does_not_match_ends_in_the_same_status_in_any_order_too(
    facts: list[str], data: st.DataObject
) -> None:
    payment = a_payment()
    shuffled = data.draw(st.permutations(facts))

    told, told_otherwise = after(facts, payment), after(shuffled, payment)
    assert (told.status, told.review) == (told_otherwise.status, told_otherwise.review)


@given(st.lists(st.sampled_from(sorted(ALL_FACTS)), max_size=8))
def test_nothing_moves_a_payment_backwards(facts: list[str]) -> None:
    payment = a_payment()
    for name in facts:
        told = ALL_FACTS[name](payment)

        assert told.status is payment.status or RANK[told.status] > RANK[payment.status]
        payment = told


@given(st.lists(st.sampled_from(sorted(FACTS)), max_size=6))
def test_what_was_paid_once_stays_paid(facts: list[str]) -> None:
    paid = told_paid(a_payment())

    assert paid == after(facts, paid)


@pytest.mark.parametrize("status", [S.PENDING, S.PROCESSING, S.EXPIRED, S.CANCELLED, S.FAILED, S.REVIEW])
def test_money_wins_from_every_unpaid_state(status: PaymentStatus) -> None:
    paid = told_paid(a_payment_that_is(status))

    assert S.SUCCEEDED is paid.status
    assert LATER == paid.paid_at
    assert "pi_1" == paid.payment_intent_id
    assert paid.is_paid


@pytest.mark.parametrize("status", sorted(PAID))
@pytest.mark.parametrize("fact", sorted(ALL_FACTS))
def test_no_late_fact_about_the_checkout_changes_a_paid_payment(status: PaymentStatus, fact: str) -> None:
    paid = a_payment_that_is(status)

    assert paid == replace(ALL_FACTS[fact](paid), review=None)


@pytest.mark.parametrize(("fact", "status"), sorted(REACHED.items()))
def test_the_first_fact_leads_a_pending_payment_to_its_state(fact: str, status: PaymentStatus) -> None:
    assert status is ALL_FACTS[fact](a_payment()).status


def test_a_delayed_method_that_fails_ends_the_payment() -> None:
    assert S.FAILED is after(["processing", "failed"], a_payment()).status


@pytest.mark.parametrize(
    "received",
    [
        Figures(29999, "mad"),
        Figures(30001, "mad"),
        Figures(0, "mad"),
        Figures(30000, "usd"),
        Figures(30000, "MAD"),
        Figures(None, "mad"),
        Figures(30000, None),
        Figures(None, None),
    ],
)
def test_money_that_does_not_match_is_reviewed_with_both_figures(received: Figures) -> None:
    payment = a_payment().paid(received, at=LATER, payment_intent_id="pi_1")

    assert S.REVIEW is payment.status
    assert Review(expected=ASKED, received=received) == payment.review
    assert payment.paid_at is None
    assert not payment.is_paid
    assert "pi_1" == payment.payment_intent_id


def test_the_first_mismatch_is_the_one_that_is_kept() -> None:
    reviewed = told_paid_otherwise(a_payment())

    assert reviewed == reviewed.paid(Figures(1, "mad"), at=LATER, payment_intent_id="pi_2")


def test_matching_money_ends_a_review_and_the_figures_stay_as_its_history() -> None:
    payment = told_paid(told_paid_otherwise(a_payment()))

    assert S.SUCCEEDED is payment.status
    assert Review(expected=ASKED, received=OTHER) == payment.review


def test_a_payment_compares_with_the_price_it_was_started_with() -> None:
    payment = a_payment(amount=Money(3000, "usd"))

    assert S.SUCCEEDED is payment.paid(Figures(3000, "usd"), at=LATER, payment_intent_id=None).status


def test_a_payment_is_dated_by_its_money_also_where_the_clock_that_started_it_was_ahead() -> None:
    """Else its year would begin in the future, and the member be kept out until then."""
    received_at = NOON - timedelta(minutes=3)
    payment = a_payment().paid(ASKED, at=received_at, payment_intent_id=None)
    reviewed = a_payment().paid(Figures(1, "mad"), at=received_at, payment_intent_id=None)

    assert received_at == payment.paid_at
    assert received_at == reviewed.accepted(received_at).paid_at


def test_opening_a_checkout_changes_nothing_but_its_session() -> None:
    payment = a_payment()

    assert "cs_1" == payment.opened("cs_1").checkout_session_id
    assert payment.status is payment.opened("cs_1").status


@pytest.mark.parametrize("status", sorted(set(PaymentStatus) - {PaymentStatus.REFUNDED}))
def test_a_payment_is_dated_exactly_when_its_money_has_arrived(status: PaymentStatus) -> None:
    review = Review(expected=ASKED, received=OTHER)
    with pytest.raises(ValueError, match="dated exactly when"):
        a_payment(status=status, paid_at=None if status in PAID else LATER, review=review)


@pytest.mark.parametrize("refunded", [-1, 30001])
def test_no_more_is_refunded_than_was_paid(refunded: int) -> None:
    with pytest.raises(ValueError, match="no more can be refunded"):
        a_payment(refunded_minor=refunded)


def test_a_review_keeps_both_figures() -> None:
    with pytest.raises(ValueError, match="keeps both figures"):
        a_payment(status=S.REVIEW)


@pytest.mark.parametrize("dispute", [None, *DisputeStatus])
def test_a_dispute_stands_beside_the_status(dispute: DisputeStatus | None) -> None:
    payment = a_payment(dispute=dispute)

    assert S.SUCCEEDED is told_paid(payment).status
    assert dispute is told_paid(payment).dispute


@pytest.mark.parametrize("told", [Figures(None, None), Figures(29999, None), Figures(None, "mad")], ids=repr)
def test_where_nobody_told_the_whole_of_what_came_it_is_what_was_asked_for(told: Figures) -> None:
    payment = a_payment().paid(told, at=LATER, payment_intent_id="pi_1")

    assert payment.amount == payment.received
    assert not payment.is_charge_known


def test_what_came_is_told_once_and_only_of_money_under_review() -> None:
    in_order = a_payment()
    untold = in_order.paid(Figures(None, None), at=LATER, payment_intent_id="pi_1")
    told = untold.told_its_charge(OTHER)

    assert OTHER == told.charged
    assert told == told.told_its_charge(Figures(1, "eur"))
    assert in_order == in_order.told_its_charge(OTHER)
