"""The statements that earlier versions send, kept so that the newest schema can be asked whether it still takes them.

`earlier/REVISION.sql` holds what the last version at that revision of the schema sent. `make sql` writes the one of the newest revision;
a new migration leaves it as it is and begins a file of its own, so nobody has to remember it, and no history of the repository is needed.
`earlier/REVISION-vVERSION.sql` is what a release sent, copied when it is made: statements may change afterwards without a migration.
"""

import re
from pathlib import Path
from typing import Final

import asyncpg
from msgspec import Struct

from adapters.postgres.schema import newest
from adapters.postgres.statements import SQL_FILE, Statement, read_statements

FOLDER: Final = Path(__file__).parent / "earlier"
RELEASES: Final = re.compile(r"^## \[?v?(\d+\.\d+\.\d+)\b", re.MULTILINE)


class Earlier(Struct, frozen=True):
    """What one earlier version sent: the revision of the schema it knew, and its statements by name."""

    name: str
    revision: str
    statements: dict[str, Statement]


class Shape(Struct, frozen=True):
    """The types that a statement takes and, by name, those that it gives."""

    takes: tuple[str, ...]
    gives: tuple[tuple[str, str], ...]


def own_file() -> Path:
    """Where the statements of this version are kept for the next one."""
    return FOLDER / f"{newest()}.sql"


def earlier_versions() -> list[Earlier]:
    """All that is kept, the oldest first."""
    return [
        Earlier(path.stem, path.stem.partition("-")[0], read_statements(path.read_text(encoding="ascii")))
        for path in sorted(FOLDER.glob("*.sql"))
    ]


def releases_without_statements(changes: str) -> list[str]:
    """The versions that the list of changes says are released and whose statements nobody kept."""
    kept = {path.stem.partition("-v")[2] for path in FOLDER.glob("*-v*.sql")}
    return [version for version in RELEASES.findall(changes) if version not in kept]


async def shape_of(connection: "asyncpg.Connection[asyncpg.Record]", statement: Statement) -> Shape:
    """What a statement takes and gives. Raises PostgresError where the schema does not take it.

    It is planned too, with nulls for its parameters, and not run: only the planner looks for the index of an ON CONFLICT.
    """
    prepared = await connection.prepare(statement.sql)
    shape = Shape(
        tuple(one.name for one in prepared.get_parameters()),
        tuple((one.name, one.type.name) for one in prepared.get_attributes()),
    )
    await connection.execute(f"PREPARE planned AS {statement.sql}")
    try:
        nulls = ", ".join("NULL" for _ in shape.takes)
        await connection.execute(f"EXPLAIN EXECUTE planned{f'({nulls})' if nulls else ''}")
    finally:
        await connection.execute("DEALLOCATE planned")
    return shape


async def shapes(url: str, statements: dict[str, Statement]) -> dict[str, Shape | str]:
    """The shape of each statement over this database, or why it does not take it."""
    connection = await asyncpg.connect(url)
    found: dict[str, Shape | str] = {}
    try:
        for name, statement in statements.items():
            try:
                found[name] = await shape_of(connection, statement)
            except asyncpg.PostgresError as error:
                found[name] = f"{type(error).__name__}: {error}"
    finally:
        await connection.close()
    return found


if __name__ == "__main__":
    own_file().write_text(SQL_FILE.read_text(encoding="ascii"), encoding="ascii")
