"""The reads that list, through advanced-alchemy: a module that is imported when the first of them is asked for."""

from collections.abc import Sequence
from typing import Literal

from advanced_alchemy.filters import LimitOffset, OrderBy
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import ColumnElement
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionInTime
from sqlalchemy.orm import joinedload

from adapters.postgres.database import Database
from adapters.postgres.faults import ends_its_connection, our_errors
from adapters.postgres.rows import invoice_of, payment_of
from adapters.postgres.tables import PaymentRow
from application.errors import TryAgain
from application.ports.reads import PaymentRecord, WantedPayments
from domain.member import UserId
from domain.payment import PaymentId

Order = Literal["asc", "desc"]


class BrokenInThePool(TryAgain):
    """The connection that the pool gave was broken already."""


class PaymentRows(SQLAlchemyAsyncRepository[PaymentRow]):
    """advanced-alchemy's repository of payments."""

    model_type = PaymentRow


class PaymentListing:
    """Pages by key: flat however long a member's history grows; nothing is ever counted or skipped over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        user_id: UserId,
        wanted: WantedPayments,
        *,
        limit: int,
        before: PaymentId | None,
        after: PaymentId | None,
    ) -> list[PaymentRecord]:
        """Up to `limit` payments of a member, newest first, older than `before` or next newer than `after`."""
        conditions: list[ColumnElement[bool]] = [PaymentRow.user_id == user_id]
        if before is not None:
            conditions.append(PaymentRow.id < before)
        if after is not None:
            conditions.append(PaymentRow.id > after)
        if wanted.status is not None:
            conditions.append(PaymentRow.status == wanted.status.value)
        if wanted.created_from is not None:
            conditions.append(PaymentRow.created_at >= wanted.created_from)
        if wanted.created_before is not None:
            conditions.append(PaymentRow.created_at < wanted.created_before)
        if after is None:
            return await self._records(conditions, limit)
        return (await self._records(conditions, limit, order="asc"))[::-1]

    async def one(self, user_id: UserId, payment_id: PaymentId) -> PaymentRecord | None:
        """One payment of a member."""
        found = await self._records([PaymentRow.user_id == user_id, PaymentRow.id == payment_id], 1)
        return found[0] if found else None

    async def _records(
        self, conditions: list[ColumnElement[bool]], limit: int, order: Order = "desc"
    ) -> list[PaymentRecord]:
        with our_errors():
            try:
                rows = await self._rows(conditions, limit, order)
            except BrokenInThePool:
                # The pool has thrown away every connection of that age: the next one is fresh.
                rows = await self._rows(conditions, limit, order)
        return [record_of(row) for row in rows]

    async def _rows(self, conditions: list[ColumnElement[bool]], limit: int, order: Order) -> Sequence[PaymentRow]:
        try:
            async with self._database.sessions()() as session:
                try:
                    return await PaymentRows(session=session, wrap_exceptions=False).get_many(
                        LimitOffset(limit, 0),
                        OrderBy(PaymentRow.id, order),
                        *conditions,
                        load=[joinedload(PaymentRow.invoice)],
                    )
                except DBAPIError as error:
                    if ends_its_connection(driver_error(error)):
                        await session.invalidate()
                    raise
        except NoConnectionInTime as error:
            raise TryAgain("every connection to the database is busy") from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise BrokenInThePool("the connection broke while it lay in the pool") from error
            raise driver_error(error) from error


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
