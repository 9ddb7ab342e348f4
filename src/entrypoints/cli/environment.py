"""What every command needs first: the settings, a database that can be reached, and ports that are free."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from dotenv import dotenv_values
from msgspec.structs import replace

from domain.errors import InvalidCatalogue
from entrypoints.settings import Settings, read_settings

LOCAL_FOLDER: Final = Path(".local")
UNREACHABLE: Final = (OSError, TimeoutError, ValueError, OverflowError)


class Unusable(Exception):
    """Something that the operator can mend; the message says how."""


def settings_of_process() -> Settings:
    """The settings of this process. A `.env` file is honoured, except in production; the environment wins over it."""
    environment = dict(os.environ)
    if environment.get("APP_ENV", "").lower() != "production":
        try:
            in_file = {name: value for name, value in dotenv_values(".env").items() if value is not None}
        except (OSError, UnicodeDecodeError) as error:
            raise Unusable(
                f"The file .env cannot be read as UTF-8 text ({error}): correct it, or remove it."
            ) from error
        environment = in_file | environment
    settings = read_settings(environment, LOCAL_FOLDER.absolute())
    check_catalogue(settings)
    return settings


def check_catalogue(settings: Settings) -> None:
    """Raise Unusable when the price list breaks a rule."""
    from adapters.catalogue import load_catalogue

    try:
        load_catalogue(settings.pricing_file, settings.currencies)
    except InvalidCatalogue as error:
        raise Unusable(f"The price list cannot be used:\n  {error}") from error


@contextmanager
def with_database(settings: Settings) -> Iterator[Settings]:
    """The settings with a database: the configured one, or the embedded Postgres for as long as the context lasts."""
    if settings.database_url is not None:
        yield settings
        return
    from adapters.postgres import embedded

    try:
        url, stop = embedded.start(settings.local_folder / "postgres")
    except (OSError, RuntimeError, ValueError) as error:
        raise Unusable(
            f"The embedded Postgres does not start: {error}\n"
            f"  Look at {settings.local_folder / 'postgres' / 'log'}, or set DATABASE_URL to a server of your own."
        ) from error
    try:
        yield replace(settings, database_url=url)
    finally:
        stop()


async def check_database(url: str) -> None:
    """Raise Unusable when the database cannot be reached or is too old."""
    import asyncpg

    from adapters.postgres.database import POSTGRES_MAJOR_MIN, normal_url, shown_url

    try:
        connection = await asyncpg.connect(normal_url(url), timeout=5)
    except (*UNREACHABLE, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # What is wrong with the URL itself is not repeated: its words may be a part of the password.
        said = "" if isinstance(error, ValueError | OverflowError) else f": {error}"
        raise Unusable(
            f"The database cannot be reached: {shown_url(url)}\n"
            f"  {type(error).__name__}{said}\n"
            "  Start that server or correct DATABASE_URL; leave it out (APP_ENV=local) to use the embedded Postgres."
        ) from error
    version = connection.get_server_version()
    await connection.close()
    if version.major < POSTGRES_MAJOR_MIN:
        raise Unusable(f"The database is Postgres {version.major}: {POSTGRES_MAJOR_MIN} or later is needed.")


async def migrate_database(url: str) -> str:
    """Bring the database to the newest schema and return its revision. Raises Unusable when that is not possible."""
    from adapters.postgres import schema
    from application.errors import TryAgain

    await check_database(url)
    try:
        return await schema.migrate(url)
    except TryAgain as error:
        raise Unusable(f"The migration could not be run: {error}. Run `payments migrate` again.") from error


def check_port(host: str, port: int, what: str) -> None:
    """Raise Unusable when a port is taken."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Unusable(
                f"{what} cannot listen on {host}:{port}: {error.strerror}. Stop what listens there."
            ) from error
