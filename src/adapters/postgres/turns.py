"""Turns in Postgres: one row for each, leased, and kept for as long as it is held."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import uuid4

from adapters.postgres.database import Database
from adapters.postgres.statements import STATEMENTS
from application.errors import ApplicationFault

log = logging.getLogger(__name__)

TAKE: Final = STATEMENTS["turns.take"]
KEEP: Final = STATEMENTS["turns.keep"]
END: Final = STATEMENTS["turns.end"]

LEASE_SECONDS: Final = 30.0
"""After so long without a word from its holder a turn is free."""

HELD_SECONDS_MAX: Final = 1800.0
"""Whoever holds a turn for longer hangs: it is kept no more."""


class PostgresTurns:
    """The port Turns."""

    def __init__(
        self, database: Database, *, lease_seconds: float = LEASE_SECONDS, held_seconds_max: float = HELD_SECONDS_MAX
    ) -> None:
        self._database = database
        self._lease_seconds = lease_seconds
        self._held_seconds_max = held_seconds_max

    @asynccontextmanager
    async def turn(self, name: str, *, rest_seconds: float) -> AsyncIterator[bool]:
        holder = uuid4()
        taken = await self._database.rows(TAKE, {"name": name, "holder": holder, "lease_seconds": self._lease_seconds})
        if not taken:
            yield False
            return
        held = {"the_name": name, "the_holder": holder}
        keeping = asyncio.create_task(self._keep(held))
        try:
            yield True
        except asyncio.CancelledError:
            raise  # the process ends: its lease does the rest
        except BaseException:
            await self._end(held, rest_seconds)
            raise
        else:
            await self._end(held, rest_seconds)
        finally:
            keeping.cancel()

    async def _keep(self, held: dict[str, object]) -> None:
        """Extend the lease again and again, until it is lost, or was held for too long."""
        for _ in range(int(self._held_seconds_max / (self._lease_seconds / 3))):
            await asyncio.sleep(self._lease_seconds / 3)
            try:
                kept = await self._database.rows(KEEP, held | {"lease_seconds": self._lease_seconds})
            except ApplicationFault as fault:
                log.warning("the turn at %s cannot be kept just now: %s", held["the_name"], fault)
            else:
                if not kept:
                    return

    async def _end(self, held: dict[str, object], rest_seconds: float) -> None:
        try:
            await self._database.rows(END, held | {"rest_seconds": rest_seconds})
        except ApplicationFault as fault:
            log.warning("the turn at %s is left to its lease: %s", held["the_name"], fault)
