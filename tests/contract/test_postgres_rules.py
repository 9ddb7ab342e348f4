"""The database itself refuses what the domain refuses, whoever speaks to it."""

from datetime import timedelta
from typing import Any, Final

import asyncpg
import pytest

from builders import NOON, a_payment_id
from contract.stores import StoreInPostgres

PAYMENT: Final[dict[str, object]] = {
    "user_id": "member",
    "user_type": "talent",
    "plan": "talent_membership",
    "amount_minor": 30000,
    "currency": "mad",
    "created_at": NOON,
    "renewal": False,
    "status": "EXPIRED",
    "refunded_minor": 0,
    "version": 1,
}
JOB: Final[dict[str, object]] = {"kind": "issue_receipt", "subject": "one", "attempts_max": 3}
YEAR = timedelta(days=365)


async def insert(store: StoreInPostgres, table: str, **values: object) -> None:
    """Insert one row by plain SQL."""
    names = ", ".join(values)
    places = ", ".join(f"${number + 1}" for number in range(len(values)))
    await store.observer.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", *values.values())


async def insert_payment(store: StoreInPostgres, **changes: object) -> object:
    """Insert a valid payment with one field to differ, and return its id."""
    values: dict[str, Any] = {"id": a_payment_id(), **PAYMENT, **changes}  # Any: columns of every type
    await insert(store, "payments", **values)
    return values["id"]


async def refused(store: StoreInPostgres, table: str, **values: object) -> str | None:
    """The rule by which the database refuses a row."""
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as error:
        await insert(store, table, **values)
    name: str | None = error.value.constraint_name
    return name


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("user_id_length", {"user_id": ""}),
        ("user_id_length", {"user_id": "x" * 129}),
        ("amount_positive", {"amount_minor": 0}),
        ("amount_positive", {"amount_minor": -1}),
        ("currency_code", {"currency": "MAD"}),
        ("currency_code", {"currency": "ma"}),
        ("currency_code", {"currency": "mad "}),
        ("status_known", {"status": "PAID"}),
        ("status_known", {"status": "pending"}),
        ("dated_when_paid", {"status": "SUCCEEDED"}),
        ("dated_when_paid", {"status": "REFUNDED"}),
        ("dated_when_paid", {"status": "PENDING", "paid_at": NOON}),
        ("refunds_within_amount", {"refunded_minor": 30001}),
        ("refunds_within_amount", {"refunded_minor": -1}),
        ("dispute_known", {"dispute": "open"}),
        ("review_keeps_figures", {"status": "REVIEW"}),
    ],
)
async def test_a_payment_that_cannot_be(postgres_store: StoreInPostgres, rule: str, changes: dict[str, object]) -> None:
    name = await refused(postgres_store, "payments", **{"id": a_payment_id(), **PAYMENT, **changes})

    assert name == f"ck_payments_{rule}"


async def test_a_change_that_cannot_be(postgres_store: StoreInPostgres) -> None:
    payment_id = await insert_payment(postgres_store, status="SUCCEEDED", paid_at=NOON)

    for change in ("paid_at = NULL", "refunded_minor = 30001", "status = 'EXPIRED'", "amount_minor = 0"):
        with pytest.raises(asyncpg.CheckViolationError):
            await postgres_store.observer.execute(f"UPDATE payments SET {change} WHERE id = $1", payment_id)


async def test_a_second_pending_payment_of_one_member(postgres_store: StoreInPostgres) -> None:
    await insert_payment(postgres_store, status="PENDING")
    name = await refused(postgres_store, "payments", **{"id": a_payment_id(), **PAYMENT, "status": "PENDING"})
    await insert_payment(postgres_store, status="PENDING", user_id="another")

    assert name == "uq_payments_one_payable"


async def test_an_expired_payment_that_becomes_pending_beside_another(postgres_store: StoreInPostgres) -> None:
    await insert_payment(postgres_store, status="PENDING")
    old = await insert_payment(postgres_store, status="EXPIRED")

    with pytest.raises(asyncpg.UniqueViolationError):
        await postgres_store.observer.execute("UPDATE payments SET status = 'PENDING' WHERE id = $1", old)


@pytest.mark.parametrize("name", ["checkout_session_id", "payment_intent_id"])
async def test_a_session_or_an_intent_of_two_payments(postgres_store: StoreInPostgres, name: str) -> None:
    await insert_payment(postgres_store, **{name: "the_same"})
    rule = await refused(postgres_store, "payments", **{"id": a_payment_id(), **PAYMENT, name: "the_same"})

    assert rule == f"uq_payments_{name}"


async def insert_period(store: StoreInPostgres, n: int, /, **changes: object) -> None:
    """Insert the n-th year of the member, with one field to differ."""
    values: dict[str, object] = {
        "user_id": "member",
        "n": n,
        "payment_id": await insert_payment(store),
        "starts_at": NOON + (n - 1) * YEAR,
        "ends_at": NOON + n * YEAR,
        "previous_n": n - 1 if n > 1 else None,
        "previous_ends_at": NOON + (n - 1) * YEAR if n > 1 else None,
    }
    await insert(store, "periods", **{**values, **changes})


async def with_two_years(store: StoreInPostgres) -> None:
    """Store a subscription of two years."""
    await insert(
        store,
        "subscriptions",
        user_id="member",
        user_type="talent",
        plan="talent_membership",
        status="ACTIVE",
        version=1,
    )
    await insert_period(store, 1)
    await insert_period(store, 2)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("pk_periods", {"n": 2, "previous_n": 1, "previous_ends_at": NOON + YEAR}),
        ("ck_periods_no_overlap", {"starts_at": NOON + 2 * YEAR - timedelta(microseconds=1)}),
        ("ck_periods_forward", {"ends_at": NOON + 2 * YEAR - timedelta(microseconds=1), "taken_back_at": NOON}),
        ("ck_periods_empty_when_taken_back", {"ends_at": NOON + 2 * YEAR}),
        ("ck_periods_counted", {"previous_n": None, "previous_ends_at": None}),
        ("ck_periods_chained", {"previous_n": 1, "previous_ends_at": NOON + YEAR}),
        ("ck_periods_chained_to_an_end", {"previous_ends_at": None}),
        ("fk_periods_previous", {"previous_ends_at": NOON + 2 * YEAR - timedelta(days=1)}),
        ("fk_periods_previous", {"n": 4, "previous_n": 3}),
        (
            "fk_periods_user_id_subscriptions",
            {"user_id": "nobody", "n": 1, "previous_n": None, "previous_ends_at": None},
        ),
    ],
)
async def test_a_period_that_overlaps_or_breaks_the_chain(
    postgres_store: StoreInPostgres, rule: str, changes: dict[str, object]
) -> None:
    await with_two_years(postgres_store)

    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as error:
        await insert_period(postgres_store, 3, **changes)
    assert error.value.constraint_name == rule


async def test_a_period_made_longer_into_the_next_one(postgres_store: StoreInPostgres) -> None:
    await with_two_years(postgres_store)

    with pytest.raises(asyncpg.CheckViolationError) as error:
        await postgres_store.observer.execute("UPDATE periods SET ends_at = ends_at + interval '1 day' WHERE n = 1")
    assert error.value.constraint_name == "ck_periods_no_overlap"


async def test_a_period_taken_out_of_the_chain(postgres_store: StoreInPostgres) -> None:
    await with_two_years(postgres_store)

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await postgres_store.observer.execute("DELETE FROM periods WHERE n = 1")


async def test_a_payment_that_buys_two_periods(postgres_store: StoreInPostgres) -> None:
    await with_two_years(postgres_store)
    payment_id = await postgres_store.observer.fetchval("SELECT payment_id FROM periods WHERE n = 1")

    with pytest.raises(asyncpg.UniqueViolationError) as error:
        await insert_period(postgres_store, 3, payment_id=payment_id)
    assert error.value.constraint_name == "uq_periods_payment_id"


async def test_receipts_that_cannot_be(postgres_store: StoreInPostgres) -> None:
    first, second = await insert_payment(postgres_store), await insert_payment(postgres_store)
    one = {"number": "2026-000001", "issued_at": NOON, "version": 1}
    await insert(postgres_store, "invoices", payment_id=first, **one)

    assert "uq_invoices_number" == await refused(postgres_store, "invoices", payment_id=second, **one)
    assert "ck_invoices_number_form" == await refused(
        postgres_store, "invoices", payment_id=second, number="26-1", issued_at=NOON, version=1
    )
    assert "ck_invoices_dated_when_numbered" == await refused(
        postgres_store, "invoices", payment_id=second, number="2026-000002", version=1
    )
    assert "fk_invoices_payment_id_payments" == await refused(
        postgres_store, "invoices", payment_id=a_payment_id(), version=1
    )


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("ck_jobs_state_known", {"state": "waiting"}),
        ("ck_jobs_leased", {"state": "leased"}),
        ("ck_jobs_leased", {"lease": 1}),
        ("ck_jobs_finished", {"state": "done"}),
        ("ck_jobs_finished", {"finished_at": NOON}),
        ("ck_jobs_counted", {"attempts_max": 0}),
        ("ck_jobs_counted", {"attempts": -1}),
    ],
)
async def test_a_job_that_cannot_be(postgres_store: StoreInPostgres, rule: str, changes: dict[str, object]) -> None:
    assert rule == await refused(postgres_store, "jobs", **{**JOB, **changes})


async def test_a_job_with_a_key_that_was_used(postgres_store: StoreInPostgres) -> None:
    await insert(postgres_store, "jobs", **JOB)

    assert "uq_jobs_once" == await refused(postgres_store, "jobs", **JOB)


@pytest.mark.parametrize(
    "change",
    ["UPDATE audit SET why = 'another'", "UPDATE audit SET at = now() + interval '1 day'", "DELETE FROM audit"],
)
async def test_a_change_of_the_audit(postgres_store: StoreInPostgres, change: str) -> None:
    row = {"entity": "payment", "entity_id": "1", "to_status": "PENDING", "why": "told so", "actor": "stripe"}
    await insert(postgres_store, "audit", **row)

    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await postgres_store.observer.execute(change)
    assert await postgres_store.observer.fetchval("SELECT why FROM audit") == "told so"


@pytest.mark.parametrize(
    "change",
    ["to_status = 'SUCCEEDED'", "at = now() + interval '1 day'", "from_status = 'PENDING'", "event_id = 'evt_1'"],
)
async def test_an_erasure_changes_of_the_audit_whom_it_was_about_and_nothing_else(
    postgres_store: StoreInPostgres, change: str
) -> None:
    row = {"entity": "payment", "entity_id": "1", "to_status": "PENDING", "why": "told so", "actor": "member:1"}
    await insert(postgres_store, "audit", **row)
    async with postgres_store.observer.transaction():
        await postgres_store.observer.execute("SELECT set_config('payments.erasing', 'on', true)")
        await postgres_store.observer.execute("UPDATE audit SET actor = 'member:erased'")
        for refused in (f"UPDATE audit SET {change}", "DELETE FROM audit"):
            with pytest.raises(asyncpg.RaiseError, match="append-only"):
                async with postgres_store.observer.transaction():
                    await postgres_store.observer.execute(refused)

    assert "member:erased" == await postgres_store.observer.fetchval("SELECT actor FROM audit")
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await postgres_store.observer.execute("UPDATE audit SET actor = 'member:again'")


async def test_ids_and_amounts_have_64_bits_and_no_instant_is_without_its_zone(postgres_store: StoreInPostgres) -> None:
    columns = await postgres_store.observer.fetch(
        "SELECT table_name || '.' || column_name AS name, data_type, is_identity = 'YES' AS counted"
        " FROM information_schema.columns WHERE table_schema = current_schema()"
    )
    sequences = await postgres_store.observer.fetch(
        "SELECT sequence_name AS name, data_type, true AS counted"
        " FROM information_schema.sequences WHERE sequence_schema = current_schema()"
    )
    wide = [row for row in (*columns, *sequences) if row["counted"] or row["name"].endswith("_minor")]
    instants = [row for row in columns if row["data_type"].startswith("timestamp")]

    assert {"jobs.id", "audit.id", "payments.amount_minor"} < {row["name"] for row in wide}
    assert [] == [row["name"] for row in wide if row["data_type"] != "bigint"]
    assert "payments.created_at" in {row["name"] for row in instants}
    assert [] == [row["name"] for row in instants if row["data_type"] != "timestamp with time zone"]
