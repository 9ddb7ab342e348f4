"""Walks through what went back: what is still open, oldest first, along two partial indexes; and all charges, along their own."""

from datetime import UTC, datetime
from typing import Final

from adapters.postgres.database import Database
from adapters.postgres.rows import return_of
from adapters.postgres.statements import STATEMENTS
from domain.returns import Dispute, Refund

PAGE: Final = STATEMENTS["returns.open"]
CHARGES: Final = STATEMENTS["returns.charges"]
BEGINNING: Final = (datetime(1, 1, 1, tzinfo=UTC), "")


class PostgresOpenReturns:
    """The port OpenReturns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, *, made_until: datetime, after: Refund | Dispute | None, limit: int) -> list[Refund | Dispute]:
        after_at, after_id = (after.created_at, after.id) if after is not None else BEGINNING
        place = {"made_until": made_until, "after_created_at": after_at, "after_id": after_id, "at_most": limit}
        return [return_of(row) for row in await self._database.rows(PAGE, place)]


class PostgresReturnedCharges:
    """The port ReturnedCharges."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, *, after: str | None, limit: int) -> list[str]:
        rows = await self._database.rows(CHARGES, {"after": after or "", "at_most": limit})
        return [row["payment_intent_id"] for row in rows]
