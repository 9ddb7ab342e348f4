"""`payments audit` ends in seconds however wrong Postgres is about what its tables hold. About 4 seconds."""

from typing import Final

import pytest

from adapters.postgres.invariants import PostgresInvariants
from contract.stores import StoreInPostgres

PAYMENTS: Final = 20_000
FILL: Final = f"""
    SET session_replication_role = replica;
    INSERT INTO customers (user_id, email, name, locale, attempt, version)
    SELECT 'u' || n, 'u' || n || '@example.org', 'U', 'fr', 1, 1 FROM generate_series(1, {PAYMENTS}) n;
    INSERT INTO payments (id, user_id, user_type, plan, amount_minor, currency, created_at, renewal, status, paid_at,
                          payment_intent_id, refunded_minor, version)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'u' || n, 'talent', 'talent_membership', 30000, 'mad', at, false,
           CASE WHEN n % 4 = 0 THEN 'REFUNDED' ELSE 'SUCCEEDED' END, at, 'pi_' || n, CASE WHEN n % 4 = 0 THEN 30000 ELSE 0 END, 1
      FROM generate_series(1, {PAYMENTS}) n, LATERAL (SELECT now() - interval '90 days' AS at) AS dated;
    INSERT INTO refunds (id, payment_intent_id, amount_minor, currency, status, created_at, version)
    SELECT 're_' || payment_intent_id, payment_intent_id, 30000, 'mad', 'succeeded', paid_at, 1 FROM payments WHERE status = 'REFUNDED';
    INSERT INTO subscriptions (user_id, user_type, plan, status, version)
    SELECT user_id, user_type, plan, CASE status WHEN 'SUCCEEDED' THEN 'ACTIVE' ELSE 'CANCELLED' END, 1 FROM payments;
    INSERT INTO periods (user_id, n, payment_id, bought_at, starts_at, ends_at, taken_back_at)
    SELECT user_id, 1, id, paid_at, paid_at, CASE status WHEN 'SUCCEEDED' THEN paid_at + interval '1 year' ELSE paid_at END,
           CASE status WHEN 'REFUNDED' THEN paid_at END FROM payments;
    INSERT INTO invoices (payment_id, number, issued_at, version)
    SELECT id, to_char(paid_at, 'YYYY-') || lpad((row_number() OVER (ORDER BY id))::text, 6, '0'), paid_at, 1 FROM payments;
    INSERT INTO receipt_counters SELECT extract(year FROM min(paid_at)), count(*) FROM payments;
    INSERT INTO jobs (kind, subject, state, attempts_max, finished_at)
    SELECT kind, id::text, 'done', 3, paid_at
      FROM payments, (VALUES ('issue_receipt'), ('send_confirmation'), ('send_refund_notice')) AS kinds (kind)
     WHERE kind <> 'send_refund_notice' OR status = 'REFUNDED';
    INSERT INTO mails (key, payment_id, recipient, subject, html, plain, written_at, sent_at, provider_id, version)
    SELECT 'confirmation/' || id, id, '', '', '', '', paid_at, paid_at, 'm', 1 FROM payments;
    INSERT INTO mails (key, payment_id, recipient, subject, html, plain, written_at, sent_at, provider_id, version)
    SELECT 'refund/' || id, id, '', '', '', '', paid_at, paid_at, 'm', 1 FROM payments WHERE status = 'REFUNDED';
    INSERT INTO audit (entity, entity_id, from_status, to_status, why, actor)
    SELECT 'payment', id::text, was, becomes, 'filled', 'system'
      FROM payments, (VALUES (1, NULL, 'PENDING'), (2, 'PENDING', 'SUCCEEDED'), (3, 'SUCCEEDED', 'REFUNDED')) AS moves (n, was, becomes)
     WHERE n < 3 OR status = 'REFUNDED' ORDER BY n;
    INSERT INTO audit (entity, entity_id, from_status, to_status, why, actor)
    SELECT 'subscription', user_id, was, becomes, 'filled', 'system'
      FROM subscriptions, (VALUES ('NONE', 'ACTIVE'), ('ACTIVE', 'CANCELLED')) AS moves (was, becomes)
     WHERE becomes = 'ACTIVE' OR status = 'CANCELLED' ORDER BY becomes;
    SET session_replication_role = origin;
"""
"""Members of whom every fourth was refunded."""


@pytest.fixture
async def analyzed(postgres_store: StoreInPostgres) -> StoreInPostgres:
    """Many payments, of which Postgres knows that every letter was sent."""
    await postgres_store.observer.execute(FILL)
    await postgres_store.observer.execute("ANALYZE")
    return postgres_store


async def test_what_every_payment_lacks_is_told_in_seconds_though_postgres_expects_none(
    analyzed: StoreInPostgres,
) -> None:
    await analyzed.observer.execute(
        "UPDATE mails SET sent_at = NULL, provider_id = NULL WHERE key LIKE 'confirmation/%'"
    )
    inspection = await PostgresInvariants(analyzed.database, seconds_max=20.0).inspect(settled=False)

    assert [("confirmation_is_sent_by_its_job", PAYMENTS * 3 // 4)] == [
        (found.name, found.count) for found in inspection.broken
    ]


async def test_what_is_broken_is_found_among_many(analyzed: StoreInPostgres) -> None:
    await analyzed.observer.execute("UPDATE subscriptions SET plan = 'other' WHERE user_id = 'u7'")
    inspection = await PostgresInvariants(analyzed.database).inspect(settled=False)

    assert [("subscription_has_its_periods", 1, "u7")] == [
        (found.name, found.count, found.shown[0].id) for found in inspection.broken
    ]
