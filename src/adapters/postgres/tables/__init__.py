"""The tables and the rules that the database itself keeps. Only this package knows that they exist."""

from advanced_alchemy.base import DefaultBase

from adapters.postgres.tables.idempotency import IdempotencyKeyRow
from adapters.postgres.tables.money import (
    CheckoutRow,
    CustomerRow,
    DisputeRow,
    InvoiceRow,
    MailRow,
    PaymentRow,
    PeriodRow,
    ReceiptCounterRow,
    RefundRow,
    RefusedCurrencyRow,
    SubscriptionRow,
)
from adapters.postgres.tables.tallies import RateTallyRow
from adapters.postgres.tables.work import AuditRow, CursorRow, EventRow, InstallationRow, JobRow, TurnRow, job_leases

metadata = DefaultBase.metadata

__all__ = [
    "AuditRow",
    "CheckoutRow",
    "CursorRow",
    "CustomerRow",
    "DisputeRow",
    "EventRow",
    "IdempotencyKeyRow",
    "InstallationRow",
    "InvoiceRow",
    "JobRow",
    "MailRow",
    "PaymentRow",
    "PeriodRow",
    "RateTallyRow",
    "ReceiptCounterRow",
    "RefundRow",
    "RefusedCurrencyRow",
    "SubscriptionRow",
    "TurnRow",
    "job_leases",
    "metadata",
]
