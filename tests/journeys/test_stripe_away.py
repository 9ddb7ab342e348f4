"""Stripe is away or will not charge a currency: members are told what is true, and what does not need Stripe goes on."""

import json
from collections.abc import Iterator

import pytest

from domain.member import Locale
from journeys.shopper import Shopper
from journeys.system import System


@pytest.fixture
def without_dirhams(system: System) -> Iterator[System]:
    """A Stripe account that cannot charge in MAD; afterwards it can, and an operator takes the note of it back."""
    system.sandbox_told("POST", "settings", {"unsupported_currencies": ["mad"]})
    yield system
    system.sandbox_told("POST", "settings", {"unsupported_currencies": []})
    system.rows("DELETE FROM refused_currencies")


def test_a_currency_that_stripe_refuses_gives_way_to_the_next_price_and_every_reader_sees_it(
    without_dirhams: System,
) -> None:
    shopper, later = Shopper(without_dirhams, locale=Locale.ENGLISH), Shopper(without_dirhams)
    checkout = shopper.checkout()
    plans = shopper.ask("plans")["data"]
    without_dirhams.sandbox_told("DELETE", "requests")
    second = later.checkout()
    tries = without_dirhams.sandbox_told("GET", "requests?path=/v1/checkout/sessions")["data"]
    shopper.pays(checkout)
    payment = shopper.payment(checkout)

    assert (3000, "usd") == (checkout["amount"], checkout["currency"])
    assert [("usd", 3000), ("usd", 15000), ("usd", 35000)] == [(plan["currency"], plan["amount"]) for plan in plans]
    assert ("usd", [200]) == (second["currency"], [one["status"] for one in tries])
    assert ("SUCCEEDED", 3000, "usd") == (payment["status"], payment["amount"], payment["currency"])
    assert shopper.receipt_number(checkout)
    assert "$30.00" in shopper.mails()[0].subject


def test_no_checkout_is_opened_without_stripe_and_the_member_is_told_when_to_come_back(system: System) -> None:
    shopper = Shopper(system)
    system.sandbox.stop()
    refused = shopper.starts()
    ready = system.web.get(f"{system.url}/health/ready")
    system.sandbox.start()
    checkout = shopper.starts()
    shopper.pays(checkout.json())

    assert (503, "provider_unavailable") == (refused.status_code, refused.json()["code"])
    assert 1 <= int(refused.headers["retry-after"])
    assert 200 == ready.status_code
    assert (201, "SUCCEEDED") == (checkout.status_code, shopper.payment(checkout.json())["status"])
    assert 1 == len(shopper.ask("payments")["data"])


def test_webhooks_receipts_and_mails_go_on_without_stripe(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    system.spoil_next_event("lose")
    shopper.bank_decides(checkout, "pay")
    event = system.event_of(checkout["checkout_session_id"])
    system.sandbox.stop()
    answer = system.deliver(json.dumps(event).encode())
    number = shopper.receipt_number(checkout)

    assert (200, "handled") == (answer.status_code, answer.json()["outcome"])
    assert "SUCCEEDED" == shopper.payment(checkout)["status"]
    assert number in shopper.mails()[0].text
    assert shopper.ask("subscription")["access"] is True
