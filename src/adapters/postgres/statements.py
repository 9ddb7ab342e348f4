"""SQL text for asyncpg, compiled once from SQLAlchemy Core: the schema stands in one place, and a request pays for the driver alone."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler

DIALECT: Final = asyncpg_dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves its dialects untyped
PLACEHOLDER: Final = re.compile(r"\$(\d+)")


class Statement:
    """One compiled statement: `sql` with asyncpg's placeholders, and the names of its parameters in their order.

    guards: what the statement must find one of when it is sent at commit, in words; null when it cannot miss. It then has RETURNING.
    """

    def __init__(self, statement: Executable, *, guards: str | None = None) -> None:
        compiled = cast("SQLCompiler", statement.compile(dialect=DIALECT))  # type: ignore[attr-defined] # every statement has it
        self.sql = str(compiled)
        self.guards = guards
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self._constants: Mapping[str, object] = compiled.params

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """The values of the parameters in their order. A parameter that is not among `values` is a constant of the statement."""
        return [values[name] if name in values else self._constants[name] for name in self.names]

    def numbered_from(self, first: int) -> str:
        """The SQL with its placeholders counted from `first` instead of 1, to stand inside a longer statement."""
        return PLACEHOLDER.sub(lambda found: f"${int(found[1]) + first - 1}", self.sql)


def table(row: type[DeclarativeBase]) -> Table:
    """The table of a declared row."""
    return cast("Table", row.__table__)


def insert_into(row: type[DeclarativeBase], names: Sequence[str]) -> Statement:
    """Insert the named columns."""
    return Statement(insert(table(row)).values({name: bindparam(name) for name in names}))


def update_versioned(row: type[DeclarativeBase], key: str, names: Sequence[str]) -> Statement:
    """Update the named columns of the row that still has the version that was read, and count its version up.

    Parameters: the columns by their names, `the_key` and `seen_version`. Returns a row when there was one to change.
    """
    target = table(row)
    changes: dict[str, Any] = {name: bindparam(name) for name in names} | {
        "version": target.c.version + 1
    }  # Any: columns and parameters
    return Statement(
        update(target)
        .where(target.c[key] == bindparam("the_key"), target.c.version == bindparam("seen_version"))
        .values(changes)
        .returning(target.c.version),
        guards=target.name,
    )
