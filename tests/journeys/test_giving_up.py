"""A member does not pay: the checkout ends by time or by the page, and the next try is a new one."""

from html.parser import HTMLParser

from journeys.shopper import Shopper
from journeys.system import System


class Links(HTMLParser):
    """The addresses that a page leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        if tag == "a" and (address := dict(attrs).get("href")):
            self.addresses.append(address)


def test_a_checkout_that_ran_out_of_time_is_expired_and_a_new_one_can_be_paid(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    shopper.bank_decides(checkout, "expire")
    expired = shopper.payment_that_is(checkout, "EXPIRED")
    second = shopper.buys()

    assert expired["paid_at"] is None
    assert second["payment_id"] != checkout["payment_id"]
    assert "SUCCEEDED" == shopper.payment(second)["status"]


def test_a_checkout_ended_on_the_page_takes_no_card_and_a_new_one_does(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    shopper.presses(checkout, "expire")
    shopper.payment_that_is(checkout, "EXPIRED")
    late = shopper.pays(checkout)
    second = shopper.buys()

    assert 409 == late.status_code
    assert "EXPIRED" == shopper.payment(checkout)["status"]
    assert "SUCCEEDED" == shopper.payment(second)["status"]


def test_the_way_back_from_the_page_leads_home_and_leaves_the_checkout_payable(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    links = Links()
    links.feed(shopper.looks_at(checkout).text)
    way_back = f"{system.url}/payment/cancel?payment_id={checkout['payment_id']}"
    again = shopper.starts()
    shopper.pays(again.json())

    assert way_back in links.addresses
    assert (200, checkout["payment_id"]) == (again.status_code, again.json()["payment_id"])
    assert "SUCCEEDED" == shopper.payment(checkout)["status"]
