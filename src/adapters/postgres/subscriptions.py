"""Subscriptions in Postgres: one row for the word, one for each paid year; read together in one statement and one snapshot."""

from typing import Final

from adapters.postgres.audit import note_move
from adapters.postgres.rows import period_columns, subscription_columns, subscription_of
from adapters.postgres.statements import STATEMENTS
from adapters.postgres.transaction import PostgresTransaction, Write
from domain.audit import Cause
from domain.member import UserId
from domain.subscription import Subscription

OF: Final = STATEMENTS["subscriptions.of"]
"""Not locked: two payments of one member at the same moment meet at the version or at the period's key, and one is done again."""

ADD: Final = STATEMENTS["subscriptions.add"]
SAVE: Final = STATEMENTS["subscriptions.save"]
ADD_PERIOD: Final = STATEMENTS["periods.add"]


class PostgresSubscriptions:
    """The port Subscriptions."""

    def __init__(self, transaction: PostgresTransaction) -> None:
        self._transaction = transaction
        self._known: dict[UserId, tuple[Subscription, int]] = {}

    async def of(self, user_id: UserId) -> Subscription:
        row = await self._transaction.row(OF, {"user_id": user_id})
        subscription = subscription_of(user_id, row)
        self._known[user_id] = (subscription, row["version"] if row is not None else 0)
        return subscription

    def save(self, subscription: Subscription, cause: Cause) -> None:
        user_id = subscription.user_id
        known, version = self._known[user_id]
        if subscription == known:
            return
        self._known[user_id] = (subscription, version)
        columns = subscription_columns(subscription)
        if version == 0:
            write = Write(ADD, {**columns, "version": 1})
        else:
            write = Write(SAVE, {**columns, "the_key": user_id, "seen_version": version})
        self._transaction.note(("subscriptions", user_id), write)
        for n in range(len(known.periods) + 1, len(subscription.periods) + 1):
            self._transaction.note(("periods", user_id, n), Write(ADD_PERIOD, period_columns(subscription, n)))
        note_move(self._transaction, "subscription", user_id, known.status, subscription.status, cause)
