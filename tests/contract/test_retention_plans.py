"""What forgets old rows finds them by an index, however much is kept. About two seconds."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from msgspec import json

from adapters.postgres.statements import STATEMENTS
from contract.stores import StoreInPostgres

ROWS: Final = 100_000
FILL: Final = f"""
    INSERT INTO events (id, type, created_at, received_at, state, body)
    SELECT 'evt_' || n, 'checkout.session.completed', at, at,
           CASE WHEN n % 500 = 0 THEN 'parked' ELSE 'handled' END, CASE WHEN n % 4 = 1 THEN NULL ELSE '\\x7b7d'::bytea END
      FROM generate_series(1, {ROWS}) n, LATERAL (SELECT now() - n * interval '6 minutes' AS at) AS dated;
    INSERT INTO jobs (kind, subject, attempts_max, state, run_at, finished_at)
    SELECT CASE WHEN n % 10 = 0 THEN 'retry_event' ELSE 'issue_receipt' END, 'evt_' || n, 3, 'done', at, at
      FROM generate_series(1, {ROWS}) n, LATERAL (SELECT now() - n * interval '6 minutes' AS at) AS dated;
    INSERT INTO idempotency_keys (user_id, key, fingerprint, leased_until, claimed_at, status, headers, body)
    SELECT 'u' || n % 1000, 'k' || n, '\\x00', at, at, 201, '[]', '{{}}'
      FROM generate_series(1, {ROWS}) n, LATERAL (SELECT now() - n * interval '2 seconds' AS at) AS dated;
    ANALYZE events, jobs, idempotency_keys
"""


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:  # Any: Postgres' own account of a plan
    """A node of a plan and all under it."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@pytest.fixture
async def filled(postgres_store: StoreInPostgres) -> StoreInPostgres:
    """A store that has kept events and jobs for more than a year."""
    await postgres_store.observer.execute(FILL)
    return postgres_store


async def test_no_statement_that_forgets_reads_a_table_whole(filled: StoreInPostgres) -> None:
    read: dict[str, list[str]] = {}
    ages = {"events.strip": 90.0, "events.forget": 400.0, "jobs.forget": 30.0, "idempotency_keys.forget": 1.0}
    for name, days in ages.items():
        statement = STATEMENTS[name]
        values = statement.arguments({"days": days, "at_most": 500})
        (row,) = await filled.observer.fetch(f"EXPLAIN (FORMAT json) {statement.sql}", *values)
        (whole,) = json.decode(row[0])
        read[name] = [
            f"{node['Node Type']} of {node['Relation Name']}"
            for node in nodes(whole["Plan"])
            if node["Node Type"] == "Seq Scan"
        ]

    assert {name: [] for name in ages} == read


async def test_a_batch_of_so_many_rows_is_forgotten_from_so_many(filled: StoreInPostgres) -> None:
    assert 500 == await filled.retention.strip_bodies(days=90, limit=500)
    assert 500 == await filled.retention.forget_events(days=400, limit=500)
    assert 500 == await filled.retention.forget_jobs(days=30, limit=500)
    assert 500 == await filled.retention.forget_answers(days=1, limit=500)
