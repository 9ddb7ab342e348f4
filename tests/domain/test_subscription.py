"""Paid time: when it starts, when it ends, and what is true at an instant."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, a_payment, a_payment_id
from domain.member import UserId, UserType
from domain.payment import Payment, PaymentStatus
from domain.subscription import MOVES, Period, Subscription, SubscriptionStatus, year_after

CASABLANCA = ZoneInfo("Africa/Casablanca")
S = SubscriptionStatus
MICROSECOND = timedelta(microseconds=1)


def a_paid_payment(at: datetime, **changes: object) -> Payment:
    """A payment whose money arrived at an instant."""
    return a_payment(created_at=at, paid_at=at, status=PaymentStatus.SUCCEEDED, **changes)


def a_subscription(*paid_at: datetime) -> Subscription:
    """A member's subscription after payments at some instants."""
    subscription = Subscription(user_id=UserId("salma"))
    for at in paid_at:
        subscription = subscription.extended(a_paid_payment(at), CASABLANCA)
    return subscription


YEAR_END = year_after(NOON, CASABLANCA)


@pytest.mark.parametrize("status", list(SubscriptionStatus))
def test_every_status_stands_in_the_table_of_moves(status: SubscriptionStatus) -> None:
    assert status in MOVES
    assert MOVES[status] <= set(SubscriptionStatus)


@pytest.mark.parametrize("status", list(SubscriptionStatus))
def test_paying_makes_every_subscription_active(status: SubscriptionStatus) -> None:
    plan = None if status is S.NONE else a_payment().plan
    subscription = Subscription(user_id=UserId("salma"), status=status, plan=plan)

    assert S.ACTIVE is subscription.extended(a_paid_payment(NOON), CASABLANCA).status


def test_the_first_year_starts_at_the_payment() -> None:
    payment = a_paid_payment(NOON)

    subscription = Subscription(user_id=payment.user_id).extended(payment, CASABLANCA)

    assert (Period(payment_id=payment.id, bought_at=NOON, starts_at=NOON, ends_at=YEAR_END),) == subscription.periods
    assert UserType.TALENT is subscription.user_type
    assert payment.plan == subscription.plan


def test_an_early_renewal_starts_where_the_paid_time_ends() -> None:
    first, second = a_subscription(NOON, YEAR_END - timedelta(days=20)).periods

    assert first.ends_at == second.starts_at
    assert year_after(YEAR_END, CASABLANCA) == second.ends_at


def test_a_lapsed_subscription_starts_anew_at_the_payment() -> None:
    back_at = YEAR_END + timedelta(days=3)

    assert back_at == a_subscription(NOON, back_at).periods[1].starts_at


def test_a_payment_at_the_very_end_leaves_no_gap() -> None:
    first, second = a_subscription(NOON, YEAR_END).periods

    assert first.ends_at == second.starts_at


def test_one_payment_buys_one_year_however_often_it_is_told() -> None:
    payment = a_paid_payment(NOON)
    once = Subscription(user_id=payment.user_id).extended(payment, CASABLANCA)

    assert once == once.extended(payment, CASABLANCA)
    renewed = once.extended(a_paid_payment(YEAR_END), CASABLANCA)
    assert renewed == renewed.extended(payment, CASABLANCA)


def test_an_unpaid_payment_buys_nothing() -> None:
    with pytest.raises(ValueError, match="only a paid payment buys time"):
        Subscription(user_id=UserId("salma")).extended(a_payment(), CASABLANCA)


def test_the_newest_year_names_plan_and_user_type() -> None:
    company = a_paid_payment(YEAR_END, user_type=UserType.COMPANY, plan="company_access")

    subscription = a_subscription(NOON).extended(company, CASABLANCA)

    assert UserType.COMPANY is subscription.user_type
    assert "company_access" == subscription.plan


@pytest.mark.parametrize(
    ("instant", "status"),
    [
        (NOON, S.ACTIVE),
        (YEAR_END - MICROSECOND, S.ACTIVE),
        (YEAR_END, S.EXPIRED),
        (YEAR_END + timedelta(days=1), S.EXPIRED),
    ],
)
def test_status_and_access_are_right_to_the_instant(instant: datetime, status: SubscriptionStatus) -> None:
    subscription = a_subscription(NOON)

    assert status is subscription.status_at(instant)
    assert (status is S.ACTIVE) is subscription.access_at(instant)


def test_there_is_no_access_before_the_payment() -> None:
    assert not a_subscription(NOON).access_at(NOON - MICROSECOND)


def test_the_instant_between_two_years_belongs_to_the_second() -> None:
    subscription = a_subscription(NOON, YEAR_END - timedelta(days=1))

    assert subscription.periods[0] == subscription.period_at(YEAR_END - MICROSECOND)
    assert subscription.periods[1] == subscription.period_at(YEAR_END)


@pytest.mark.parametrize("written", [S.EXPIRED, S.CANCELLED])
def test_a_word_that_is_written_down_stays_when_no_time_is_left(written: SubscriptionStatus) -> None:
    subscription = Subscription(user_id=UserId("salma"), status=written, plan=a_payment().plan)

    assert written is subscription.status_at(NOON)


def test_paid_time_outweighs_a_word_that_was_written_down_too_early() -> None:
    period = Period(payment_id=a_payment_id(), bought_at=NOON, starts_at=NOON, ends_at=YEAR_END)
    subscription = Subscription(user_id=UserId("salma"), status=S.EXPIRED, plan=a_payment().plan, periods=(period,))

    assert S.ACTIVE is subscription.status_at(NOON)


def test_a_member_who_never_paid_has_no_status_no_access_and_no_end() -> None:
    subscription = Subscription(user_id=UserId("salma"))

    assert S.NONE is subscription.status_at(NOON)
    assert not subscription.access_at(NOON)
    assert subscription.paid_until(NOON) is None


def test_paid_until_is_the_end_of_all_time_without_a_gap() -> None:
    subscription = a_subscription(NOON, NOON, NOON)

    assert subscription.periods[2].ends_at == subscription.paid_until(NOON)
    assert subscription.periods[2].ends_at == subscription.paid_until(YEAR_END)


def test_paid_until_stops_at_a_gap() -> None:
    back_at = YEAR_END + timedelta(days=30)
    subscription = a_subscription(NOON, back_at, back_at)

    assert YEAR_END == subscription.paid_until(NOON)
    assert subscription.periods[2].ends_at == subscription.paid_until(back_at)


def test_paid_until_tells_the_last_end_once_it_is_past() -> None:
    assert YEAR_END == a_subscription(NOON).paid_until(YEAR_END + timedelta(days=400))


@pytest.mark.parametrize(
    ("renewal", "paid_at", "buys"),
    [
        (False, NOON + timedelta(days=1), False),
        (False, YEAR_END - MICROSECOND, False),
        (False, YEAR_END, True),
        (True, NOON + timedelta(days=340), True),
        (True, YEAR_END + timedelta(days=1), True),
    ],
)
def test_a_payment_beside_paid_time_buys_only_as_a_renewal(renewal: bool, paid_at: datetime, buys: bool) -> None:
    payment = a_paid_payment(paid_at, renewal=renewal)

    assert buys is a_subscription(NOON).has_time_for(payment, paid_at)


def test_the_first_payment_always_buys_time() -> None:
    assert Subscription(user_id=UserId("salma")).has_time_for(a_payment(), NOON)


def test_a_payment_heard_of_late_buys_time_beside_a_later_one_that_went_back_whole() -> None:
    later = a_subscription(NOON)
    gone = later.taken_back(later.periods[0].payment_id, NOON, now=NOON, zone=CASABLANCA)
    before = NOON - timedelta(hours=1)

    assert not later.has_time_for(a_payment(), before)
    assert gone.has_time_for(a_payment(), before)


def test_periods_of_one_member_never_overlap() -> None:
    first = Period(payment_id=a_payment_id(), bought_at=NOON, starts_at=NOON, ends_at=YEAR_END)
    second = Period(
        payment_id=a_payment_id(),
        bought_at=YEAR_END - MICROSECOND,
        starts_at=YEAR_END - MICROSECOND,
        ends_at=YEAR_END + MICROSECOND,
    )

    with pytest.raises(ValueError, match="never overlap"):
        Subscription(user_id=UserId("salma"), status=S.ACTIVE, plan=a_payment().plan, periods=(first, second))


def test_a_period_does_not_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="ends after it starts"):
        Period(payment_id=a_payment_id(), bought_at=NOON, starts_at=NOON, ends_at=NOON - MICROSECOND)


@pytest.mark.parametrize("status", list(SubscriptionStatus))
def test_a_plan_is_named_exactly_when_something_was_paid(status: SubscriptionStatus) -> None:
    with pytest.raises(ValueError, match="exactly when something was paid"):
        Subscription(user_id=UserId("salma"), status=status, plan=a_payment().plan if status is S.NONE else None)


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=4000)), min_size=1, max_size=12))
def test_whenever_payments_are_made_their_years_never_overlap_and_none_is_lost(passed: list[timedelta]) -> None:
    paid_at = [NOON + time for time in passed]
    subscription = a_subscription(*paid_at)

    assert len(paid_at) == len(subscription.periods)
    for at, period in zip(sorted(paid_at), subscription.periods, strict=True):
        assert at <= period.starts_at


@pytest.mark.parametrize(
    ("instant", "opens_at"),
    [(NOON, YEAR_END - timedelta(days=30)), (YEAR_END - MICROSECOND, YEAR_END - timedelta(days=30)), (YEAR_END, None)],
)
def test_more_time_is_bought_in_the_window_before_the_end_and_from_the_end_on_at_once(
    instant: datetime, opens_at: datetime | None
) -> None:
    assert opens_at == a_subscription(NOON).renewal_opens_at(instant, timedelta(days=30))
