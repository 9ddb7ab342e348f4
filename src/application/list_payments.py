"""A member looks at their billing history."""

from typing import Final

from msgspec import Struct

from application.ports.reads import EVERY_PAYMENT, BillingHistory, PaymentRecord, WantedPayments
from domain.errors import UnknownCursor
from domain.member import UserId
from domain.payment import PaymentId

PAGE_SIZE: Final = 10
PAGE_SIZE_MAX: Final = 100


class HistoryPage(Struct, frozen=True, kw_only=True):
    """One page of a history, newest first.

    has_more: whether more follow in the direction asked for. has_newer, has_older: whether anything stands before and after the page.
    """

    records: list[PaymentRecord]
    has_more: bool
    has_newer: bool
    has_older: bool


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
        ending_before: PaymentId | None = None,
        wanted: WantedPayments = EVERY_PAYMENT,
    ) -> HistoryPage:
        """Up to `limit` (1 to 100) payments: those that follow `starting_after` and are older, or those right before `ending_before`,
        which are newer.

        Raises UnknownCursor when the cursor is no payment of this member, or there are two.
        """
        cursors = {"starting_after": starting_after, "ending_before": ending_before}
        given = {name: cursor for name, cursor in cursors.items() if cursor is not None}
        if len(given) > 1:
            raise UnknownCursor("starting_after, ending_before: only one of them can be followed.")
        for name, cursor in given.items():
            if await self._history.one(user_id, cursor) is None:
                raise UnknownCursor(f"{name}: no payment {cursor}.")
        found = await self._history.page(
            user_id, limit=limit + 1, wanted=wanted, before=starting_after, after=ending_before
        )
        has_more = len(found) > limit
        backwards = ending_before is not None
        return HistoryPage(
            records=found[-limit:] if backwards else found[:limit],
            has_more=has_more,
            has_newer=has_more if backwards else starting_after is not None,
            has_older=backwards or has_more,
        )
