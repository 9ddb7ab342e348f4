"""Reads over the store in memory."""

from collections.abc import Collection
from datetime import datetime
from typing import cast

from adapters.memory.store import MemoryStore
from application.ports.reads import EVERY_PAYMENT, PaymentRecord, WantedPayments
from application.ports.store import Customer
from domain.invoice import Invoice
from domain.member import UserId
from domain.payment import UNFINISHED, Payment, PaymentId, PaymentStatus
from domain.returns import OPEN_DISPUTES, OPEN_REFUNDS, Dispute, DisputeStatus, Refund
from domain.subscription import Subscription


class MemoryBillingHistory:
    """The port BillingHistory."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def page(
        self,
        user_id: UserId,
        *,
        limit: int,
        wanted: WantedPayments = EVERY_PAYMENT,
        before: PaymentId | None = None,
        after: PaymentId | None = None,
    ) -> list[PaymentRecord]:
        found = [
            payment
            for payment in self._store.payments()
            if payment.user_id == user_id
            and (before is None or payment.id < before)
            and (after is None or payment.id > after)
            and wanted.status in (None, payment.status)
            and (wanted.created_from is None or payment.created_at >= wanted.created_from)
            and (wanted.created_before is None or payment.created_at < wanted.created_before)
        ]
        newest_first = sorted(found, key=lambda payment: payment.id, reverse=True)
        page = newest_first[:limit] if after is None else newest_first[-limit:]
        return [self._record(payment) for payment in page]

    async def one(self, user_id: UserId, payment_id: PaymentId) -> PaymentRecord | None:
        found = next((payment for payment in self._store.payments() if payment.id == payment_id), None)
        return self._record(found) if found is not None and found.user_id == user_id else None

    def _record(self, payment: Payment) -> PaymentRecord:
        row = self._store.rows.get((Invoice, payment.id))
        return PaymentRecord(payment=payment, invoice=cast("Invoice", row.value) if row else None)


class MemoryUnfinished:
    """The port Unfinished."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def page(self, *, after: Payment | None, limit: int) -> list[Payment]:
        found = [payment for payment in self._store.payments() if payment.status in UNFINISHED]
        oldest_first = sorted(found, key=_begun)
        return [payment for payment in oldest_first if after is None or _begun(payment) > _begun(after)][:limit]

    async def customers(self, *, since: datetime, until: datetime) -> list[Customer]:
        found = cast("list[Customer]", self._store.all(Customer))
        return [
            customer
            for customer in found
            if customer.provider_id is None
            and customer.prepared_at is not None
            and since <= customer.prepared_at <= until
        ]


class MemoryOpenReturns:
    """The port OpenReturns."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def page(self, *, made_until: datetime, after: Refund | Dispute | None, limit: int) -> list[Refund | Dispute]:
        known = {payment.payment_intent_id for payment in self._store.payments()}
        refunds: list[Refund | Dispute] = [fact for fact in self._store.refunds() if fact.status in OPEN_REFUNDS]
        disputes = [fact for fact in self._store.disputes() if fact.stage in OPEN_DISPUTES]
        found = [
            fact
            for fact in [*refunds, *disputes]
            if fact.payment_intent_id in known
            and fact.created_at <= made_until
            and (after is None or _made(fact) > _made(after))
        ]
        return sorted(found, key=_made)[:limit]


def _made(fact: Refund | Dispute) -> tuple[datetime, str]:
    return fact.created_at, fact.id


class MemoryReturnedCharges:
    """The port ReturnedCharges."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def page(self, *, after: str | None, limit: int) -> list[str]:
        facts = [*self._store.refunds(), *self._store.disputes()]
        found = {fact.payment_intent_id for fact in facts if isinstance(fact, Refund | Dispute)}
        return sorted(charge for charge in found if after is None or charge > after)[:limit]


class MemoryUnderReview:
    """The port UnderReview."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def all(self) -> list[Payment]:
        found = [
            payment
            for payment in self._store.payments()
            if (payment.status is PaymentStatus.REVIEW or payment.duplicate)
            and payment.status is not PaymentStatus.REFUNDED
            and payment.dispute is not DisputeStatus.LOST
        ]
        return sorted(found, key=_begun)


def _begun(payment: Payment) -> tuple[datetime, PaymentId]:
    return payment.created_at, payment.id


class MemoryEntitlements:
    """The port Entitlements."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def of(self, user_id: UserId) -> Subscription:
        row = self._store.rows.get((Subscription, user_id))
        return cast("Subscription", row.value) if row else Subscription(user_id=user_id)

    async def of_all(self, user_ids: Collection[UserId]) -> dict[UserId, Subscription]:
        rows = {user_id: self._store.rows.get((Subscription, user_id)) for user_id in user_ids}
        return {user_id: cast("Subscription", row.value) for user_id, row in rows.items() if row}


class MemoryReadiness:
    """The port Readiness."""

    async def problem(self) -> str | None:
        return None
