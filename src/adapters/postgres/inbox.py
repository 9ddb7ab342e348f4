"""The inbox in Postgres: the event's key makes a second delivery wait for the first, and then find nothing to do."""

from collections.abc import Sequence
from typing import Final

from adapters.postgres.audit import note
from adapters.postgres.rows import event_columns, event_of
from adapters.postgres.statements import STATEMENTS, Statement
from adapters.postgres.transaction import PostgresTransaction, Write
from application.ports.gateway import ProviderEvent
from application.ports.store import EventState, StoredEvent
from domain.audit import Cause

ADD: Final = STATEMENTS["events.add"]
KEEP: Final = STATEMENTS["events.keep"]
KEPT: Final = STATEMENTS["events.kept"]
FIND: Final = STATEMENTS["events.find"]
PARKED: Final = STATEMENTS["events.parked"]
SETTLE: Final = STATEMENTS["events.settle"]


class PostgresInbox:
    """The port Inbox."""

    def __init__(self, transaction: PostgresTransaction) -> None:
        self._transaction = transaction
        self._before: dict[str, EventState] = {}
        self._foreseen: dict[str, bool] = {}
        self._kept: dict[str, ProviderEvent] = {}

    def foresee(self, event_id: str, *, known: bool) -> None:
        """Remember whether an event was kept before."""
        self._foreseen[event_id] = known

    async def first_time(self, event: ProviderEvent) -> bool:
        known = self._foreseen.get(event.id)
        if known is None:
            return await self._keep(event, EventState.HANDLED, event.body_to_keep)
        if not known:
            # Kept with all else: should another work keep it just now, its key makes this one a Conflict.
            self._kept[event.id] = event
            self._note_keep(event, EventState.HANDLED)
        return not known

    async def unknown(self, event_ids: Sequence[str]) -> frozenset[str]:
        rows = await self._transaction.rows(KEPT, {"ids": list(event_ids)})
        return frozenset(event_ids) - {row["id"] for row in rows}

    def ignore(self, event_id: str) -> None:
        if event_id in self._kept:
            self._note_keep(self._kept[event_id], EventState.IGNORED)
        else:
            self.settle(event_id, EventState.IGNORED)

    async def park(self, event: ProviderEvent, error: str) -> None:
        await self._keep(event, EventState.PARKED, event.body, error)

    async def parked(self, event_id: str) -> StoredEvent | None:
        return await self._one(PARKED, event_id)

    async def find(self, event_id: str) -> StoredEvent | None:
        return await self._one(FIND, event_id)

    def settle(self, event_id: str, state: EventState, error: str | None = None, *, cause: Cause | None = None) -> None:
        values = {"the_id": event_id, "new_state": state.value, "new_error": error}
        self._transaction.note(("events", event_id), Write(SETTLE, values))
        if cause is not None:
            note(self._transaction, "event", event_id, self._before[event_id], state, cause)

    async def _one(self, statement: Statement, event_id: str) -> StoredEvent | None:
        row = await self._transaction.row(statement, {"the_id": event_id})
        if row is None:
            return None
        found = event_of(row)
        self._before[event_id] = found.state
        return found

    async def _keep(
        self, event: ProviderEvent, state: EventState, body: bytes | None, error: str | None = None
    ) -> bool:
        return await self._transaction.row(KEEP, event_columns(event, state, body, error)) is not None

    def _note_keep(self, event: ProviderEvent, state: EventState) -> None:
        write = Write(ADD, event_columns(event, state, event.body_to_keep))
        self._transaction.note(("events", event.id), write)
