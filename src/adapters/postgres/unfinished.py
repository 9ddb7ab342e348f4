"""The payments of all members whose money may still come, oldest first: a walk along one partial index."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from adapters.postgres.database import Database
from adapters.postgres.rows import customer_of, payment_of
from adapters.postgres.statements import STATEMENTS
from application.ports.store import Customer
from domain.payment import Payment

PAGE: Final = STATEMENTS["payments.unfinished"]
UNMADE: Final = STATEMENTS["customers.unmade"]
BEGINNING: Final = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))


class PostgresUnfinished:
    """The port Unfinished."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, *, after: Payment | None, limit: int) -> list[Payment]:
        after_at, after_id = (after.created_at, after.id) if after is not None else BEGINNING
        rows = await self._database.rows(PAGE, {"after_created_at": after_at, "after_id": after_id, "limit": limit})
        return [payment_of(row) for row in rows]

    async def customers(self, *, since: datetime, until: datetime) -> list[Customer]:
        return [customer_of(row) for row in await self._database.rows(UNMADE, {"since": since, "until": until})]
