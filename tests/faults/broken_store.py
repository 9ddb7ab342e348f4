"""A store over a proxy, and the ways to break it."""

import asyncpg

from adapters.postgres.database import CONNECTIONS_MAX, Database
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from contract.proxies import Line, PostgresProxy
from contract.services import Service


class BrokenStore:
    """service: over the proxy. sound: past it. hits: how often a break has struck."""

    def __init__(
        self,
        proxy: PostgresProxy,
        database: Database,
        past_it: Database,
        observer: "asyncpg.Connection[asyncpg.Record]",
    ) -> None:
        self.proxy = proxy
        self.database = database
        self.observer = observer
        self.service = Service(lambda: PostgresUnitOfWork(database))
        self.sound = Service(lambda: PostgresUnitOfWork(past_it))
        self.hits = 0

    def end_the_backend_before(self, number: int, *, times: int) -> None:
        """Let the server end the connection before its n-th request from here on, as often as that."""
        self.hits = 0
        seen: dict[int, int] = {}

        async def strike(line: Line, query: str) -> None:
            first = seen.setdefault(line.number, line.requests)
            if line.requests - first + 1 == number and self.hits < times:
                self.hits += 1
                await self.observer.execute("SELECT pg_terminate_backend($1, 5000)", line.pid)

        self.proxy.before = strike

    def lose_the_answer_to_commit(self) -> None:
        """Let the next COMMIT reach the server, and its answer nobody."""
        self.hits = 0

        async def strike(line: Line, query: str) -> None:
            if query == "COMMIT" and self.hits == 0:
                self.hits += 1
                line.cut = True

        self.proxy.before = strike

    def mend(self) -> None:
        """Break nothing any more."""
        self.proxy.before = None

    async def lends_every_connection(self) -> bool:
        """Whether the pool still has all its connections to give, and each of them works."""
        held = [await self.database.acquire() for _ in range(CONNECTIONS_MAX)]
        answers = [await connection.fetchval("SELECT 1") for connection in held]
        for connection in held:
            await self.database.release(connection)
        return answers == [1] * CONNECTIONS_MAX
