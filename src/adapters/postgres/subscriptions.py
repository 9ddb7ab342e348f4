"""Subscriptions in Postgres: one row for the word, one for each paid year; read together in one statement and one snapshot."""

from collections.abc import Sequence
from typing import Final

from adapters.postgres.audit import note_move
from adapters.postgres.rows import Row, period_columns, subscription_columns, subscription_of
from adapters.postgres.statements import STATEMENTS
from adapters.postgres.transaction import PostgresTransaction, Write
from domain.audit import Cause
from domain.member import UserId
from domain.subscription import Period, Subscription

OF: Final = STATEMENTS["subscriptions.of"]
"""Not locked: two payments of one member at the same moment meet at the version or at the period's key, and one is done again."""

UNCHANGED: Final = STATEMENTS["subscriptions.unchanged"]
"""Sent where a subscription was read ahead and is not saved: what was decided by it was decided by what is stored."""

ADD: Final = STATEMENTS["subscriptions.add"]
SAVE: Final = STATEMENTS["subscriptions.save"]
ADD_PERIOD: Final = STATEMENTS["periods.add"]
DROP_PERIODS_AFTER: Final = STATEMENTS["periods.drop_after"]


class PostgresSubscriptions:
    """The port Subscriptions."""

    def __init__(self, transaction: PostgresTransaction) -> None:
        self._transaction = transaction
        self._stored: dict[UserId, tuple[Subscription, int]] = {}
        self._saved: dict[UserId, Subscription] = {}
        self._foreseen: dict[UserId, Row | None] = {}

    def foresee(self, user_id: UserId, row: Row | None) -> None:
        """Keep the row of a subscription until it is asked for."""
        self._foreseen[user_id] = row

    async def of(self, user_id: UserId) -> Subscription:
        if user_id in self._saved:
            return self._saved[user_id]
        row: Row | None
        if user_id in self._foreseen:
            row = self._foreseen[user_id]
            seen = {"user_id": user_id, "seen_version": row["version"] if row is not None else 0}
            self._transaction.note_first(("subscriptions", user_id), Write(UNCHANGED, seen))
        else:
            row = await self._transaction.row(OF, {"user_id": user_id})
        subscription = subscription_of(user_id, row)
        self._stored[user_id] = (subscription, row["version"] if row is not None else 0)
        return subscription

    def save(self, subscription: Subscription, cause: Cause) -> None:
        user_id = subscription.user_id
        stored, version = self._stored[user_id]
        before = self._saved.get(user_id, stored)
        if subscription == before:
            return
        self._saved[user_id] = subscription
        columns = subscription_columns(subscription)
        if version == 0:
            write = Write(ADD, {**columns, "version": 1})
        else:
            write = Write(SAVE, {**columns, "the_key": user_id, "seen_version": version})
        self._transaction.note(("subscriptions", user_id), write)
        kept = unchanged(stored.periods, subscription.periods)
        if kept < len(stored.periods):
            drop = Write(DROP_PERIODS_AFTER, {"user_id": user_id, "n": kept})
            self._transaction.note_before(("periods", user_id), drop)
        for n in range(kept + 1, len(subscription.periods) + 1):
            self._transaction.note(("periods", user_id, n), Write(ADD_PERIOD, period_columns(subscription, n)))
        note_move(self._transaction, "subscription", user_id, before.status, subscription.status, cause)


def unchanged(stored: Sequence[Period], wanted: Sequence[Period]) -> int:
    """How many periods from the first on stay as they are stored. Those after them are written anew."""
    pairs = enumerate(zip(stored, wanted, strict=False))
    return next((n for n, (old, new) in pairs if old != new), min(len(stored), len(wanted)))
