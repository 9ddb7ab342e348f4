"""What replicas have counted, in Postgres: each writes rows of its own alone, so that none waits for another."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from adapters.postgres.database import Database
from adapters.postgres.statements import STATEMENTS

EXCHANGE: Final = STATEMENTS["rate_tallies.exchange"]
FORGET: Final = STATEMENTS["rate_tallies.forget"]


class PostgresTallies:
    """The port Tallies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def exchange(self, replica: UUID, counted: Mapping[bytes, int]) -> Mapping[bytes, int]:
        values = {"the_replica": replica, "keys": list(counted), "numbers": list(counted.values())}
        return {row["key"]: row["elsewhere"] for row in await self._database.rows(EXCHANGE, values)}

    async def forget(self) -> int:
        return len(await self._database.rows(FORGET, {}))
