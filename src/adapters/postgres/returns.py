"""Refunds and disputes in Postgres: the facts of one charge are read in one statement."""

from typing import Final

from adapters.postgres.rows import dispute_of, plain_columns, refund_of
from adapters.postgres.statements import STATEMENTS
from adapters.postgres.transaction import PostgresTransaction, Write
from domain.returns import Dispute, Refund, Returns

OF: Final = STATEMENTS["returns.of"]
NONE: Final = STATEMENTS["returns.none"]


class PostgresReturns:
    """The port KnownReturns. Remembers the version of every fact it has read: a save must build on what was seen."""

    def __init__(self, transaction: PostgresTransaction) -> None:
        self._transaction = transaction
        self._known: dict[str, tuple[Refund | Dispute, int]] = {}
        self._foreseen_none: set[str] = set()

    def foresee_none(self, payment_intent_id: str) -> None:
        """Remember that nothing of a charge went back."""
        self._foreseen_none.add(payment_intent_id)

    async def of(self, payment_intent_id: str) -> Returns:
        facts: tuple[Refund | Dispute, ...]
        if payment_intent_id in self._foreseen_none:
            # It was read in one statement with the lock of its payment, maybe while another work held that one.
            none = Write(NONE, {"payment_intent_id": payment_intent_id})
            self._transaction.note_first(("returns", payment_intent_id), none)
            return Returns()
        rows = await self._transaction.rows(OF, {"payment_intent_id": payment_intent_id})
        refunds = tuple(refund_of(row) for row in rows if row["kind"] == "refund")
        disputes = tuple(dispute_of(row) for row in rows if row["kind"] == "dispute")
        versions = {row["id"]: row["version"] for row in rows}
        facts = (*refunds, *disputes)
        self._known |= {fact.id: (fact, versions[fact.id]) for fact in facts}
        return Returns(refunds=refunds, disputes=disputes)

    def save_refund(self, refund: Refund) -> None:
        self._save("refunds", refund)

    def save_dispute(self, dispute: Dispute) -> None:
        self._save("disputes", dispute)

    def _save(self, table: str, fact: Refund | Dispute) -> None:
        known, version = self._known.get(fact.id, (None, 0))
        if fact == known:
            return
        self._known[fact.id] = (fact, version)
        self._foreseen_none.discard(fact.payment_intent_id)
        columns = plain_columns(fact)
        if version == 0:
            write = Write(STATEMENTS[f"{table}.add"], {**columns, "version": 1})
        else:
            write = Write(STATEMENTS[f"{table}.save"], {**columns, "the_key": fact.id, "seen_version": version})
        self._transaction.note((table, fact.id), write)
