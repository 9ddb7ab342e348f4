"""Replicas of the version before work on the newer schema: a migration only adds, and what it adds to their tables asks nothing of them."""

import asyncio
from collections.abc import Mapping
from typing import Final

import asyncpg
import pytest
from alembic import command
from msgspec import Struct

from adapters.postgres import schema

COLUMNS: Final = """
    SELECT table_name || '.' || column_name AS name, data_type AS type, is_nullable = 'NO' AS needed,
           column_default IS NOT NULL OR is_identity = 'YES' AS filled
      FROM information_schema.columns WHERE table_schema = 'public'
"""
RULES: Final = """
    SELECT conrelid::regclass || '.' || conname AS name, pg_get_constraintdef(oid) AS says
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL
    SELECT indrelid::regclass || '.' || indexrelid::regclass, pg_get_indexdef(indexrelid)
      FROM pg_index WHERE indisunique AND indrelid::regclass::text IN (SELECT tablename FROM pg_tables WHERE schemaname = 'public')
"""


KEPT_BY_OLDER_ONES: Final = {
    "payments.ck_payments_dated_when_paid": "a refunded payment may be undated too",
    "periods.ck_periods_forward": "a year may be empty too",
    "periods.ck_periods_empty_when_taken_back": "of a column that older replicas leave null, and their years are never empty",
    "events.ck_events_parked_with_body": "older replicas always store a body",
    "jobs.ck_jobs_state_known": "one state more",
    "jobs.ck_jobs_finished": "one state more",
}
"""Rules that came later, or were changed, and why older replicas keep them."""


class Column(Struct, frozen=True):
    """What a column takes: `needed` is NOT NULL, `filled` by a default."""

    type: str
    needed: bool
    filled: bool


class Schema(Struct, frozen=True):
    """The columns and the rules of all tables, by `table.name`."""

    columns: Mapping[str, Column]
    rules: Mapping[str, str]


async def schema_of(url: str) -> Schema:
    """What a database asks of its writers."""
    connection = await asyncpg.connect(url)
    columns = {
        row["name"]: Column(row["type"], row["needed"], row["filled"]) for row in await connection.fetch(COLUMNS)
    }
    rules = {row["name"]: row["says"] for row in await connection.fetch(RULES)}
    await connection.close()
    return Schema(columns, rules)


def breaks(before: Schema, after: Schema) -> list[str]:
    """What of a newer schema an older replica cannot work with."""
    tables = {name.partition(".")[0] for name in before.columns}
    found = [f"{name} is gone" for name in before.columns if name not in after.columns]
    for name, column in after.columns.items():
        old = before.columns.get(name)
        if old is None and name.partition(".")[0] in tables and column.needed and not column.filled:
            found.append(f"{name} is needed, and older replicas do not fill it")
        if old is not None and (old.type != column.type or column.needed > old.needed or old.filled > column.filled):
            found.append(f"{name} has changed")
    for name, says in after.rules.items():
        if name.partition(".")[0] in tables and before.rules.get(name) != says:
            found.append(f"{name} is a new rule: {says}")
    return found


async def test_no_migration_takes_from_older_replicas_what_they_need(empty_database_url: str) -> None:
    config = schema.alembic_config(empty_database_url)
    revisions = sorted(path.name.split("_")[0] for path in (schema.migrations() / "versions").glob("[0-9]*.py"))
    schemas = []
    for revision in revisions:
        await asyncio.to_thread(command.upgrade, config, revision)
        schemas.append(await schema_of(empty_database_url))
    found = {
        revision: breaks(before, after)
        for revision, before, after in zip(revisions[1:], schemas[:-1], schemas[1:], strict=True)
    }
    named = [fault for faults in found.values() for fault in faults]

    assert [] == [fault for fault in named if fault.partition(" ")[0] not in KEPT_BY_OLDER_ONES]
    assert set(KEPT_BY_OLDER_ONES) == {fault.partition(" ")[0] for fault in named}
    assert schema.newest() == revisions[-1]


BEFORE: Final = Schema({"jobs.id": Column("bigint", True, True), "jobs.note": Column("text", False, False)}, {})


@pytest.mark.parametrize(
    ("columns", "rules", "fault"),
    [
        ({"jobs.id": Column("bigint", True, True)}, {}, "jobs.note is gone"),
        ({**BEFORE.columns, "jobs.id": Column("text", True, True)}, {}, "jobs.id has changed"),
        ({**BEFORE.columns, "jobs.note": Column("text", True, False)}, {}, "jobs.note has changed"),
        ({**BEFORE.columns, "jobs.id": Column("bigint", True, False)}, {}, "jobs.id has changed"),
        (
            {**BEFORE.columns, "jobs.new": Column("text", True, False)},
            {},
            "jobs.new is needed, and older replicas do not fill it",
        ),
        (BEFORE.columns, {"jobs.ck": "CHECK (id > 0)"}, "jobs.ck is a new rule: CHECK (id > 0)"),
    ],
)
def test_what_an_older_replica_cannot_work_with_is_found(
    columns: Mapping[str, Column], rules: Mapping[str, str], fault: str
) -> None:
    assert [fault] == breaks(BEFORE, Schema(columns, rules))


def test_what_is_added_beside_older_replicas_is_no_fault() -> None:
    added = {"jobs.filled": Column("text", True, True), "jobs.null": Column("text", False, False)}
    own = {"turns.name": Column("text", True, False)}

    assert [] == breaks(BEFORE, Schema({**BEFORE.columns, **added, **own}, {"turns.pk": "PRIMARY KEY (name)"}))
