"""The audit rows: one for each change of state, written with it."""

from typing import Final

from adapters.postgres.statements import STATEMENTS
from adapters.postgres.transaction import PostgresTransaction, Write
from domain.audit import Cause

ADD: Final = STATEMENTS["audit.add"]


def note_move(
    transaction: PostgresTransaction, entity: str, entity_id: object, before: str | None, after: str, cause: Cause
) -> None:
    """Note a change of state with its cause; nothing when the state is the same."""
    if before != after:
        note(transaction, entity, entity_id, before, after, cause)


def note(
    transaction: PostgresTransaction, entity: str, entity_id: object, before: str | None, after: str, cause: Cause
) -> None:
    """Note something with its cause, also where the state stays the same."""
    values = {
        "entity": entity,
        "entity_id": str(entity_id),
        "from_status": before,
        "to_status": after,
        "why": cause.why,
        "actor": cause.actor,
        "event_id": cause.event_id,
    }
    transaction.note(object(), Write(ADD, values))
