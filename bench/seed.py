"""Rows to begin with, by COPY."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

from adapters.ids import new_id
from bench.database import Connection
from bench.events import AMOUNT, CURRENCY, PLAN, Pending, numbered

_numbers = count(1)
HOUR: Final = timedelta(hours=1)


async def copied(connection: Connection, table: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Copy rows into a table."""
    await connection.copy_records_to_table(table, records=rows, columns=columns.split())


async def awaiting(connection: Connection, amount: int) -> list[Pending]:
    """So many members, each of whom stands on the hosted page of a checkout."""
    now = datetime.now(UTC)
    made = []
    for number in (next(_numbers) for _ in range(amount)):
        session_id = f"cs_test_a1{number:056d}"
        made.append(Pending(number=number, payment_id=new_id(), user_id=f"member-{number}", session_id=session_id))
    await copied(
        connection,
        "customers",
        "user_id email name locale provider_id attempt version",
        [
            (one.user_id, f"{one.user_id}@example.org", "Salma Bennani", "fr", f"cus_{numbered(one.number)}", 1, 1)
            for one in made
        ],
    )
    await copied(
        connection,
        "payments",
        "id user_id user_type plan amount_minor currency created_at renewal status checkout_session_id refunded_minor"
        " version",
        [
            (one.payment_id, one.user_id, "talent", PLAN, AMOUNT, CURRENCY, now, False, "PENDING", one.session_id, 0, 2)
            for one in made
        ],
    )
    await copied(
        connection,
        "checkouts",
        "payment_id attempt failures url expires_at version",
        [(one.payment_id, 1, 0, f"https://checkout.example.org/{one.session_id}", now + HOUR, 1) for one in made],
    )
    await copied(
        connection,
        "audit",
        "entity entity_id to_status why actor",
        [("payment", str(one.payment_id), "PENDING", "checkout started", one.user_id) for one in made],
    )
    return made
