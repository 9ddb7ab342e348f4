"""The one place where what Postgres and its driver raise becomes what the application understands."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg

from application.errors import Conflict, TryAgain

STATEMENTS_MIXED_UP: Final = ("26000", "42P05")
"""A statement that the driver has prepared is not there, or another one has its name: somebody else used the server's session, such as
another client of a PgBouncer in transaction mode, or a proxy that resets it. The connection is of no use any more; a new one is."""

PASSING: Final = (
    *("08", "25006", "28", "3D000", "40", "42501", "42P01", "42703", "53", "55", "57", "58"),
    *STATEMENTS_MIXED_UP,
)
"""SQLSTATE classes and codes that pass, by themselves or by an operator's hand: lost connections, a standby, refused logins, a missing
database, deadlocks, rights that were not granted, a schema that is not migrated yet, exhausted resources, locks, shutdowns and time-outs,
a failing disk (PostgreSQL manual, appendix A)."""

LOST: Final = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""What asyncpg raises when a connection breaks under it. InternalClientError is neither a PostgresError nor an InterfaceError."""


def translated(error: BaseException) -> Exception | None:
    """The application's word for a fault of the store; null for everything that is none."""
    if isinstance(error, asyncpg.PostgresError):
        code = error.sqlstate or ""
        if code.startswith("23"):
            constraint = getattr(error, "constraint_name", None)
            return Conflict(f"the store refused the change by its rule {constraint}", constraint=constraint)
        if code.startswith(PASSING):
            return TryAgain(f"the database is not available just now ({code})")
        return None
    if isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError):
        return None  # a value that no column takes, or a setting that is none: the same call fails for ever
    if isinstance(error, LOST):
        return TryAgain("the connection to the database was lost or could not be made")
    return None


def leads_to_a_standby(error: BaseException | None) -> bool:
    """Whether a fault, in the application's word, says that its connection leads to a server that takes no writes.

    After a failover a proxy may keep such connections open, and each of them refuses for ever.
    """
    return error is not None and isinstance(error.__cause__, asyncpg.ReadOnlySQLTransactionError)


def ends_its_connection(error: BaseException | None) -> bool:
    """Whether a fault, in the driver's word or as the cause of ours, says that its connection will fail for ever."""
    found = error.__cause__ if isinstance(error, TryAgain) else error
    return isinstance(found, asyncpg.PostgresError) and found.sqlstate in STATEMENTS_MIXED_UP


@contextmanager
def our_errors() -> Iterator[None]:
    """Raise the application's errors instead of the driver's."""
    try:
        yield
    except Exception as error:
        ours = translated(error)
        if ours is None:
            raise
        raise ours from error
