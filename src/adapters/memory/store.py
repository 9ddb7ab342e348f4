"""Everything that is stored, in memory, with the rules that the database repeats."""

import asyncio
from collections import defaultdict
from collections.abc import Hashable
from typing import Final, cast

from msgspec import Struct

from adapters.memory.jobs import MemoryJobs
from application.errors import Conflict
from application.ports.store import Mail, StoredEvent
from application.ports.world import Clock
from domain.audit import Cause
from domain.checkout import Checkout
from domain.invoice import Invoice
from domain.payment import PAYABLE, Payment
from domain.subscription import Subscription


class AuditRow(Struct, frozen=True, kw_only=True):
    """One change of state and its cause."""

    entity: str
    entity_id: str
    from_status: str | None
    to_status: str
    cause: Cause


class Versioned(Struct, frozen=True):
    """A stored value and how often it was written."""

    value: object
    version: int


Key = tuple[type, Hashable]
"""What a stored value is and its key: `(Payment, payment_id)`."""

LOCK_SECONDS_MAX: Final = 5.0


class MemoryStore:
    """The committed state. Units of work read it, and replace parts of it at their commit."""

    def __init__(self, clock: Clock) -> None:
        self.rows: dict[Key, Versioned] = {}
        self.audit: list[AuditRow] = []
        self.refused_currencies: dict[str, str] = {}
        self.jobs = MemoryJobs(clock)
        self.locks: defaultdict[Key, asyncio.Lock] = defaultdict(asyncio.Lock)

    def all(self, kind: type) -> list[object]:
        """Every stored value of a kind, in the order of their keys."""
        found = [(key[1], row.value) for key, row in self.rows.items() if key[0] is kind]
        return [value for _, value in sorted(found, key=lambda pair: str(pair[0]))]

    def payments(self) -> list[Payment]:
        """Every payment, oldest first."""
        return cast("list[Payment]", self.all(Payment))

    def subscriptions(self) -> list[Subscription]:
        """Every subscription."""
        return cast("list[Subscription]", self.all(Subscription))

    def invoices(self) -> list[Invoice]:
        """The invoice data of every paid payment."""
        return cast("list[Invoice]", self.all(Invoice))

    def checkouts(self) -> list[Checkout]:
        """How far each checkout has come."""
        return cast("list[Checkout]", self.all(Checkout))

    def mails(self) -> list[Mail]:
        """Every letter that was worded."""
        return cast("list[Mail]", self.all(Mail))

    def events(self) -> list[StoredEvent]:
        """Every event that was kept."""
        return cast("list[StoredEvent]", self.all(StoredEvent))

    def check(self, key: Key, value: object) -> None:
        """Raise Conflict when a value would break a rule between rows, as the database's constraints do."""
        if isinstance(value, Payment):
            self._check_payment(value)
        if isinstance(value, Invoice) and value.number is not None:
            self._refuse_twin(key, [row for row in self.invoices() if row.number == value.number], "receipt_number")

    def _check_payment(self, payment: Payment) -> None:
        others = [other for other in self.payments() if other.id != payment.id]
        if payment.status is PAYABLE and any(
            other.status is PAYABLE and other.user_id == payment.user_id for other in others
        ):
            raise Conflict("the member has a payable checkout already", constraint="one_payable_checkout")
        session_id = payment.checkout_session_id
        if session_id is not None and any(other.checkout_session_id == session_id for other in others):
            raise Conflict("the checkout session belongs to another payment", constraint="checkout_session_id")

    def _refuse_twin(self, key: Key, found: list[Invoice], what: str) -> None:
        if any(invoice.payment_id != key[1] for invoice in found):
            raise Conflict(f"two rows with one {what}", constraint=what)
