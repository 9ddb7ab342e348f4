"""Bringing a database to the newest schema, and telling whether it is there."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import asyncpg

from adapters.postgres.database import Database, normal_url
from adapters.postgres.faults import our_errors
from adapters.postgres.rights import MISSING
from application.errors import TryAgain

if TYPE_CHECKING:
    from alembic.config import Config

PACKAGED: Final = Path(__file__).parent / "migrations"
IN_THE_REPOSITORY: Final = Path(__file__).parents[3] / "migrations"
VERSION_TABLE: Final = "migration"
REVISION: Final = f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608 # a constant
FITNESS: Final = f"SELECT version_num AS revision, {MISSING} AS missing FROM {VERSION_TABLE}"  # noqa: S608 # made of our own constants


def migrations() -> Path:
    """Where the migration scripts lie: inside the installed package, or at the top of the repository."""
    return PACKAGED if PACKAGED.is_dir() else IN_THE_REPOSITORY


def alembic_config(url: str, *, compare: bool = False) -> "Config":
    """Alembic's configuration for one database; with the declared tables when it is to `compare` them with what is there."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations()).replace("%", "%%"))
    config.attributes["url"] = url
    if compare:
        from adapters.postgres.tables import metadata

        config.attributes["metadata"] = metadata
    return config


def newest() -> str:
    """The revision that this code needs."""
    return max(path.name.split("_")[0] for path in (migrations() / "versions").glob("[0-9]*.py"))


async def migrate(url: str) -> str:
    """Bring the database to the newest schema, one transaction a migration, and return its revision. Several at once wait in turn.

    A database that is there already is left alone, without the second that Alembic takes to import.
    Raises TryAgain when the database cannot be reached.
    """
    with our_errors():
        if await revision(url) == newest():
            return newest()
        from alembic import command

        # Alembic's environment runs an event loop of its own, hence the thread.
        await asyncio.to_thread(command.upgrade, alembic_config(url), "head")
    return newest()


async def revision(url: str) -> str | None:
    """The revision of the schema that is there; null for none. Raises what asyncpg raises."""
    connection = await asyncpg.connect(normal_url(url))
    try:
        return cast("str | None", await connection.fetchval(REVISION))
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()


class PostgresReadiness:
    """The port Readiness."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._newest = newest()

    async def problem(self) -> str | None:
        try:
            connection = await self._database.acquire()
        except TryAgain:
            return "the database cannot be reached"
        broken = True
        try:
            with our_errors():
                row = await connection.fetchrow(FITNESS)
            broken = False
        except TryAgain as fault:
            if isinstance(fault.__cause__, asyncpg.UndefinedTableError):
                return "the database has no schema yet: run `payments migrate`"
            if isinstance(fault.__cause__, asyncpg.InsufficientPrivilegeError):
                return "the database role may not read the schema: grant it the rights of its owner"
            return "the database does not answer"
        finally:
            await self._database.release(connection, broken=broken)
        found = cast("str | None", row["revision"]) if row is not None else None
        if row is None or found is None or found < self._newest:
            return f"the database is at revision {found}, this version needs {self._newest}: run `payments migrate`"
        if row["missing"]:
            return f"the database role lacks rights: {', '.join(row['missing'])}"
        return None
