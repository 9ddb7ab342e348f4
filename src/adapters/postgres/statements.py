"""The SQL that is sent, as text: compiled beforehand from the queries on the declared tables, read once at the start."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

SQL_FILE: Final = Path(__file__).parent / "statements.sql"
PLACEHOLDER: Final = re.compile(r"\$(\d+)")
TYPED_PLACEHOLDER: Final = re.compile(
    r"\$(\d+)::(BIGINT|BOOLEAN|BYTEA|FLOAT|INTEGER|JSONB|SMALLINT|TEXT|TIMESTAMP WITH TIME ZONE|UUID|VARCHAR)\b"
)
ONE_ROW: Final = re.compile(r" VALUES \((.*?)\)(?= ON CONFLICT | RETURNING |$)", re.DOTALL)
CHANGED_OR_LOOKED_AT: Final = re.compile(r"^(?:UPDATE .*?|SELECT 1)(?=\s+WHERE )", re.DOTALL)
HEADING: Final = re.compile(r"^-- ([a-z_.]+)\(([a-z_, ]*)\)(?: guards (.+))?$", re.MULTILINE)

NOTICE: Final = "-- Compiled from queries/ by `make sql`: change it there.\n"


class Statement:
    """One statement: `sql` with asyncpg's placeholders, and the names of its parameters in their order.

    guards: what the statement must find one of when it is sent at commit, in words; null when it cannot miss. It then has RETURNING.
    """

    def __init__(self, name: str, sql: str, names: tuple[str, ...], guards: str | None) -> None:
        self.name = name
        self.sql = sql
        self.names = names
        self.guards = guards

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """The values of the parameters in their order. Raises KeyError for one that is not given."""
        return [values[name] for name in self.names]

    def of_several(self) -> "Statement":
        """The same for several rows at once: each parameter is an array, with an element for each row.

        Raises ValueError for what neither inserts one row nor changes, or looks for, some.
        """
        types = {int(number): kind for number, kind in TYPED_PLACEHOLDER.findall(self.sql)}
        arrays = ", ".join(f"${number}::{types[number]}[]" for number in sorted(types))
        names = ", ".join(f"p{number}" for number in sorted(types))
        source = f" FROM unnest({arrays}) AS given ({names})"
        sql = TYPED_PLACEHOLDER.sub(r"given.p\1", self.sql)
        if sql.startswith("INSERT "):
            sql, changed = ONE_ROW.subn(lambda found: f" SELECT {found[1]}{source}", sql, count=1)
        else:
            sql, changed = CHANGED_OR_LOOKED_AT.subn(lambda found: f"{found[0]}{source}", sql, count=1)
        if not changed:
            raise ValueError(f"the statement {self.name} has no form for several rows")
        return Statement(self.name, sql, self.names, self.guards)

    def numbered_from(self, first: int) -> str:
        """The SQL with its placeholders counted from `first` instead of 1, to stand inside a longer statement."""
        return PLACEHOLDER.sub(lambda found: f"${int(found[1]) + first - 1}", self.sql)


def written(statements: Iterable[Statement]) -> str:
    """The file of statements: a heading with name and parameters, then the SQL."""
    parts = []
    for statement in statements:
        guards = f" guards {statement.guards}" if statement.guards is not None else ""
        sql = "\n".join(line.rstrip() for line in statement.sql.splitlines())
        parts.append(f"-- {statement.name}({', '.join(statement.names)}){guards}\n{sql};\n")
    return "\n".join([NOTICE, *parts])


def read_statements(text: str) -> dict[str, Statement]:
    """The statements of such a file, by name."""
    found = list(HEADING.finditer(text))
    ends = [heading.start() for heading in found[1:]] + [len(text)]
    statements = {}
    for heading, end in zip(found, ends, strict=True):
        name, names, guards = heading.groups()
        sql = text[heading.end() : end].strip().removesuffix(";")
        statements[name] = Statement(name, sql, tuple(names.split(", ")) if names else (), guards)
    return statements


STATEMENTS: Final = read_statements(SQL_FILE.read_text(encoding="ascii")) if SQL_FILE.exists() else {}
