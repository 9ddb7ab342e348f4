"""What the use cases need in order to write to members."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from domain.member import Locale
from domain.money import Money


class Letter(Struct, frozen=True, kw_only=True):
    """One e-mail, ready to send: an HTML body and a plain text that says the same."""

    to: str
    subject: str
    html: str
    text: str


class PaymentConfirmation(Struct, frozen=True, kw_only=True):
    """What a confirmation tells. `name` is untrusted text; the times are UTC instants, shown in the billing time zone."""

    to: str
    name: str
    locale: Locale
    plan_name: str
    amount: Money
    paid_at: datetime
    period_start: datetime
    period_end: datetime
    receipt_number: str
    receipt_url: str


class RefundNotice(Struct, frozen=True, kw_only=True):
    """What the notice of a full refund tells. `name` is untrusted text.

    duplicate: the payment was one too many, and the time that was paid before stays.
    """

    to: str
    name: str
    locale: Locale
    plan_name: str
    amount: Money
    duplicate: bool
    history_url: str


class LetterWriter(Protocol):
    """Words a letter in the member's language. Pure: the same facts give the same letter."""

    def confirmation(self, facts: PaymentConfirmation) -> Letter:
        """The letter that confirms a payment."""
        ...

    def refund_notice(self, facts: RefundNotice) -> Letter:
        """The letter that tells of a full refund."""
        ...


class Mailer(Protocol):
    """Sends letters."""

    async def send(self, letter: Letter, *, key: str) -> str:
        """Send once per `key` (within the provider's memory, at least 23 hours) and return the provider's id of the mail.

        Raises MailUnavailable when the same call may be tried again, MailRefused when it is of no use.
        """
        ...


class OutboxMail(Struct, frozen=True, kw_only=True):
    """One mail as it lies in a local outbox. `html` is what a member would see: show it in a sandboxed frame only.

    sent_at: when it was put there, UTC.
    """

    id: str
    sender: str
    to: str
    subject: str
    html: str
    text: str
    sent_at: datetime
