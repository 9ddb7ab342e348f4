"""What forgets old rows finds them by an index, however much is kept. About two seconds."""

from typing import Final

import pytest

from adapters.postgres.statements import STATEMENTS
from contract.plans import nodes_of, whole_reads
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
        read[name] = whole_reads(await nodes_of(filled.observer, statement.sql, values))

    assert {name: [] for name in ages} == read


async def test_a_batch_of_so_many_rows_is_forgotten_from_so_many(filled: StoreInPostgres) -> None:
    assert 500 == await filled.retention.strip_bodies(days=90, limit=500)
    assert 500 == await filled.retention.forget_events(days=400, limit=500)
    assert 500 == await filled.retention.forget_jobs(days=30, limit=500)
    assert 500 == await filled.retention.forget_answers(days=1, limit=500)
