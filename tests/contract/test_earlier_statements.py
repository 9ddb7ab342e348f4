"""What earlier versions send is taken by the newest schema as it was by their own: replicas of both may run side by side in an upgrade."""

import asyncio
from pathlib import Path
from typing import Final

import asyncpg
import pytest
from alembic import command

from adapters.postgres import schema
from adapters.postgres.statements import SQL_FILE, STATEMENTS
from contract.earlier_statements import (
    Earlier,
    Shape,
    earlier_versions,
    own_file,
    releases_without_statements,
    shapes,
)

CHANGES: Final = Path(__file__).parents[2] / "CHANGELOG.md"
EARLIER: Final = earlier_versions()


@pytest.mark.parametrize("version", EARLIER, ids=[version.name for version in EARLIER])
async def test_each_statement_of_an_earlier_version_is_taken_by_the_newest_schema_as_by_its_own(
    empty_database_url: str, version: Earlier
) -> None:
    await asyncio.to_thread(command.upgrade, schema.alembic_config(empty_database_url), version.revision)
    before = await shapes(empty_database_url, version.statements)
    await schema.migrate(empty_database_url)
    after = await shapes(empty_database_url, version.statements)

    assert 30 < len(before)
    assert [] == [f"{name}: {said}" for name, said in before.items() if isinstance(said, str)]
    assert before == after


def test_what_this_version_sends_is_kept_for_the_next_one() -> None:
    assert own_file().exists(), "run `make sql`"
    assert SQL_FILE.read_text(encoding="ascii") == own_file().read_text(encoding="ascii"), "run `make sql`"


def test_a_version_before_the_newest_migration_is_among_them() -> None:
    assert {schema.newest()} < {version.revision for version in EARLIER}


def test_the_statements_of_every_release_are_kept() -> None:
    assert [] == releases_without_statements(CHANGES.read_text(encoding="utf-8"))
    assert ["9.8.7"] == releases_without_statements("# Changes\n\n## Unreleased\n\n## 9.8.7 - 2026-12-01\n")


@pytest.mark.parametrize(
    ("change", "name", "said"),
    [
        ("ALTER TABLE payments RENAME COLUMN plan TO product", "payments.get", "UndefinedColumnError"),
        ("DROP TABLE mails", "mails.find", "UndefinedTableError"),
        ("ALTER TABLE cursors DROP CONSTRAINT pk_cursors", "cursors.save", "InvalidColumnReferenceError"),
    ],
)
async def test_a_schema_that_takes_something_away_is_found(
    empty_database_url: str, change: str, name: str, said: str
) -> None:
    await schema.migrate(empty_database_url)
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute(change)
    await connection.close()
    found = await shapes(empty_database_url, {name: STATEMENTS[name]})

    assert str(found[name]).startswith(said)


async def test_a_column_of_another_type_is_found(empty_database_url: str) -> None:
    await schema.migrate(empty_database_url)
    before = await shapes(empty_database_url, STATEMENTS)
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute("ALTER TABLE jobs ALTER COLUMN attempts TYPE bigint")
    await connection.close()
    after = await shapes(empty_database_url, STATEMENTS)
    changed = [name for name, shape in after.items() if isinstance(shape, Shape) and shape != before[name]]

    assert {"jobs.one", "events.one"} <= set(changed)
