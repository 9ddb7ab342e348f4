"""The attempt to open a hosted checkout: claimed by one caller, resumed by the next."""

from datetime import timedelta

import pytest

from builders import NOON, a_payment_id
from domain.checkout import CLAIM, FRESH, LAST_MOMENT, Checkout

INSTANT = timedelta(microseconds=1)


def a_checkout() -> Checkout:
    """An attempt that nobody has taken on."""
    return Checkout(payment_id=a_payment_id())


def test_a_new_attempt_is_free_and_offers_nothing() -> None:
    checkout = a_checkout()

    assert not checkout.is_claimed_at(NOON)
    assert not checkout.is_offered_at(NOON)
    assert not checkout.is_stale_at(NOON)


def test_a_claim_holds_for_its_time_and_no_longer() -> None:
    claimed = a_checkout().claimed(NOON)

    assert claimed.is_claimed_at(NOON)
    assert claimed.is_claimed_at(NOON + CLAIM - INSTANT)
    assert not claimed.is_claimed_at(NOON + CLAIM)


@pytest.mark.parametrize(("answered", "failures"), [(True, 1), (False, 0)])
def test_a_release_counts_only_what_the_provider_itself_answered(answered: bool, failures: int) -> None:
    released = a_checkout().claimed(NOON).released(answered=answered)

    assert not released.is_claimed_at(NOON)
    assert failures == released.failures


def test_an_open_checkout_is_offered_until_its_last_moment() -> None:
    ends = NOON + timedelta(hours=1)
    opened = a_checkout().claimed(NOON).opened(url="https://pay.example", expires_at=ends)

    assert not opened.is_claimed_at(NOON)
    assert opened.is_offered_at(ends - LAST_MOMENT - INSTANT)
    assert not opened.is_offered_at(ends - LAST_MOMENT)


def test_a_closed_checkout_is_not_offered() -> None:
    assert not a_checkout().opened(url=None, expires_at=NOON + timedelta(hours=1)).is_offered_at(NOON)


def test_a_request_grows_stale() -> None:
    prepared = a_checkout().prepared("{}", NOON)

    assert not prepared.is_stale_at(NOON + FRESH)
    assert prepared.is_stale_at(NOON + FRESH + INSTANT)


def test_a_new_attempt_has_a_new_key_and_nothing_of_the_old_one() -> None:
    failed = a_checkout().claimed(NOON).prepared("{}", NOON).released(answered=True)

    renewed = failed.renewed()

    assert f"checkout:{failed.payment_id}:1" == failed.idempotency_key
    assert f"checkout:{failed.payment_id}:2" == renewed.idempotency_key
    assert Checkout(payment_id=failed.payment_id, attempt=2) == renewed


def test_the_key_of_an_attempt_stays_through_claims_and_faults() -> None:
    checkout = a_checkout()

    assert checkout.idempotency_key == checkout.claimed(NOON).released(answered=True).claimed(NOON).idempotency_key
