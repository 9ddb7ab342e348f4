"""The payments that wait for an operator's decision: one partial index, and few."""

from typing import Final

from adapters.postgres.database import Database
from adapters.postgres.rows import payment_of
from adapters.postgres.statements import STATEMENTS
from domain.payment import Payment

ALL: Final = STATEMENTS["payments.under_review"]


class PostgresUnderReview:
    """The port UnderReview."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Payment]:
        return [payment_of(row) for row in await self._database.rows(ALL, {})]
