"""A member pays by a method whose money comes days later, or never."""

from journeys.shopper import Shopper
from journeys.system import System


def test_a_delayed_payment_gives_access_only_when_the_money_has_come(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    shopper.presses(checkout, "delayed")
    undecided = shopper.payment_that_is(checkout, "PROCESSING")
    before = shopper.ask("subscription")
    shopper.bank_decides(checkout, "settle")
    paid = shopper.payment_that_is(checkout, "SUCCEEDED")

    assert (undecided["paid_at"], before["access"], before["status"]) == (None, False, "NONE")
    assert paid["paid_at"] is not None
    assert shopper.ask("subscription")["access"] is True
    assert shopper.receipt_number(checkout) in shopper.mails()[0].text


def test_while_a_delayed_payment_is_undecided_no_second_checkout_is_opened(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    shopper.presses(checkout, "delayed")
    shopper.payment_that_is(checkout, "PROCESSING")
    refused = shopper.starts()

    assert (409, "conflict") == (refused.status_code, refused.json()["code"])
    assert 1 == len(shopper.ask("payments")["data"])


def test_a_delayed_payment_that_fails_gives_nothing_and_the_member_starts_anew(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    shopper.presses(checkout, "delayed")
    shopper.payment_that_is(checkout, "PROCESSING")
    shopper.bank_decides(checkout, "fail")
    failed = shopper.payment_that_is(checkout, "FAILED")
    second = shopper.buys()

    assert (None, None) == (failed["paid_at"], failed["invoice"])
    assert "SUCCEEDED" == shopper.payment_that_is(second, "SUCCEEDED")["status"]
    assert shopper.receipt_number(second)
    assert 1 == len(shopper.mails())
    assert ["SUCCEEDED", "FAILED"] == [payment["status"] for payment in shopper.ask("payments")["data"]]
