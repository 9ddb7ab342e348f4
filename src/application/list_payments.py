"""A member looks at their billing history."""

from typing import Final

from msgspec import Struct

from application.ports.reads import BillingHistory, PaymentRecord
from domain.errors import UnknownCursor
from domain.member import UserId
from domain.payment import PaymentId, PaymentStatus

PAGE_SIZE: Final = 10
PAGE_SIZE_MAX: Final = 100


class HistoryPage(Struct, frozen=True, kw_only=True):
    """One page of a history, newest first, and whether older payments follow."""

    records: list[PaymentRecord]
    has_more: bool


class ListPayments:
    """Pages through a member's own payments by cursor: no gap and no repeat while new ones arrive."""

    def __init__(self, *, history: BillingHistory) -> None:
        self._history = history

    async def __call__(
        self,
        user_id: UserId,
        *,
        limit: int = PAGE_SIZE,
        starting_after: PaymentId | None = None,
        status: PaymentStatus | None = None,
    ) -> HistoryPage:
        """Up to `limit` (1 to 100) payments older than `starting_after`.

        Raises UnknownCursor when the cursor is no payment of this member.
        """
        if starting_after is not None and await self._history.one(user_id, starting_after) is None:
            raise UnknownCursor(f"starting_after: no payment {starting_after}.")
        records = await self._history.page(user_id, limit=limit + 1, before=starting_after, status=status)
        return HistoryPage(records=records[:limit], has_more=len(records) > limit)
