"""What members and the platform read all day is found by an index: it costs the same however many payments there are. About 3 seconds."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import asyncpg
import pytest

from adapters.postgres.entitlements import OF_ALL
from adapters.postgres.statements import STATEMENTS, Statement
from application.list_payments import PAGE_SIZE
from application.ports.reads import WantedPayments
from builders import NOON
from contract.plans import Node, nodes_of, whole_reads
from contract.stores import StoreInPostgres
from domain.member import UserId
from domain.payment import PaymentId, PaymentStatus

PAYMENTS: Final = 20_000
EACH: Final = 500
"""Every so manieth payment is that of a member who has forty; the others have one each."""

OFTEN: Final = UserId("often")
FILL: Final = f"""
    INSERT INTO payments (id, user_id, user_type, plan, amount_minor, currency, created_at, renewal, status, paid_at,
                          refunded_minor, version)
    SELECT lpad(to_hex(n), 32, '0')::uuid, CASE WHEN n % {EACH} = 0 THEN '{OFTEN}' ELSE 'u' || n END, 'talent',
           'talent_membership', 30000, 'mad', at, false, 'SUCCEEDED', at, 0, 1
      FROM generate_series(1, {PAYMENTS}) n, LATERAL (SELECT now() - interval '1 year' + n * interval '1 minute' AS at) AS dated;
    INSERT INTO invoices (payment_id, version) SELECT id, 1 FROM payments;
    INSERT INTO subscriptions (user_id, user_type, plan, status, version)
    SELECT DISTINCT user_id, 'talent', 'talent_membership', 'ACTIVE', 1 FROM payments;
    INSERT INTO periods (user_id, n, payment_id, starts_at, ends_at)
    SELECT DISTINCT ON (user_id) user_id, 1, id, paid_at, paid_at + interval '1 year' FROM payments;
    ANALYZE payments, invoices, subscriptions, periods
"""

UNDER_WAY: Final = f"""
    INSERT INTO payments (id, user_id, user_type, plan, amount_minor, currency, created_at, renewal, status, refunded_minor, version)
    SELECT lpad(to_hex({PAYMENTS} + n), 32, '0')::uuid, 'v' || n, 'talent', 'talent_membership', 30000, 'mad', now(), false, 'PENDING', 0, 1
      FROM generate_series(1, 2000) n;
    ANALYZE payments
"""


class Asked:
    """The statements that a history sends, with their values."""

    def __init__(self, store: StoreInPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[str, list[object]]] = []
        send = store.database.rows

        async def taken(statement: Statement, values: Mapping[str, object]) -> list[asyncpg.Record]:
            self.sent.append((statement.sql, statement.arguments(values)))
            return await send(statement, values)

        monkeypatch.setattr(store.database, "rows", taken)


@pytest.fixture
async def filled(postgres_store: StoreInPostgres) -> StoreInPostgres:
    """A store of many members."""
    await postgres_store.observer.execute(FILL)
    return postgres_store


def rows_met(nodes: list[Node], table: str) -> int:
    """How many rows of a table were looked at, wanted or not."""
    met = 0
    for node in nodes:
        if node.get("Relation Name") == table:
            met += round(node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)))
    return met


async def test_a_page_reads_its_own_payments_and_no_other(
    filled: StoreInPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(filled, monkeypatch)
    middle = PaymentId(UUID(int=PAYMENTS // 2))
    pages = [
        await filled.history.page(OFTEN, limit=PAGE_SIZE),
        await filled.history.page(OFTEN, limit=PAGE_SIZE, before=middle),
        await filled.history.page(OFTEN, limit=PAGE_SIZE, after=middle),
    ]
    plans = [await nodes_of(filled.observer, *statement, run=True) for statement in asked.sent]

    assert [PAGE_SIZE] * 3 == [len(page) for page in pages]
    assert ["ix_payments_history"] * 3 == [
        node["Index Name"] for nodes in plans for node in nodes if node.get("Relation Name") == "payments"
    ]
    assert [PAGE_SIZE] * 3 == [rows_met(nodes, "payments") for nodes in plans]
    assert [PAGE_SIZE] * 3 == [rows_met(nodes, "invoices") for nodes in plans]
    assert "Sort" not in {node["Node Type"] for nodes in plans for node in nodes}


async def test_a_narrowed_page_reads_the_payments_of_its_member_at_most(
    filled: StoreInPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(filled, monkeypatch)
    wanted = WantedPayments(status=PaymentStatus.REFUNDED, created_from=NOON, created_before=NOON)
    page = await filled.history.page(OFTEN, limit=PAGE_SIZE, wanted=wanted)
    nodes = await nodes_of(filled.observer, *asked.sent[0], run=True)

    assert [] == page
    assert [] == whole_reads(nodes)
    assert rows_met(nodes, "payments") <= PAYMENTS // EACH


async def test_a_hundred_access_checks_read_a_hundred_members(filled: StoreInPostgres) -> None:
    users = [f"u{number}" for number in range(10_001, 10_101)]
    nodes = await nodes_of(filled.observer, OF_ALL.sql, OF_ALL.arguments({"user_ids": users}), run=True)

    assert 100 == len(users)
    assert [] == whole_reads(nodes)
    assert 100 == rows_met(nodes, "subscriptions")


async def test_a_start_finds_what_is_under_way_without_going_through_the_history(filled: StoreInPostgres) -> None:
    await filled.observer.execute(UNDER_WAY)
    statement = STATEMENTS["payments.unfinished_of"]
    nodes = await nodes_of(filled.observer, statement.sql, statement.arguments({"user_id": OFTEN}), run=True)

    assert ["ix_payments_unfinished_of"] == [node["Index Name"] for node in nodes if "Index Name" in node]
    assert 0 == rows_met(nodes, "payments")
