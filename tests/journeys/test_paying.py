"""A member pays with a card, at the first try or the second, once."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

from domain.member import Locale, UserType
from journeys.parts import eventually
from journeys.shopper import ASKING_CARD, DECLINED_CARD, Shopper
from journeys.system import System

RECORDS = """
    SELECT p.status, (SELECT count(*) FROM periods WHERE payment_id = p.id) AS periods,
           (SELECT string_agg(to_status, ' ' ORDER BY id) FROM audit WHERE entity_id = p.id::text) AS moves
      FROM payments p WHERE user_id = $1
"""


def test_a_paid_card_becomes_a_payment_a_year_a_receipt_and_one_mail(system: System) -> None:
    shopper = Shopper(system, UserType.COMPANY, Locale.ENGLISH)
    checkout = shopper.checkout()
    page = shopper.pays(checkout)
    payment = shopper.payment(checkout)
    number = shopper.receipt_number(checkout)
    subscription = shopper.ask("subscription")

    assert f"{system.url}/payment/success?session_id={checkout['checkout_session_id']}" == page.headers["location"]
    assert ("SUCCEEDED", 350000, "mad") == (payment["status"], payment["amount"], payment["currency"])
    assert (350000, "mad") == (checkout["amount"], checkout["currency"])
    assert ("ACTIVE", True) == (subscription["status"], subscription["access"])
    assert subscription["current_period_end"] == subscription["paid_until"]
    assert [("SUCCEEDED", 1, "PENDING SUCCEEDED")] == [tuple(row) for row in system.rows(RECORDS, shopper.user_id)]
    (mail,) = shopper.mails()
    assert f"Your payment of MAD 3,500.00 is confirmed (receipt {number})" == mail.subject.replace("\xa0", " ")


def test_the_page_leads_back_only_when_the_payment_is_durable(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.buys()

    assert "SUCCEEDED" == shopper.payment(checkout)["status"]


def test_the_invoice_of_stripe_is_linked_from_the_payment(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.buys()
    url = eventually("the invoice is linked", lambda: shopper.payment(checkout)["invoice"]["hosted_url"])
    page = system.web.get(str(url))

    assert 200 == page.status_code
    assert "300.00" in page.text


def test_a_declined_card_leaves_the_checkout_open_and_the_next_card_pays(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    declined = shopper.pays(checkout, DECLINED_CARD)
    meanwhile = shopper.payment(checkout)["status"]
    again = shopper.starts()
    shopper.pays(again.json())

    assert 402 == declined.status_code
    assert "PENDING" == meanwhile
    assert (200, checkout["url"]) == (again.status_code, again.json()["url"])
    assert "SUCCEEDED" == shopper.payment(checkout)["status"]


def test_a_card_whose_bank_asks_is_charged_after_the_answer(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    asked = shopper.pays(checkout, ASKING_CARD)
    meanwhile = shopper.payment(checkout)["status"]
    shopper.presses(checkout, "authenticate")

    assert f"/c/pay/{checkout['checkout_session_id']}" == asked.headers["location"]
    assert "PENDING" == meanwhile
    assert "SUCCEEDED" == shopper.payment(checkout)["status"]


def test_eight_starts_at_once_open_one_checkout_for_one_customer(system: System) -> None:
    shopper = Shopper(system)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: shopper.starts(), range(8)))
    customers = system.sandbox_told("GET", "events?type=customer.created")["data"]

    assert [200] * 7 + [201] == sorted(answer.status_code for answer in answers)
    assert 1 == len({answer.json()["url"] for answer in answers})
    assert 1 == len(system.rows(RECORDS, shopper.user_id))
    assert 1 == sum(shopper.email == event["data"]["object"]["email"] for event in customers)


def test_a_member_who_has_paid_is_not_charged_again(system: System) -> None:
    shopper = Shopper(system)
    shopper.buys()
    refused = shopper.starts()

    assert (409, "already_subscribed") == (refused.status_code, refused.json()["code"])
    assert 1 == len(shopper.ask("payments")["data"])


def test_receipt_numbers_have_no_gap_and_no_twin(system: System) -> None:
    shoppers = [Shopper(system) for _ in range(4)]
    checkouts = [shopper.checkout() for shopper in shoppers]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda pair: pair[0].pays(pair[1]), zip(shoppers, checkouts, strict=True)))
    for shopper, checkout in zip(shoppers, checkouts, strict=True):
        shopper.receipt_number(checkout)
    eventually("every payment has its number", lambda: not system.rows("SELECT 1 FROM invoices WHERE number IS NULL"))
    by_year: dict[str, list[int]] = defaultdict(list)
    for row in system.rows("SELECT number FROM invoices ORDER BY number"):
        year, _, sequence = row["number"].partition("-")
        by_year[year].append(int(sequence))

    assert all(list(range(1, len(sequences) + 1)) == sequences for sequences in by_year.values())
    assert 4 <= sum(len(sequences) for sequences in by_year.values())
