"""The connections: an asyncpg pool."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Final, Protocol, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from adapters.postgres.faults import our_errors
from adapters.postgres.statements import Statement
from application.errors import TryAgain
from application.ports.installation import InstallationId

POSTGRES_MAJOR_MIN: Final = 15
CONNECTIONS_MAX: Final = 8
"""A Postgres core is busy with eight; more only wait inside it."""

ACQUIRE_SECONDS_MAX: Final = 2.0
CONNECT_SECONDS_MAX: Final = 5.0
COMMAND_SECONDS_MAX: Final = 10.0
CLOSE_SECONDS_MAX: Final = 5.0

SETTINGS: Final = {
    "application_name": "payments",
    "timezone": "UTC",
    "statement_timeout": "8s",
    "lock_timeout": "4s",
    "idle_in_transaction_session_timeout": "15s",
}

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"


class PlainConnection(asyncpg.Connection):
    """A connection that is given back without asyncpg's reset query, one round trip less.

    Safe because nothing here listens, sets session parameters or takes session locks; a transaction that is left open is rolled
    back by the unit of work, or its connection is thrown away.
    """

    def get_reset_query(self) -> str:
        """Nothing to reset."""
        return ""


def is_lost(connection: Connection) -> bool:
    """Whether a connection has ended. The pool takes one back by itself when it breaks, and then answers nothing about it."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


def normal_url(url: str) -> str:
    """A Postgres URL without a driver suffix: `postgresql+asyncpg://...` is accepted as `postgresql://...`."""
    scheme, _, rest = url.partition("://")
    return f"{scheme.split('+')[0].replace('postgres', 'postgresql').replace('postgresqlql', 'postgresql')}://{rest}"


NOT_SHOWN: Final = (
    "a URL that is not shown, since it cannot be read: signs such as # / ? @ in a password have to be escaped (%23)"
)


def shown_url(url: str) -> str:
    """The URL for messages and logs: without its password, and without its query, which may hold one as well.

    Nothing of one that is not wholly understood: a password with a sign that ought to be escaped ends up in any part of it.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no port
    except ValueError:
        return NOT_SHOWN
    if not parts.netloc or parts.fragment or "@" in parts.path or "/" in parts.path.strip("/"):
        return NOT_SHOWN
    host = parts.netloc.rpartition("@")[2]
    shown = f"{parts.username}@{host}" if parts.username else host
    return urlunsplit(parts._replace(netloc=shown, query=""))


class PoolMeter(Protocol):
    """Who measures the pool."""

    def acquired(self, seconds: float) -> None:
        """A connection was given after a while."""
        ...

    def released(self) -> None:
        """A connection was given back."""
        ...


class Database:
    """One Postgres database. Nothing is connected before it is needed.

    connect_seconds_max: how long a caller waits for a server that does not answer.
    close_seconds_max: how long closing waits for the connections that are in use.
    meter: who measures the pool.
    installation: which installation it is of, once somebody has asked.
    """

    def __init__(
        self,
        url: str,
        *,
        connect_seconds_max: float = CONNECT_SECONDS_MAX,
        close_seconds_max: float = CLOSE_SECONDS_MAX,
        meter: PoolMeter | None = None,
    ) -> None:
        self._meter = meter
        self.url = normal_url(url)
        self._connect_seconds_max = connect_seconds_max
        self._close_seconds_max = close_seconds_max
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()
        self.installation: InstallationId | None = None

    async def acquire(self) -> Connection:
        """A connection of its own for the caller, to be given back with `release`. Raises TryAgain when none can be had in time."""
        asked_at = time.perf_counter()
        connection = await self._acquired()
        if self._meter is not None:
            self._meter.acquired(time.perf_counter() - asked_at)
        return connection

    async def _acquired(self) -> Connection:
        with our_errors():
            pool = self._pool
            if pool is None:
                async with asyncio.timeout(
                    self._connect_seconds_max
                ):  # the wait for others that are opening it included
                    pool = await self._open()
            try:
                return await pool.acquire(timeout=ACQUIRE_SECONDS_MAX)
            except TimeoutError as error:
                raise TryAgain("every connection to the database is busy") from error

    async def release(self, connection: Connection, *, broken: bool = False) -> None:
        """Give a connection back, or throw it away when its state is unknown."""
        if self._meter is not None:
            self._meter.released()
        if self._pool is None:
            return
        if broken and not is_lost(connection):
            connection.terminate()
        await self._pool.release(connection)

    async def leave_the_server(self) -> None:
        """Make every connection anew before it is used again: the server takes no writes any more, and another has taken over."""
        if self._pool is not None:
            await self._pool.expire_connections()

    async def rows(self, statement: Statement, values: Mapping[str, object]) -> list[asyncpg.Record]:
        """The rows of one statement that is its own transaction, in one round trip."""
        connection = await self.acquire()
        broken = True
        try:
            with our_errors():
                rows = await connection.fetch(statement.sql, *statement.arguments(values))
            broken = False
        finally:
            await self.release(connection, broken=broken)
        return rows

    async def close(self) -> None:
        """Close all connections: the idle ones at once, those in use when they are given back or after a few seconds."""
        if self._pool is not None:
            try:
                async with asyncio.timeout(self._close_seconds_max):
                    await self._pool.close()
            except TimeoutError:
                self._pool.terminate()
        self._pool = None

    async def _open(self) -> "asyncpg.Pool[asyncpg.Record]":
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self.url,
                    min_size=1,
                    max_size=CONNECTIONS_MAX,
                    timeout=self._connect_seconds_max,
                    command_timeout=COMMAND_SECONDS_MAX,
                    connection_class=PlainConnection,
                    server_settings=SETTINGS,
                )
        return self._pool


def open_database(closing: AsyncExitStack, url: str, meter: PoolMeter | None = None) -> Database:
    """A database that is closed with everything else."""
    database = Database(url, meter=meter)
    closing.push_async_callback(database.close)
    return database
