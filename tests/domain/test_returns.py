"""Refunds and disputes are facts that only go on, and all that follows from them is the same in every order."""

from datetime import timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from builders import NOON, a_dispute, a_payment, a_payment_id, a_refund
from domain.errors import IllegalMove
from domain.member import UserId
from domain.payment import Figures, Payment, PaymentStatus, Review
from domain.returns import (
    DISPUTE_RANK,
    REFUND_RANK,
    DisputeStage,
    DisputeStatus,
    Refund,
    RefundStatus,
    Returns,
)
from domain.subscription import Subscription, SubscriptionStatus

S = PaymentStatus
ZONE = ZoneInfo("Africa/Casablanca")
DAY = timedelta(days=1)


def paid(**changes: object) -> Payment:
    """A payment of 300 MAD whose money has arrived."""
    return a_payment(status=S.SUCCEEDED, paid_at=NOON, **changes)


def after_refunds(payment: Payment, *refunds: Refund) -> Payment:
    """The payment once some refunds are known."""
    return payment.after_returns(Returns(refunds=refunds))


@pytest.mark.parametrize(
    ("amounts", "status", "refunded"),
    [
        ([], S.SUCCEEDED, 0),
        ([1], S.PARTIALLY_REFUNDED, 1),
        ([10000, 19999], S.PARTIALLY_REFUNDED, 29999),
        ([10000, 20000], S.REFUNDED, 30000),
        ([30000], S.REFUNDED, 30000),
        ([30000, 30000], S.REFUNDED, 30000),
    ],
)
def test_the_status_follows_the_sum_of_the_refunds_that_stand(
    amounts: list[int], status: PaymentStatus, refunded: int
) -> None:
    payment = after_refunds(paid(), *(a_refund(amount_minor=amount) for amount in amounts))

    assert (status, refunded) == (payment.status, payment.refunded_minor)


@pytest.mark.parametrize("status", sorted(set(RefundStatus) - {RefundStatus.SUCCEEDED}))
def test_a_refund_that_does_not_stand_takes_nothing(status: RefundStatus) -> None:
    payment = paid()

    assert payment == after_refunds(payment, a_refund(status=status))


def test_a_refund_of_another_currency_is_none_of_the_charge() -> None:
    payment = paid()

    assert payment == after_refunds(payment, a_refund(currency="usd"))


def test_a_refund_that_fails_after_it_had_succeeded_no_longer_counts() -> None:
    refund = a_refund()
    payment = paid()
    refunded = after_refunds(payment, refund)

    assert S.REFUNDED is refunded.status
    assert payment == after_refunds(refunded, refund.after(replace(refund, status=RefundStatus.FAILED)))


@given(st.permutations(list(RefundStatus)[:4]))
def test_a_refund_ends_where_its_facts_lead_in_every_order(order: list[RefundStatus]) -> None:
    told = [a_refund(id="re_1", status=status) for status in order]
    refund = told[0]
    for fact in [*told, *told]:
        refund = refund.after(fact)

    assert RefundStatus.FAILED is refund.status


def test_a_dispute_ends_where_its_facts_lead_in_every_order() -> None:
    stages = [DisputeStage.INQUIRY, DisputeStage.OPEN, DisputeStage.LOST]
    first_word = NOON + DAY
    told = [
        a_dispute(id="du_1", stage=stage, lost_at=first_word if stage is DisputeStage.LOST else None)
        for stage in stages
    ]
    told.append(a_dispute(id="du_1", stage=DisputeStage.LOST, lost_at=NOON + 3 * DAY))
    for order in permutations(told):
        dispute = order[0]
        for fact in order:
            dispute = dispute.after(fact)

        assert (DisputeStage.LOST, first_word) == (dispute.stage, dispute.lost_at)


def test_every_stage_and_status_has_a_place_in_the_order() -> None:
    assert set(RefundStatus) == set(REFUND_RANK)
    assert list(range(len(DisputeStage))) == sorted(DISPUTE_RANK.values())


@pytest.mark.parametrize(
    ("stages", "status"),
    [
        ([], None),
        ([DisputeStage.INQUIRY], None),
        ([DisputeStage.INQUIRY_CLOSED], None),
        ([DisputeStage.PREVENTED], None),
        ([DisputeStage.OPEN], DisputeStatus.OPEN),
        ([DisputeStage.APPEALED], DisputeStatus.OPEN),
        ([DisputeStage.WON], DisputeStatus.WON),
        ([DisputeStage.LOST], DisputeStatus.LOST),
        ([DisputeStage.WON, DisputeStage.OPEN], DisputeStatus.OPEN),
        ([DisputeStage.OPEN, DisputeStage.LOST], DisputeStatus.LOST),
    ],
)
def test_disputes_are_kept_beside_the_status(stages: list[DisputeStage], status: DisputeStatus | None) -> None:
    disputes = tuple(a_dispute(stage=stage, lost_at=NOON if stage is DisputeStage.LOST else None) for stage in stages)
    payment = paid().after_returns(Returns(disputes=disputes))

    assert (status, S.SUCCEEDED) == (payment.dispute, payment.status)


def test_a_lost_dispute_was_lost_at_some_time() -> None:
    with pytest.raises(ValueError, match="lost at some time"):
        a_dispute(stage=DisputeStage.LOST)


@pytest.mark.parametrize("status", [S.PENDING, S.PROCESSING, S.EXPIRED, S.CANCELLED, S.FAILED])
def test_what_went_back_waits_for_the_money_to_arrive(status: PaymentStatus) -> None:
    payment = a_payment(status=status)

    assert payment == payment.after_returns(Returns(refunds=(a_refund(),), disputes=(a_dispute(),)))


def under_review(amount: int | None, currency: str | None = "mad") -> Payment:
    """A payment of 300 MAD for which something else arrived."""
    return a_payment(status=S.REVIEW, review=Review(expected=Figures(30000, "mad"), received=Figures(amount, currency)))


def test_money_under_review_that_went_back_whole_is_refunded_and_was_never_paid() -> None:
    payment = after_refunds(under_review(29999), a_refund(amount_minor=29999))

    assert (S.REFUNDED, 29999, None) == (payment.status, payment.refunded_minor, payment.paid_at)
    assert S.REVIEW is after_refunds(payment).status


def test_money_under_review_that_went_back_in_part_is_still_under_review() -> None:
    payment = after_refunds(under_review(29999), a_refund(amount_minor=1))

    assert (S.REVIEW, 1) == (payment.status, payment.refunded_minor)


@pytest.mark.parametrize(
    ("refunded_usd", "refunded_minor", "status"), [(3000, 30000, S.REFUNDED), (1500, 15000, S.REVIEW)]
)
def test_what_went_back_in_another_currency_is_told_as_the_same_share_of_the_price(
    refunded_usd: int, refunded_minor: int, status: PaymentStatus
) -> None:
    payment = after_refunds(under_review(3000, "usd"), a_refund(amount_minor=refunded_usd, currency="usd"))

    assert (status, refunded_minor) == (payment.status, payment.refunded_minor)


def test_accepted_money_is_paid_when_it_is_accepted() -> None:
    payment = under_review(29999).accepted(NOON + DAY)

    assert (S.SUCCEEDED, NOON + DAY) == (payment.status, payment.paid_at)
    assert S.REFUNDED is after_refunds(payment, a_refund(amount_minor=29999)).status


@pytest.mark.parametrize("status", [S.PENDING, S.EXPIRED])
def test_only_money_under_review_can_be_accepted(status: PaymentStatus) -> None:
    with pytest.raises(IllegalMove):
        a_payment(status=status).accepted(NOON)


def years_of(*paid_after: timedelta) -> tuple[Subscription, list[Payment]]:
    """A member who paid some times after NOON, renewals included."""
    payments = [a_payment(status=S.SUCCEEDED, paid_at=NOON + after, renewal=True) for after in paid_after]
    subscription = Subscription(user_id=UserId("salma"))
    for payment in payments:
        subscription = subscription.extended(payment, ZONE)
    return subscription, payments


def test_a_later_year_moves_up_to_the_moment_at_which_an_earlier_one_was_taken_back() -> None:
    subscription, (first, second) = years_of(timedelta(0), 350 * DAY)
    moment = NOON + 355 * DAY
    after = subscription.taken_back(first.id, moment, now=moment, zone=ZONE)

    assert [(NOON, moment), (moment, moment.replace(year=moment.year + 1))] == [
        (period.starts_at, period.ends_at) for period in after.periods
    ]
    assert SubscriptionStatus.ACTIVE is after.status
    assert subscription.periods == after.taken_back(first.id, None, now=moment, zone=ZONE).periods
    assert second.id == after.periods[1].payment_id


def test_a_year_that_was_taken_back_before_it_began_is_empty_and_the_running_one_stays() -> None:
    subscription, (_, second) = years_of(timedelta(0), 350 * DAY)
    after = subscription.taken_back(second.id, NOON + 351 * DAY, now=NOON + 352 * DAY, zone=ZONE)

    assert after.periods[1].is_empty
    assert subscription.periods[0] == after.periods[0]
    assert SubscriptionStatus.ACTIVE is after.status
    assert SubscriptionStatus.EXPIRED is after.status_at(NOON + 400 * DAY)
    assert subscription.periods[0].ends_at == after.paid_until(NOON + 352 * DAY)


def test_where_no_paid_time_is_left_the_subscription_is_cancelled() -> None:
    subscription, (only,) = years_of(timedelta(0))
    moment = NOON + 10 * DAY
    after = subscription.taken_back(only.id, moment, now=moment, zone=ZONE)

    assert SubscriptionStatus.CANCELLED is after.status
    assert not after.access_at(moment)
    assert after.access_at(moment - timedelta(seconds=1))


def test_money_that_went_back_after_its_year_had_ended_takes_no_time() -> None:
    subscription, (only,) = years_of(timedelta(0))
    late = NOON + 400 * DAY
    after = subscription.taken_back(only.id, late, now=late, zone=ZONE)

    assert (subscription.periods[0].starts_at, subscription.periods[0].ends_at) == (
        after.periods[0].starts_at,
        after.periods[0].ends_at,
    )
    assert SubscriptionStatus.EXPIRED is after.status


@given(st.permutations(range(4)))
def test_years_lie_the_same_in_whatever_order_payments_and_refunds_are_heard_of(order: list[int]) -> None:
    payments = [
        a_payment(id=a_payment_id(), status=S.SUCCEEDED, paid_at=NOON + after, renewal=True)
        for after in (timedelta(0), 340 * DAY, 700 * DAY)
    ]
    moment = NOON + 345 * DAY

    def after(facts: list[int]) -> Subscription:
        subscription = Subscription(user_id=UserId("salma"))
        taken_back = False
        for fact in facts:
            taken_back = taken_back or fact == 3
            subscription = subscription.extended(payments[fact], ZONE) if fact < 3 else subscription
            if taken_back:
                subscription = subscription.taken_back(payments[0].id, moment, now=moment, zone=ZONE)
        return subscription

    assert after([0, 1, 2, 3]).periods == after(order).periods


def test_of_more_than_the_price_what_went_back_is_told_as_its_share() -> None:
    payment = under_review(40000).accepted(NOON)
    partly = after_refunds(payment, a_refund(amount_minor=35000))

    assert (S.PARTIALLY_REFUNDED, 26250) == (partly.status, partly.refunded_minor)
    assert (S.REFUNDED, 30000) == (
        (whole := after_refunds(payment, a_refund(amount_minor=40000))).status,
        whole.refunded_minor,
    )
