"""Checkout Sessions, and what else we read, as Stripe writes them: only the fields we need, in every shape that a version gave them."""

import re
from datetime import UTC, datetime
from typing import Final, TypeAlias
from uuid import UUID

from msgspec import Struct

from application.ports.gateway import CheckoutSession, Payer, SessionStatus
from domain.member import Locale
from domain.payment import Figures, PaymentId

NOTHING_DUE: Final = "no_payment_required"
SETTLED: Final = frozenset({"paid", NOTHING_DUE})
"""The payment statuses on which to fulfil (Stripe: "Fulfill orders", fulfil on the status and never on an event's name)."""

CHARGE: Final = "payment_intent.latest_charge"
"""What is to be expanded in a session, so that it tells when it was paid."""

CUSTOMER: Final = "customer"
"""What is to be expanded in a session, so that it tells who it was opened for."""

CHARGES_OF_LIST: Final = f"data.{CHARGE}"
"""The same in a list of sessions."""

LOCALES: Final = {Locale.FRENCH: "fr", Locale.ENGLISH: "en", Locale.ARABIC: "auto"}
"""Stripe's hosted page has no Arabic: it then follows the browser."""

INSTALLATION: Final = "installation"
"""Under which key our metadata say which installation made an object."""

CURRENCY: Final = re.compile(r"[A-Za-z]{3}", re.ASCII)
AMOUNT_MAX: Final = 10**12 - 1
"""In minor units: the longest amount that Stripe takes in any currency has 12 digits (Stripe: "Minimum and maximum charge amounts")."""


Metadata: TypeAlias = dict[str, object] | list[object] | None
"""Metadata of any object; `[]` where some versions mean none."""


class Expanded(Struct):
    """An object where its id alone might stand."""

    id: str


class Charge(Struct):
    """A charge, for the time of its making."""

    id: str
    created: int


class PaymentIntent(Struct):
    """A payment intent, for its charge."""

    id: str
    latest_charge: Charge | str | None = None


class OpenedFor(Struct):
    """The customer of a session, whom we made; one that was deleted since has an id alone."""

    id: str
    email: str | None = None
    name: str | None = None


class Session(Struct):
    """A Checkout Session. `metadata` is `[]` where some versions mean an empty object; old ones without mode and end are none of ours."""

    id: str
    payment_status: str
    livemode: bool
    mode: str | None = None
    expires_at: int | None = None
    status: str | None = None
    url: str | None = None
    amount_total: int | None = None
    currency: str | None = None
    metadata: Metadata = None
    client_reference_id: str | None = None
    customer: OpenedFor | str | None = None
    locale: str | None = None
    payment_intent: PaymentIntent | str | None = None
    invoice: Expanded | str | None = None

    def named(self, key: str) -> str | None:
        """A word of the metadata, where it has one."""
        return named(self.metadata, key)

    @property
    def payment_id(self) -> PaymentId | None:
        """Our payment's id, where the session carries one."""
        return _payment_id(self.named("payment_id"))

    @property
    def payer(self) -> Payer:
        """Who it was opened for, as we told Stripe: nothing that was typed on the hosted page."""
        opened_for = self.customer if isinstance(self.customer, OpenedFor) else None
        return Payer(
            customer_id=id_of(self.customer),
            email=opened_for.email if opened_for is not None else None,
            name=opened_for.name if opened_for is not None else None,
            locale=next((ours for ours, theirs in LOCALES.items() if theirs == self.locale), None),
        )

    @property
    def received(self) -> Figures:
        """What was charged. Where no payment was required nothing was, whatever the total says."""
        amount = 0 if self.payment_status == NOTHING_DUE else self.amount_total
        return Figures(amount, self.currency.lower() if self.currency else None)

    def understood(self) -> CheckoutSession:
        """The session in the application's words. Raises ValueError for what cannot be true."""
        intent, charge = self.payment_intent, None
        if isinstance(intent, PaymentIntent) and isinstance(intent.latest_charge, Charge):
            charge = intent.latest_charge
        ids = [self.id, id_of(intent), id_of(self.invoice), id_of(self.customer)]
        if any(found is not None and ("\0" in found or not 0 < len(found) <= 255) for found in ids):
            raise ValueError("an id of Stripe has 1 to 255 characters")
        if self.currency is not None and not CURRENCY.fullmatch(self.currency):
            raise ValueError("a currency of Stripe has three letters")
        if self.amount_total is not None and not 0 <= self.amount_total <= AMOUNT_MAX:
            raise ValueError("an amount of Stripe has at most 12 digits")
        if self.expires_at is None:
            raise ValueError("a session of ours has an end")
        settled = self.payment_status in SETTLED
        return CheckoutSession(
            id=self.id,
            # Sessions of versions before 2022 have no status: what was settled is complete.
            status=SessionStatus(self.status or ("complete" if settled else "open")),
            settled=settled,
            received=self.received,
            expires_at=instant(self.expires_at),
            url=self.url,
            payment_id=self.payment_id,
            reference=_payment_id(self.client_reference_id),
            payment_names=tuple(name for name in (self.named("payment_id"), self.client_reference_id) if name),
            user_name=self.named("user_id"),
            plan_name=self.named("plan"),
            installation=self.named(INSTALLATION),
            payer=self.payer,
            payment_intent_id=id_of(intent),
            invoice_id=id_of(self.invoice),
            paid_at=instant(charge.created) if settled and charge is not None else None,
        )


class SessionList(Struct):
    """A page of Checkout Sessions."""

    data: list[Session]


class Customer(Struct):
    """A customer, for the id of ours that it carries."""

    id: str
    metadata: Metadata = None

    @property
    def user_id(self) -> str | None:
        """Our user's id, where the customer carries one."""
        return named(self.metadata, "user_id")

    @property
    def installation(self) -> str | None:
        """Which installation made it."""
        return named(self.metadata, INSTALLATION)


class CustomerList(Struct):
    """A page of customers."""

    data: list[Customer]


class Invoice(Struct):
    """An invoice, for its links."""

    id: str
    hosted_invoice_url: str | None = None
    invoice_pdf: str | None = None


def named(metadata: Metadata, key: str) -> str | None:
    """A word of metadata, where they have one."""
    value = metadata.get(key) if isinstance(metadata, dict) else None
    return value if isinstance(value, str) and value else None


def instant(seconds: int) -> datetime:
    """A Unix time as a UTC instant. Raises ValueError when it lies outside the calendar."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"no instant: {seconds}") from error


def id_of(value: Expanded | PaymentIntent | OpenedFor | str | None) -> str | None:
    """The id of what may stand there whole or as its id alone."""
    return value if value is None or isinstance(value, str) else value.id


def _payment_id(text: str | None) -> PaymentId | None:
    try:
        return PaymentId(UUID(text or ""))
    except ValueError:
        return None
