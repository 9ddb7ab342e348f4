"""One Postgres transaction that sends what it gathered in one statement at commit."""

import asyncio
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

import asyncpg
from msgspec import Struct

from adapters.postgres.database import Connection, Database, is_lost
from adapters.postgres.faults import ends_its_connection, leads_to_a_standby, our_errors
from adapters.postgres.statements import Statement
from application.errors import Conflict


class Write(Struct, frozen=True):
    """A statement to send at commit."""

    statement: Statement
    values: Mapping[str, object]


_composed: dict[tuple[Statement, ...], str] = {}
"""One SQL text for each sequence of writes that ever occurred: few, since verbs are few, and prepared once per connection."""


def composed(statements: tuple[Statement, ...]) -> str:
    """One statement that does all of them: a chain of data-modifying CTEs, and a count of what each guarded one found."""
    sql = _composed.get(statements)
    if sql is None:
        parts, counts, first = [], [], 1
        for number, statement in enumerate(statements):
            parts.append(f"w{number} AS ({statement.numbered_from(first)})")
            first += len(statement.names)
            if statement.guards is not None:
                counts.append(f"(SELECT count(*) FROM w{number})")  # noqa: S608 # made of our own statements alone
        sql = _composed[statements] = f"WITH {', '.join(parts)} SELECT {', '.join(counts) or '1'}"
    return sql


def in_order_of_execution(writes: Iterable[Write]) -> list[Write]:
    """The writes so placed that Postgres runs them in the order in which they were noted, guarded ones before all others.

    It runs the CTEs that the main query reads as the query comes to them, and the others after it, the last one first.
    """
    noted = list(writes)
    guarded = [write for write in noted if write.statement.guards is not None]
    return guarded + [write for write in reversed(noted) if write.statement.guards is None]


class PostgresTransaction:
    """Leaving without commit() undoes everything. READ COMMITTED; what must not change under us is locked or carries a version."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._first: dict[object, Write] = {}
        self._writes: dict[object, Write] = {}
        self._connection: Connection | None = None
        self._finished = False

    async def __aenter__(self) -> Self:
        self._connection = await self._database.acquire()
        try:
            await self._execute("BEGIN")
        except BaseException:
            await self._database.release(self._connection, broken=True)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        broken = is_lost(connection) or isinstance(error, asyncio.CancelledError) or ends_its_connection(error)
        if leads_to_a_standby(error):
            broken = True
            await self._database.leave_the_server()
        if not self._finished and not broken:
            try:
                await connection.execute("ROLLBACK")
            except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError):
                broken = True
        await self._database.release(connection, broken=broken)

    async def row(self, statement: Statement, values: Mapping[str, object]) -> asyncpg.Record | None:
        """The first row of a statement, sent at once."""
        with our_errors():
            return await self._open.fetchrow(statement.sql, *statement.arguments(values))

    async def rows(self, statement: Statement, values: Mapping[str, object]) -> list[asyncpg.Record]:
        """All rows of a statement, sent at once."""
        with our_errors():
            return await self._open.fetch(statement.sql, *statement.arguments(values))

    def note(self, key: object, write: Write) -> None:
        """Keep a write for the commit, in place of an earlier one of the same key."""
        self._writes[key] = write

    def note_before(self, key: object, write: Write) -> None:
        """Keep a write for the commit that has to be done before all others, in a statement of its own, as it makes room for them."""
        self._first[key] = write

    def note_first(self, key: object, write: Write) -> None:
        """Keep a write for the commit, unless there is an earlier one of the same key."""
        self._writes.setdefault(key, write)

    async def commit(self) -> None:
        """Send what was gathered, and commit. Raises Conflict when a guarded write found nothing, TryAgain for what passes."""
        for write in self._first.values():
            await self.rows(write.statement, write.values)
        writes = in_order_of_execution(self._writes.values())
        self._first.clear()
        self._writes.clear()
        if writes:
            statements = tuple(write.statement for write in writes)
            arguments = [argument for write in writes for argument in write.statement.arguments(write.values)]
            with our_errors():
                counts = await self._open.fetchrow(composed(statements), *arguments)
            guards = [statement.guards for statement in statements if statement.guards is not None]
            for guard, count in zip(guards, counts or (), strict=False):
                if count != 1:
                    raise Conflict(f"another writer changed {guard} first", constraint=guard)
        await self._execute("COMMIT")
        self._finished = True

    @property
    def _open(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("the unit of work has not begun or is over")
        return self._connection

    async def _execute(self, command: str) -> None:
        with our_errors():
            await self._open.execute(command)
