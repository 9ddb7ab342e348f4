"""A member's payments, newest first. What lists them is imported when it is needed, or before, by `warm_up`."""

import asyncio
import importlib
from typing import TYPE_CHECKING

from adapters.postgres.database import Database
from application.ports.reads import EVERY_PAYMENT, PaymentRecord, WantedPayments
from domain.member import UserId
from domain.payment import PaymentId

if TYPE_CHECKING:
    from adapters.postgres.listing import PaymentListing


class PostgresBillingHistory:
    """The port BillingHistory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._opened: PaymentListing | None = None

    async def warm_up(self) -> None:
        """Import SQLAlchemy and advanced-alchemy before the first member needs them. It costs more than a second of CPU."""
        await self._listing()

    async def page(
        self,
        user_id: UserId,
        *,
        limit: int,
        wanted: WantedPayments = EVERY_PAYMENT,
        before: PaymentId | None = None,
        after: PaymentId | None = None,
    ) -> list[PaymentRecord]:
        return await (await self._listing()).page(user_id, wanted, limit=limit, before=before, after=after)

    async def one(self, user_id: UserId, payment_id: PaymentId) -> PaymentRecord | None:
        return await (await self._listing()).one(user_id, payment_id)

    async def _listing(self) -> "PaymentListing":
        if self._opened is None:
            # In a thread, so that the process goes on answering meanwhile.
            await asyncio.to_thread(importlib.import_module, "adapters.postgres.listing")
            from adapters.postgres.listing import PaymentListing

            self._opened = PaymentListing(self._database)
        return self._opened
