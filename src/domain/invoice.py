"""The invoice data of a paid payment: our receipt number and where the provider's own documents lie."""

from datetime import datetime
from typing import NewType
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from domain.payment import Payment, PaymentId

ReceiptNumber = NewType("ReceiptNumber", str)
"""Our number of a receipt, such as `2026-000001`: gapless for each year of the billing time zone."""


def receipt_number(year: int, sequence: int) -> ReceiptNumber:
    """The number of the year's `sequence`-th receipt, counted from 1."""
    if sequence < 1:
        raise ValueError("receipts are counted from 1")
    return ReceiptNumber(f"{year:04d}-{sequence:06d}")


def receipt_year(payment: Payment, zone: ZoneInfo) -> int:
    """The calendar year, in the billing time zone, in which a payment was paid: its receipt is numbered in that year."""
    if payment.paid_at is None:
        raise ValueError("only a paid payment has a receipt")
    return payment.paid_at.astimezone(zone).year


class Invoice(Struct, frozen=True, kw_only=True):
    """What accounting needs of a paid payment. `number` is null for the moments until the numbering job has run."""

    payment_id: PaymentId
    number: ReceiptNumber | None = None
    issued_at: datetime | None = None
    stripe_invoice_id: str | None = None
    hosted_url: str | None = None
    pdf_url: str | None = None

    def numbered(self, number: ReceiptNumber, at: datetime) -> "Invoice":
        """The invoice with its number. A number once given stays."""
        return self if self.number is not None else replace(self, number=number, issued_at=at)

    def documented(self, *, hosted_url: str | None, pdf_url: str | None) -> "Invoice":
        """The invoice with the links to the provider's documents, keeping what is known already where the provider names none."""
        return replace(self, hosted_url=hosted_url or self.hosted_url, pdf_url=pdf_url or self.pdf_url)
