"""A member at their browser: asks the API with a token, and presses the buttons of the hosted page."""

from datetime import timedelta
from itertools import count
from typing import Final

import httpx

from application.ports.mail import OutboxMail
from domain.member import Locale, Member, UserId, UserType
from entrypoints.cli.demo import TEST_CARD, FirstForm
from entrypoints.http.tokens import sign_token
from journeys.parts import eventually
from journeys.system import Json, System

DECLINED_CARD: Final = "4000000000000002"
ASKING_CARD: Final = "4000002500003155"
"""A card whose bank asks with 3-D Secure."""

LIFETIME: Final = timedelta(hours=1)

_numbers = count(1)


class Shopper:
    """One member who has never paid before."""

    def __init__(self, system: System, user_type: UserType = UserType.TALENT, locale: Locale = Locale.FRENCH) -> None:
        self.system = system
        self.user_id = f"shopper-{next(_numbers)}"
        self.email = f"{self.user_id}@members.example.org"
        self.member = Member(
            user_id=UserId(self.user_id), user_type=user_type, email=self.email, name="Salma Bennani", locale=locale
        )
        self.token = sign_token(system.secrets.jwt_secret, self.member, scope="", lifetime=LIFETIME)
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def ask(self, path: str) -> Json:
        """What the API answers."""
        answer = self.system.web.get(f"{self.system.url}/api/v1/{path}", headers=self.headers)
        assert answer.is_success, answer.text

        body: Json = answer.json()
        return body

    def starts(self) -> httpx.Response:
        """The answer to wanting to pay."""
        return self.system.web.post(f"{self.system.url}/api/v1/checkouts", json={}, headers=self.headers)

    def checkout(self) -> Json:
        """A checkout that was opened now."""
        answer = self.starts()
        assert 201 == answer.status_code, answer.text

        body: Json = answer.json()
        return body

    def looks_at(self, checkout: Json) -> httpx.Response:
        """The hosted page."""
        return self.system.web.get(checkout["url"])

    def presses(self, checkout: Json, action: str, **fields: str) -> httpx.Response:
        """The answer to a button of the hosted page."""
        form = FirstForm()
        form.feed(self.looks_at(checkout).text)
        target = httpx.URL(checkout["url"]).join(form.action or checkout["url"])
        return self.system.web.post(target, data={"action": action, **fields})

    def pays(self, checkout: Json, card: str = TEST_CARD) -> httpx.Response:
        """The answer to paying with a card."""
        return self.presses(checkout, "pay", card_number=card)

    def bank_decides(self, checkout: Json, verb: str) -> None:
        """What happens away from the page: settle, fail, expire, or pay as from another device."""
        self.system.sandbox_told("POST", f"sessions/{checkout['checkout_session_id']}/{verb}")

    def payment(self, checkout: Json) -> Json:
        """The payment of a checkout."""
        return self.ask(f"payments/{checkout['payment_id']}")

    def payment_that_is(self, checkout: Json, status: str) -> Json:
        """The payment of a checkout, once it has come to a status."""

        def look() -> Json | None:
            payment = self.payment(checkout)
            return payment if payment["status"] == status else None

        return eventually(f"the payment of {self.user_id} is {status}", look) or {}

    def receipt_number(self, checkout: Json) -> str:
        """The receipt number of a checkout, once it is given and the member was told."""

        def look() -> str | None:
            invoice = self.payment(checkout)["invoice"]
            return invoice["number"] if invoice and self.mails() else None

        return eventually(f"{self.user_id} has a mail and a receipt number", look) or ""

    def mails(self) -> list[OutboxMail]:
        """The mails to this member."""
        return self.system.mails(self.user_id)

    def buys(self) -> Json:
        """A checkout that was paid at once with a card."""
        checkout = self.checkout()
        answer = self.pays(checkout)
        assert 303 == answer.status_code, answer.text

        return checkout
