"""Alembic's hook. Each migration is one transaction, gives up quickly if it cannot have its locks, and waits for no other for long."""

import asyncio
import os
import time

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from adapters.postgres.database import normal_url
from adapters.postgres.schema import VERSION_TABLE

ONE_AT_A_TIME = 0x7061796D656E7473
"""Key of the advisory lock that lets one migration run at a time."""

PAUSE_SECONDS = 0.1


def run(connection: Connection) -> None:
    """Run the migrations over a connection."""
    wait_for_turn(connection)
    connection.execute(text("set lock_timeout = '5s'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes.get("metadata"),
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
        version_table=VERSION_TABLE,
    )
    with context.begin_transaction():
        context.run_migrations()


def wait_for_turn(connection: Connection) -> None:
    """Take the lock that lets one migration run at a time, without a transaction while it is waited for.

    An index that is built beside the writers waits for all transactions that are open: for one that waits for this lock, for ever.
    """
    while not connection.scalar(text(f"select pg_try_advisory_lock({ONE_AT_A_TIME})")):
        connection.rollback()
        time.sleep(PAUSE_SECONDS)


async def main() -> None:
    """Connect and run. The lock goes with the connection."""
    url = normal_url(context.config.attributes.get("url") or os.environ["DATABASE_URL"])
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


asyncio.run(main())
