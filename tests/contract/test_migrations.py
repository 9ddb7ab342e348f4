"""The migrations make the schema that the tables declare, can be taken back, and do not mind being started twice."""

import asyncio
import sys

import asyncpg
import pytest
from alembic import command

from adapters.postgres import schema
from adapters.postgres.database import Database
from adapters.postgres.schema import PostgresReadiness
from application.errors import TryAgain


async def tables(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    await connection.close()
    return [row["tablename"] for row in rows]


async def migrate_elsewhere(url: str) -> int:
    """Migrate in a process of its own, as another replica does, and return its exit status."""
    program = "import asyncio, sys; from adapters.postgres import schema; asyncio.run(schema.migrate(sys.argv[1]))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, url)
    return await process.wait()


async def test_tables_and_migrations_say_the_same(database_url: str) -> None:
    config = schema.alembic_config(database_url, compare=True)

    await asyncio.to_thread(command.check, config)  # raises when it finds a difference


async def test_the_schema_can_be_taken_back_and_made_again(empty_database_url: str) -> None:
    config = schema.alembic_config(empty_database_url, compare=True)
    await schema.migrate(empty_database_url)
    first = await tables(empty_database_url)
    await asyncio.to_thread(command.downgrade, config, "base")
    nothing = await tables(empty_database_url)
    await schema.migrate(empty_database_url)

    assert "payments" in first
    assert [schema.VERSION_TABLE] == nothing
    assert first == await tables(empty_database_url)
    await asyncio.to_thread(command.check, config)


async def test_nothing_of_the_schema_is_left_when_it_is_taken_back(empty_database_url: str) -> None:
    await schema.migrate(empty_database_url)
    await asyncio.to_thread(command.downgrade, schema.alembic_config(empty_database_url, compare=True), "base")
    connection = await asyncpg.connect(empty_database_url)
    left = await connection.fetchval(
        "SELECT count(*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE nspname = 'public' AND relkind IN ('S', 'v', 'r') AND relname <> $1",
        schema.VERSION_TABLE,
    )
    functions = await connection.fetchval("SELECT count(*) FROM pg_proc WHERE proname = 'refuse_change'")
    await connection.close()

    assert (0, 0) == (left, functions)


async def test_two_replicas_that_migrate_at_once_both_succeed(empty_database_url: str) -> None:
    statuses = await asyncio.gather(migrate_elsewhere(empty_database_url), migrate_elsewhere(empty_database_url))
    database = Database(empty_database_url)
    problem = await PostgresReadiness(database).problem()
    await database.close()

    assert (0, 0) == tuple(statuses)
    assert problem is None


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    before = await tables(database_url)

    assert await schema.migrate(database_url) == schema.newest()
    assert before == await tables(database_url)


async def test_a_database_that_cannot_be_reached_is_to_be_tried_again() -> None:
    with pytest.raises(TryAgain):
        await schema.migrate("postgresql://postgres:@127.0.0.1:1/payments")
