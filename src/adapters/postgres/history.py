"""A member's payments, newest first: one statement, one round trip."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from adapters.postgres.database import Database
from adapters.postgres.rows import Row, invoice_of, payment_of
from adapters.postgres.statements import STATEMENTS
from application.ports.reads import EVERY_PAYMENT, PaymentRecord, WantedPayments
from domain.member import UserId
from domain.payment import PaymentId, PaymentStatus

ONE: Final = STATEMENTS["payments.of_member"]
OLDER: Final = STATEMENTS["payments.older"]
NEWER: Final = STATEMENTS["payments.newer"]

LEAST_ID: Final = PaymentId(UUID(int=0))
GREATEST_ID: Final = PaymentId(UUID(int=2**128 - 1))
EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
LATEST: Final = datetime.max.replace(tzinfo=UTC)
EVERY_STATUS: Final = [status.value for status in PaymentStatus]
"""What narrows nothing, so that one statement serves with any filter and without: Postgres keeps one plan for all."""


class PostgresBillingHistory:
    """The port BillingHistory. Pages by key: flat however long a history grows; nothing is ever counted or skipped over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        user_id: UserId,
        *,
        limit: int,
        wanted: WantedPayments = EVERY_PAYMENT,
        before: PaymentId | None = None,
        after: PaymentId | None = None,
    ) -> list[PaymentRecord]:
        values = {
            "user_id": user_id,
            "before": before or GREATEST_ID,
            "after": after or LEAST_ID,
            "statuses": [wanted.status.value] if wanted.status is not None else EVERY_STATUS,
            "created_from": wanted.created_from or EARLIEST,
            "created_before": wanted.created_before or LATEST,
            "limit": limit,
        }
        rows = await self._database.rows(OLDER if after is None else NEWER, values)
        records = [record_of(row) for row in rows]
        return records if after is None else records[::-1]

    async def one(self, user_id: UserId, payment_id: PaymentId) -> PaymentRecord | None:
        rows = await self._database.rows(ONE, {"user_id": user_id, "the_id": payment_id})
        return record_of(rows[0]) if rows else None


class InvoiceColumns:
    """The columns of the invoice data in a row of both."""

    def __init__(self, row: Row) -> None:
        self._row = row

    def __getitem__(self, name: str, /) -> Any:  # Any: as Row has it
        return self._row[f"invoice_{name}"]


def record_of(row: Row) -> PaymentRecord:
    """A payment, and its invoice data where there are any."""
    invoice = invoice_of(InvoiceColumns(row)) if row["invoice_payment_id"] is not None else None
    return PaymentRecord(payment=payment_of(row), invoice=invoice)
