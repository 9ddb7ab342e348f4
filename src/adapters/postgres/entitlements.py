"""The read behind every access check: one statement, one round trip."""

from collections.abc import Collection
from typing import Final

from adapters.postgres.database import Database
from adapters.postgres.rows import subscription_of
from adapters.postgres.statements import STATEMENTS
from adapters.postgres.subscriptions import OF
from domain.member import UserId
from domain.subscription import Subscription

OF_ALL: Final = STATEMENTS["subscriptions.of_all"]


class PostgresEntitlements:
    """The port Entitlements."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_id: UserId) -> Subscription:
        rows = await self._database.rows(OF, {"user_id": user_id})
        return subscription_of(user_id, rows[0] if rows else None)

    async def of_all(self, user_ids: Collection[UserId]) -> dict[UserId, Subscription]:
        rows = await self._database.rows(OF_ALL, {"user_ids": list(user_ids)})
        return {row["user_id"]: subscription_of(row["user_id"], row) for row in rows}
