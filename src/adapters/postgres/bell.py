"""The port JobBell over NOTIFY: workers hear of a job a few milliseconds after its commit instead of at their next look.

A NOTIFY takes a lock of the whole database at its commit. So none is part of a payment's transaction: it follows, for all that was
committed since the last one, and says nothing but that there is something.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import asyncpg

from adapters.postgres.database import CONNECT_SECONDS_MAX, SETTINGS, Database
from adapters.postgres.statements import Statement

log = logging.getLogger(__name__)

CHANNEL: Final = "payments_jobs"
AFTER_SECONDS: Final = 0.001
"""What is under way, the answer to Stripe above all, goes first."""

BETWEEN_SECONDS: Final = 0.05
AGAIN_SECONDS: Final = 1.0
"""How long after its connection broke a listener connects again."""

RING: Final = Statement(
    "jobs.ring", f"SELECT set_config('synchronous_commit', 'off', true), pg_notify('{CHANNEL}', '')", (), None
)
"""There is nothing to keep: nobody need wait for the disk."""


class PostgresBell:
    """The port JobBell."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wanted = False
        self._ringing: asyncio.Task[None] | None = None

    def ring(self) -> None:
        self._wanted = True
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._ring())

    async def _ring(self) -> None:
        await asyncio.sleep(AFTER_SECONDS)
        while self._wanted:
            self._wanted = False
            try:
                await self._database.rows(RING, {})
            except Exception as fault:
                # Also what nobody foresaw: workers that hear nothing look by themselves.
                log.debug("no worker is woken: %s: %s", type(fault).__name__, fault)
            await asyncio.sleep(BETWEEN_SECONDS)

    async def listen(self, heard: Callable[[], None]) -> None:
        while True:
            try:
                await self._listen(heard)
            except Exception as fault:
                # As above.
                log.debug("nothing is heard of new jobs: %s: %s", type(fault).__name__, fault)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _listen(self, heard: Callable[[], None]) -> None:
        """Until the connection breaks. It is one of its own: what the pool gives is never listened on."""
        connection = await asyncpg.connect(self._database.url, timeout=CONNECT_SECONDS_MAX, server_settings=SETTINGS)
        broken = asyncio.Event()
        connection.add_termination_listener(lambda _: broken.set())
        try:
            await connection.add_listener(CHANNEL, lambda *_: heard())
            heard()  # what came while nobody listened
            await broken.wait()
        finally:
            connection.terminate()
