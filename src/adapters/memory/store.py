"""Everything that is stored, in memory, with the rules that the database repeats."""

from collections.abc import Hashable, Mapping
from datetime import datetime
from typing import Final, cast

from msgspec import Struct

from adapters.memory.jobs import MemoryJobs
from adapters.memory.locks import Locks
from application.errors import Conflict
from application.ports.installation import InstallationId
from application.ports.store import Customer, Mail, StoredEvent
from application.ports.world import Clock
from domain.audit import Cause
from domain.checkout import Checkout
from domain.invoice import Invoice
from domain.payment import PAYABLE, Payment
from domain.returns import Dispute, Refund
from domain.subscription import Subscription


class AuditRow(Struct, frozen=True, kw_only=True):
    """One change of state and its cause. `at` is UTC."""

    at: datetime
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

NEVER_WRITTEN: Final = Versioned(None, 0)
"""What stands in for a value that is not stored."""

UNIQUE: Final[dict[type, dict[str, str]]] = {
    Payment: {
        "checkout_session_id": "uq_payments_checkout_session_id",
        "payment_intent_id": "uq_payments_payment_intent_id",
    },
    Customer: {"provider_id": "uq_customers_provider_id"},
    Invoice: {"number": "uq_invoices_number"},
}
"""Fields that no two stored values share, with the name of the rule that Postgres has for each."""

UniqueKey = tuple[str, Hashable]
"""A key that only one value may have: the name of the rule, and the key."""


class MemoryStore:
    """The committed state. Units of work read it, and replace parts of it at their commit."""

    def __init__(self, clock: Clock) -> None:
        self.rows: dict[Key, Versioned] = {}
        self.audit: list[AuditRow] = []
        self.refused_currencies: dict[str, str] = {}
        self.installation = InstallationId("0" * 32)
        self.clock = clock
        self.locks = Locks()
        self.jobs = MemoryJobs(clock, self.locks)

    def put(self, key: Key, value: object) -> None:
        """Write a value at once, outside of any unit of work."""
        self.rows[key] = Versioned(value, self.rows.get(key, NEVER_WRITTEN).version + 1)

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

    def refunds(self) -> list[Refund]:
        """Every refund that was told of."""
        return cast("list[Refund]", self.all(Refund))

    def disputes(self) -> list[Dispute]:
        """Every dispute that was told of."""
        return cast("list[Dispute]", self.all(Dispute))

    def events(self) -> list[StoredEvent]:
        """Every event that was kept."""
        return cast("list[StoredEvent]", self.all(StoredEvent))

    def check(self, key: Key, unique: UniqueKey, noted: Mapping[Key, object]) -> None:
        """Raise Conflict when another value has a key that only one may have.

        noted: what was written before it in the same statement, which counts in place of what is stored.
        """
        stored = {where: row.value for where, row in self.rows.items() if where[0] is key[0]}
        for where, other in {**stored, **noted}.items():
            if where[0] is key[0] and where != key and unique in unique_keys(other):
                raise Conflict(f"two rows with one key: {unique[0]}", constraint=unique[0])


def unique_keys(value: object) -> frozenset[UniqueKey]:
    """The keys of a value that no other stored value may have."""
    fields = UNIQUE.get(type(value), {}).items()
    keys = {(constraint, getattr(value, name)) for name, constraint in fields if getattr(value, name) is not None}
    if isinstance(value, Payment) and value.status is PAYABLE:
        keys.add(("uq_payments_one_payable", value.user_id))
    if isinstance(value, Subscription):
        keys |= {("uq_periods_payment_id", period.payment_id) for period in value.periods}
    return frozenset(keys)


def referable(keys: frozenset[UniqueKey]) -> frozenset[UniqueKey]:
    """Those of a value's own fields, which hold for all rows: who changes one of them holds the row more firmly."""
    return frozenset(key for key in keys if any(key[0] in fields.values() for fields in UNIQUE.values()))


def referred_to(value: object, before: object) -> list[Key]:
    """The rows that a new value refers to, or that a changed one newly does: they must be there."""
    if isinstance(value, Subscription):
        known = before.periods if isinstance(before, Subscription) else ()
        return [(Payment, period.payment_id) for period in value.periods[len(known) :]]
    if before is None and isinstance(value, Checkout | Invoice | Mail):
        return [(Payment, value.payment_id)]
    return []
