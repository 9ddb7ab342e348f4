"""Payments in Postgres."""

from typing import Final
from uuid import UUID

from adapters.postgres.audit import note, note_move
from adapters.postgres.rows import Row, payment_columns, payment_of
from adapters.postgres.statements import STATEMENTS, Statement
from adapters.postgres.transaction import PostgresTransaction, Write
from application.ports.gateway import CheckoutSession
from domain.audit import Cause
from domain.member import UserId
from domain.payment import UNFINISHED, Payment, PaymentId

GET: Final = STATEMENTS["payments.get"]
GET_LOCKED: Final = STATEMENTS["payments.get_locked"]
OF_SESSION: Final = STATEMENTS["payments.of_session"]
OF_INTENT: Final = STATEMENTS["payments.of_intent"]
UNFINISHED_OF: Final = STATEMENTS["payments.unfinished_of"]
ADD: Final = STATEMENTS["payments.add"]
SAVE: Final = STATEMENTS["payments.save"]


class PostgresPayments:
    """The port Payments. Remembers the version of every payment it has read: a save must build on what was seen."""

    def __init__(self, transaction: PostgresTransaction) -> None:
        self._transaction = transaction
        self._known: dict[UUID, tuple[Payment, int]] = {}
        self._saved: set[UUID] = set()
        self._foreseen: dict[tuple[str, PaymentId | None], Row] = {}

    def foresee(self, session: CheckoutSession, row: Row) -> None:
        """Keep the row of a payment that is locked already until it is asked for."""
        self._foreseen[session.id, session.names_payment] = row

    def add(self, payment: Payment, cause: Cause) -> None:
        self._known[payment.id] = (payment, 0)
        self._note_add(payment)
        note_move(self._transaction, "payment", payment.id, None, payment.status, cause)

    async def get(self, id: PaymentId, *, lock: bool = False) -> Payment | None:
        return await self._one(GET_LOCKED if lock else GET, {"the_id": id})

    async def of_session(self, session_id: str, payment_id: PaymentId | None) -> Payment | None:
        foreseen = self._foreseen.get((session_id, payment_id))
        if foreseen is not None:
            return self._seen(foreseen)
        return await self._one(OF_SESSION, {"session_id": session_id, "the_id": payment_id})

    async def of_intent(self, payment_intent_id: str) -> Payment | None:
        return await self._one(OF_INTENT, {"payment_intent_id": payment_intent_id})

    async def unfinished_of(self, user_id: UserId) -> Payment | None:
        payment = await self._one(UNFINISHED_OF, {"user_id": user_id})
        return payment if payment is not None and payment.status in UNFINISHED else None

    def save(self, payment: Payment, cause: Cause) -> None:
        known, version = self._known[payment.id]
        if payment == known:
            return
        self._known[payment.id] = (payment, version)
        self._saved.add(payment.id)
        if version == 0:
            self._note_add(payment)
        else:
            values = {**payment_columns(payment), "the_key": payment.id, "seen_version": version}
            self._transaction.note(("payments", payment.id), Write(SAVE, values))
        note_move(self._transaction, "payment", payment.id, known.status, payment.status, cause)

    def remark(self, payment: Payment, cause: Cause) -> None:
        note(self._transaction, "payment", payment.id, payment.status, payment.status, cause)

    def _note_add(self, payment: Payment) -> None:
        write = Write(ADD, {**payment_columns(payment), "version": 1})
        self._transaction.note(("payments", payment.id), write)

    async def _one(self, statement: Statement, values: dict[str, object]) -> Payment | None:
        row = await self._transaction.row(statement, values)
        return self._seen(row) if row is not None else None

    def _seen(self, row: Row) -> Payment:
        payment = payment_of(row)
        if payment.id in self._saved:
            return self._known[payment.id][0]  # as it was saved in this work, which is to build on itself
        self._known[payment.id] = (payment, row["version"])
        return payment
