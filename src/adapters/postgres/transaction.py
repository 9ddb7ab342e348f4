"""One Postgres transaction that sends what it gathered in one statement at commit."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import NamedTuple, Self

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


class Part(NamedTuple):
    """One CTE of a commit: a statement, for one row or for several."""

    statement: Statement
    several: bool


_composed: dict[tuple[Part, ...], str] = {}
"""One SQL text for each sequence of parts that ever occurred: few, since verbs are few, and prepared once per connection."""


def composed(parts: tuple[Part, ...]) -> str:
    """One statement that does all of them: a chain of data-modifying CTEs, and a count of what each guarded one found."""
    sql = _composed.get(parts)
    if sql is None:
        ctes, counts, first = [], [], 1
        for number, (statement, several) in enumerate(parts):
            meant = statement.of_several() if several else statement
            ctes.append(f"w{number} AS ({meant.numbered_from(first)})")
            first += len(statement.names)
            if statement.guards is not None:
                counts.append(f"(SELECT count(*) FROM w{number})")  # noqa: S608 # made of our own statements alone
        sql = _composed[parts] = f"WITH {', '.join(ctes)} SELECT {', '.join(counts) or '1'}"
    return sql


def by_statement(writes: Iterable[Write]) -> list[list[Write]]:
    """The writes of each statement together, in the order in which they were noted."""
    groups: dict[Statement, list[Write]] = {}
    for write in writes:
        groups.setdefault(write.statement, []).append(write)
    return list(groups.values())


def arguments_of(writes: Sequence[Write]) -> list[object]:
    """The values for one statement: plain for one row, an array of each for several."""
    rows = [write.statement.arguments(write.values) for write in writes]
    return rows[0] if len(rows) == 1 else [list(column) for column in zip(*rows, strict=True)]


def in_order_of_execution(groups: Iterable[list[Write]]) -> list[list[Write]]:
    """The writes so placed that Postgres runs them in the order in which they were noted, guarded ones before all others.

    It runs the CTEs that the main query reads as the query comes to them, and the others after it, the last one first.
    """
    noted = list(groups)
    guarded = [group for group in noted if group[0].statement.guards is not None]
    return guarded + [group for group in reversed(noted) if group[0].statement.guards is None]


class PostgresTransaction:
    """Leaving without commit() undoes everything. READ COMMITTED; what must not change under us is locked or carries a version."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._first: dict[object, Write] = {}
        self._writes: dict[object, Write] = {}
        self._then: dict[Callable[[], None], None] = {}
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

    def then(self, do: Callable[[], None]) -> None:
        """Do something once all is committed, and only then; once, however often it was said."""
        self._then[do] = None

    async def commit(self) -> None:
        """Send what was gathered, and commit. Raises Conflict when a guarded write found nothing, TryAgain for what passes."""
        for write in self._first.values():
            await self.rows(write.statement, write.values)
        groups = in_order_of_execution(by_statement(self._writes.values()))
        self._first.clear()
        self._writes.clear()
        if groups:
            parts = tuple(Part(group[0].statement, len(group) > 1) for group in groups)
            arguments = [argument for group in groups for argument in arguments_of(group)]
            with our_errors():
                counts = await self._open.fetchrow(composed(parts), *arguments)
            guarded = [(group[0].statement.guards, len(group)) for group in groups if group[0].statement.guards]
            for (guard, wanted), count in zip(guarded, counts or (), strict=False):
                if count != wanted:
                    raise Conflict(f"another writer changed {guard} first", constraint=guard)
        await self._execute("COMMIT")
        self._finished = True
        for do in self._then:
            do()

    @property
    def _open(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("the unit of work has not begun or is over")
        return self._connection

    async def _execute(self, command: str) -> None:
        with our_errors():
            await self._open.execute(command)
