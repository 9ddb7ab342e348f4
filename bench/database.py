"""The project's own Postgres, with fsync on, and a database for each program that is measured."""

from pathlib import Path
from typing import Final, TypeAlias

import asyncpg
from msgspec import Struct

from adapters.postgres import embedded, schema
from bench.meters import cpu_seconds

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

SETTINGS: Final = {"autovacuum_naptime": "5min", "checkpoint_timeout": "15min", "max_wal_size": "4GB"}
"""What differs from the defaults: checkpoints and vacuums run between the measured rounds, where `settle` asks for them."""

TOLD: Final = (
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "shared_buffers",
    "wal_level",
    "max_connections",
    *SETTINGS,
)
"""The settings that a reader of the results has to know."""

WAL_BYTES: Final = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"


class Spent(Struct, frozen=True):
    """What Postgres has used up so far."""

    cpu_seconds: float
    wal_bytes: int

    def since(self, before: "Spent") -> "Spent":
        """What was used since another reading."""
        return Spent(self.cpu_seconds - before.cpu_seconds, self.wal_bytes - before.wal_bytes)


class Server:
    """A Postgres that runs from its making until `stop`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "postgres"
        self.url, self._stop = embedded.start(self.folder)
        self.pid = int((self.folder / "postmaster.pid").read_text().splitlines()[0])

    def stop(self) -> None:
        """Stop it."""
        self._stop()

    def url_of(self, name: str) -> str:
        """The URL of one of its databases."""
        head, question, query = self.url.partition("?")
        return f"{head.rpartition('/')[0]}/{name}{question}{query}"

    async def set_up(self) -> dict[str, str]:
        """Make the settings, and return all that a reader has to know of."""
        connection = await asyncpg.connect(self.url)
        for name, value in SETTINGS.items():
            await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        await connection.execute("SELECT pg_reload_conf()")
        told = {name: str(await connection.fetchval(f"SHOW {name}")) for name in ("server_version", *TOLD)}
        await connection.close()
        return told

    async def make(self, name: str, *, like: str | None = None) -> str:
        """A migrated database, or a copy of another one. Returns its URL."""
        connection = await asyncpg.connect(self.url)
        await connection.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {like} STRATEGY FILE_COPY" if like else ""))
        await connection.close()
        if like is None:
            await schema.migrate(self.url_of(name))
        return self.url_of(name)

    async def spent(self, connection: Connection) -> Spent:
        """What was used up until now."""
        return Spent(cpu_seconds(self.pid), await connection.fetchval(WAL_BYTES))


async def settle(connection: Connection) -> None:
    """Leave nothing for the background to do while somebody is measured."""
    await connection.execute("VACUUM (ANALYZE)")
    await connection.execute("CHECKPOINT")
