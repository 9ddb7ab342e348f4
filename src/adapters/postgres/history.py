"""The reading side: a member's payments by cursor, through advanced-alchemy."""

from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionInTime
from sqlalchemy.orm import joinedload

from adapters.postgres.database import Database
from adapters.postgres.faults import our_errors
from adapters.postgres.rows import invoice_of, payment_of
from adapters.postgres.tables import PaymentRow
from application.errors import TryAgain
from application.ports.reads import PaymentRecord
from domain.member import UserId
from domain.payment import PaymentId, PaymentStatus

if TYPE_CHECKING:
    from advanced_alchemy.repository import SQLAlchemyAsyncRepository


@cache
def repository() -> "type[SQLAlchemyAsyncRepository[PaymentRow]]":
    """advanced-alchemy's repository of payments, imported at first use: only the reads that list need it."""
    from advanced_alchemy.repository import SQLAlchemyAsyncRepository

    class PaymentRows(SQLAlchemyAsyncRepository[PaymentRow]):
        model_type = PaymentRow

    return PaymentRows


class PostgresBillingHistory:
    """The port BillingHistory. Pages by key: flat however long a member's history grows; nothing is ever counted or skipped over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, user_id: UserId, *, limit: int, before: PaymentId | None, status: PaymentStatus | None
    ) -> list[PaymentRecord]:
        conditions: list[ColumnElement[bool]] = [PaymentRow.user_id == user_id]
        if before is not None:
            conditions.append(PaymentRow.id < before)
        if status is not None:
            conditions.append(PaymentRow.status == status.value)
        return await self._records(conditions, limit)

    async def one(self, user_id: UserId, payment_id: PaymentId) -> PaymentRecord | None:
        found = await self._records([PaymentRow.user_id == user_id, PaymentRow.id == payment_id], 1)
        return found[0] if found else None

    async def _records(self, conditions: list[ColumnElement[bool]], limit: int) -> list[PaymentRecord]:
        from advanced_alchemy.filters import LimitOffset, OrderBy

        with our_errors():
            try:
                async with self._database.sessions()() as session:
                    rows = await repository()(session=session, wrap_exceptions=False).list(
                        LimitOffset(limit, 0),
                        OrderBy(PaymentRow.id, "desc"),
                        *conditions,
                        load=[joinedload(PaymentRow.invoice)],
                    )
            except NoConnectionInTime as error:
                raise TryAgain("every connection to the database is busy") from error
            except DBAPIError as error:
                raise driver_error(error) from error
        return [record_of(row) for row in rows]


def driver_error(error: DBAPIError) -> BaseException:
    """What the driver itself raised, from under SQLAlchemy's wrappings."""
    cause: BaseException | None = error.orig
    while cause is not None and cause.__cause__ is not None:
        cause = cause.__cause__
    return cause or error


class Attributes:
    """A loaded row as a mapping of its columns."""

    def __init__(self, row: object) -> None:
        self._row = row

    def __getitem__(self, name: str, /) -> object:
        return getattr(self._row, name)


def record_of(row: PaymentRow) -> PaymentRecord:
    """A payment and its invoice data from a loaded row."""
    invoice = row.invoice
    return PaymentRecord(
        payment=payment_of(Attributes(row)), invoice=invoice_of(Attributes(invoice)) if invoice is not None else None
    )
