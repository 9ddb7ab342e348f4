"""What all queries are written with: a name for each, the usual three of a table with versions, and their compilation to text."""

from collections.abc import Sequence
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Table, bindparam, literal_column, select
from sqlalchemy import update as sql_update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import Integer, Text

from adapters.postgres.statements import Statement

QUERIES: Final[dict[str, tuple[Executable, str | None]]] = {}
"""Each query by name, with what it guards: what it must find one of when it is sent at commit."""


def query(name: str, statement: Executable, *, guards: str | None = None) -> None:
    """Name a query."""
    QUERIES[name] = (statement, guards)


def table(row: type[DeclarativeBase]) -> Table:
    """The table of a declared row."""
    return cast("Table", row.__table__)


def word(value: str) -> ColumnElement[str]:
    """A constant of the SQL, so that partial indexes on it can serve."""
    return literal_column(f"'{value}'", Text)


ZERO: Final[ColumnElement[int]] = literal_column("0", Integer)
ONE: Final[ColumnElement[int]] = literal_column("1", Integer)


def insert_into(name: str, row: type[DeclarativeBase], names: Sequence[str] = ()) -> None:
    """Insert the named columns, by default all of them."""
    columns = names or [column.name for column in table(row).columns]
    query(name, insert(table(row)).values({column: bindparam(column) for column in columns}))


def update_versioned(name: str, row: type[DeclarativeBase], key: str, names: Sequence[str] = ()) -> None:
    """Update columns of the row that still has the version that was read, and count its version up.

    Parameters: the columns by their names, `the_key` and `seen_version`. Returns a row when there was one to change.
    """
    target = table(row)
    columns = names or [column.name for column in target.columns if column.name not in (key, "version")]
    changes: dict[str, Any] = {column: bindparam(column) for column in columns}  # Any: columns and parameters
    update = sql_update(target).where(
        target.c[key] == bindparam("the_key"), target.c.version == bindparam("seen_version")
    )
    query(
        name,
        update.values(changes | {"version": target.c.version + ONE}).returning(target.c.version),
        guards=target.name,
    )


def record(row: type[DeclarativeBase], key: str, *, lock: bool = False) -> None:
    """The three statements of a table whose rows have a key and a version."""
    target = table(row)
    by_key = select(target).where(target.c[key] == bindparam("the_key"))
    query(f"{target.name}.find", by_key.with_for_update() if lock else by_key)
    insert_into(f"{target.name}.add", row)
    update_versioned(f"{target.name}.save", row, key)


def compiled(name: str) -> Statement:
    """A query as SQL text for asyncpg. Raises ValueError for a constant that would become a parameter: write it with `word`."""
    statement, guards = QUERIES[name]
    dialect = asyncpg_dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves its dialects untyped
    result = cast("SQLCompiler", statement.compile(dialect=dialect))  # type: ignore[attr-defined] # every statement has it
    names = tuple(result.positiontup or ())
    constants = [name for name in names if result.params[name] is not None]
    if constants:
        raise ValueError(f"the query {name} has constants as parameters: {constants}")
    return Statement(name, str(result), names, guards)
