"""Whether every 200 is a paid payment with all that belongs to it: a figure of a program that loses some is worth nothing."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from adapters.postgres.invariants import inspection_by
from bench.database import Connection

COMPLETE: Final = """
    SELECT count(*)
      FROM unnest($1::uuid[]) AS answered (id)
      JOIN payments p ON p.id = answered.id AND p.status = 'SUCCEEDED' AND p.paid_at IS NOT NULL
      JOIN periods x ON x.payment_id = p.id AND x.user_id = p.user_id AND x.ends_at > x.starts_at
      JOIN subscriptions s ON s.user_id = p.user_id AND s.status = 'ACTIVE'
      JOIN invoices i ON i.payment_id = p.id
      JOIN jobs j ON j.kind = 'issue_receipt' AND j.subject = p.id::text
      JOIN audit a ON a.entity_id = p.id::text AND a.to_status = 'SUCCEEDED'
      JOIN events e ON e.id = a.event_id AND e.state = 'handled' AND e.body IS NOT NULL
"""
OF_WORKERS: Final = frozenset({"job_is_not_late"})
"""What only a worker keeps true, and none runs here."""


class Incomplete(Exception):
    """An answer said that a payment is confirmed, and it is not."""


async def check_complete(connection: Connection, answered: Sequence[UUID]) -> None:
    """Raises Incomplete unless all of it is stored of each payment that was answered with 200."""
    complete = await connection.fetchval(COMPLETE, list(answered))
    if complete != len(answered):
        raise Incomplete(
            f"{len(answered)} payments were answered with 200, {complete} are confirmed with all that follows"
        )


async def check_invariants(connection: Connection) -> int:
    """How many invariants of `payments audit` hold. Raises Incomplete with those that do not."""
    inspection = await inspection_by(connection, settled=False, seconds_max=120)
    broken = [found for found in inspection.broken if found.name not in OF_WORKERS]
    if broken:
        told = "; ".join(f"{one.name} ({one.count}): {one.shown[0].id} {one.shown[0].found}" for one in broken)
        raise Incomplete(told)
    return len(inspection.checked) - len(OF_WORKERS)
