"""Where all is measured: one Postgres with a template of stored rows, one stand-in of Stripe, and programs over copies of that template."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Final

import asyncpg

from bench import stock
from bench.database import Connection, Server
from bench.programs import Program, reference, service, stub

TEMPLATE: Final = "template_bench"
SERVICE: Final = "service"
BARE: Final = "bare"
WEBHOOK: Final = "webhook"


class Place:
    """Opened by `open`, closed by whoever closes the server and ends `stripe`."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.stripe = stub(folder)
        self.postgres: dict[str, str] = {}
        self._numbers = count(1)

    async def open(self) -> None:
        """Make the template, and start the stand-in."""
        self.postgres = await self.server.set_up()
        connection = await asyncpg.connect(await self.server.make(TEMPLATE))
        await stock.store(connection)
        await connection.close()
        self.stripe.start()

    async def copy(self) -> str:
        """A database of its own. Returns its URL."""
        return await self.server.make(f"bench_{next(self._numbers)}", like=TEMPLATE)

    def program(self, name: str, url: str) -> Program:
        """A program over a database, not started yet."""
        make = service if name == SERVICE else reference
        return make(name, self.folder, url, self.stripe.url)

    @asynccontextmanager
    async def connected(self, url: str) -> AsyncIterator[Connection]:
        """A connection of ours, to look at what a program has stored."""
        connection = await asyncpg.connect(url)
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def running(self, name: str) -> AsyncIterator[tuple[Program, Connection]]:
        """A program, started over a database of its own, and a connection to that."""
        url = await self.copy()
        program = self.program(name, url)
        try:
            program.start()
            async with self.connected(url) as connection:
                yield program, connection
        finally:
            program.stop()
