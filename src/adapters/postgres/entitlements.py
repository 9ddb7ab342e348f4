"""The read behind every access check: one statement, one round trip."""

from adapters.postgres.database import Database
from adapters.postgres.rows import subscription_of
from adapters.postgres.subscriptions import OF
from domain.member import UserId
from domain.subscription import Subscription


class PostgresEntitlements:
    """The port Entitlements."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_id: UserId) -> Subscription:
        rows = await self._database.rows(OF, {"user_id": user_id})
        return subscription_of(user_id, rows[0] if rows else None)
