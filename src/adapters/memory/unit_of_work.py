"""The unit of work in memory, and what it gives access to."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from adapters.memory.store import MemoryStore
from adapters.memory.transaction import MemoryTransaction
from application.ports.gateway import ProviderEvent
from application.ports.jobs import ClaimedJob, NewJob
from application.ports.store import Customer, EventState, Mail, StoredEvent
from domain.audit import Cause
from domain.checkout import Checkout
from domain.invoice import Invoice
from domain.member import UserId
from domain.payment import UNFINISHED, Payment, PaymentId
from domain.returns import Dispute, Refund, Returns
from domain.subscription import Subscription


class ReceiptCounter:
    """The kind under which the last receipt sequence of a year is stored."""


class MemoryUnitOfWork(MemoryTransaction):
    """One transaction with everything that is stored at hand."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.payments = MemoryPayments(self)
        self.subscriptions = MemorySubscriptions(self)
        self.customers = MemoryCustomers(self)
        self.checkouts = MemoryCheckouts(self)
        self.invoices = MemoryInvoices(self)
        self.returns = MemoryReturns(self)
        self.inbox = MemoryInbox(self)
        self.mails = MemoryMails(self)
        self.jobs = MemoryWorkJobs(self)
        self.refused_currencies = MemoryRefusedCurrencies(self)
        self.cursors = MemoryCursors(self)


class MemoryPayments:
    """The port Payments."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work
        self._before: dict[PaymentId, str] = {}

    def add(self, payment: Payment, cause: Cause) -> None:
        self._work.write(Payment, payment.id, payment)
        self._work.note_move("payment", payment.id, None, payment.status, cause)
        self._before[payment.id] = payment.status

    async def get(self, id: PaymentId, *, lock: bool = False) -> Payment | None:
        payment = await self._work.read(Payment, id, lock=lock)
        if payment is not None:
            self._before.setdefault(id, payment.status)
        return payment

    async def of_session(self, session_id: str, payment_id: PaymentId | None) -> Payment | None:
        stored = self._work.stored(Payment)
        found = next((payment.id for payment in stored if payment.checkout_session_id == session_id), payment_id)
        return await self.get(found, lock=True) if found is not None else None

    async def of_intent(self, payment_intent_id: str) -> Payment | None:
        stored = self._work.stored(Payment)
        found = next((payment.id for payment in stored if payment.payment_intent_id == payment_intent_id), None)
        return await self.get(found, lock=True) if found is not None else None

    async def unfinished_of(self, user_id: UserId) -> Payment | None:
        await asyncio.sleep(0)
        stored = [row for row in self._work.stored(Payment) if row.user_id == user_id and row.status in UNFINISHED]
        for candidate in sorted(stored, key=lambda payment: payment.status):
            payment = await self.get(candidate.id, lock=True)
            if payment is not None and payment.status in UNFINISHED:
                return payment
        return None

    def save(self, payment: Payment, cause: Cause) -> None:
        before = self._before[payment.id]
        self._work.write(Payment, payment.id, payment)
        self._work.note_move("payment", payment.id, before, payment.status, cause)
        self._before[payment.id] = payment.status

    def remark(self, payment: Payment, cause: Cause) -> None:
        self._work.note_remark("payment", payment.id, payment.status, cause)


class MemorySubscriptions:
    """The port Subscriptions."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work
        self._before: dict[UserId, str] = {}

    async def of(self, user_id: UserId) -> Subscription:
        found = await self._work.read(Subscription, user_id) or Subscription(user_id=user_id)
        self._before.setdefault(user_id, found.status)
        return found

    def save(self, subscription: Subscription, cause: Cause) -> None:
        user_id = subscription.user_id
        self._work.write(Subscription, user_id, subscription)
        self._work.note_move("subscription", user_id, self._before[user_id], subscription.status, cause)
        self._before[user_id] = subscription.status


class MemoryCustomers:
    """The port Customers."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    async def of(self, user_id: UserId) -> Customer | None:
        return await self._work.read(Customer, user_id)

    def save(self, customer: Customer) -> None:
        self._work.write(Customer, customer.user_id, customer)


class MemoryCheckouts:
    """The port Checkouts."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    async def of(self, payment_id: PaymentId) -> Checkout | None:
        return await self._work.read(Checkout, payment_id)

    def save(self, checkout: Checkout) -> None:
        self._work.write(Checkout, checkout.payment_id, checkout)


class MemoryInvoices:
    """The port Invoices."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    async def of(self, payment_id: PaymentId) -> Invoice | None:
        return await self._work.read(Invoice, payment_id)

    def save(self, invoice: Invoice) -> None:
        self._work.write(Invoice, invoice.payment_id, invoice)

    async def next_sequence(self, year: int) -> int:
        last = await self._work.read(ReceiptCounter, year, lock=True)
        sequence = cast("int", last or 0) + 1
        self._work.write(ReceiptCounter, year, sequence)
        return sequence


class MemoryReturns:
    """The port KnownReturns."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    async def of(self, payment_intent_id: str) -> Returns:
        refunds = [refund for refund in self._work.stored(Refund) if refund.payment_intent_id == payment_intent_id]
        disputes = [known for known in self._work.stored(Dispute) if known.payment_intent_id == payment_intent_id]
        return Returns(
            refunds=tuple([await self._work.read(Refund, refund.id) or refund for refund in refunds]),
            disputes=tuple([await self._work.read(Dispute, dispute.id) or dispute for dispute in disputes]),
        )

    def save_refund(self, refund: Refund) -> None:
        self._work.write(Refund, refund.id, refund)

    def save_dispute(self, dispute: Dispute) -> None:
        self._work.write(Dispute, dispute.id, dispute)


class MemoryInbox:
    """The port Inbox."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    async def first_time(self, event: ProviderEvent) -> bool:
        if await self._work.read(StoredEvent, event.id, lock=True) is not None:
            return False
        self._keep(event, EventState.HANDLED, None)
        return True

    async def unknown(self, event_ids: Sequence[str]) -> frozenset[str]:
        kept = {event.id for event in self._work.stored(StoredEvent)}
        return frozenset(event_ids) - kept

    def ignore(self, event_id: str) -> None:
        self.settle(event_id, EventState.IGNORED)

    async def park(self, event: ProviderEvent, error: str) -> None:
        if await self._work.read(StoredEvent, event.id, lock=True) is None:
            self._keep(event, EventState.PARKED, error)

    async def parked(self, event_id: str) -> StoredEvent | None:
        stored = await self._work.read(StoredEvent, event_id, lock=True)
        return stored if stored is not None and stored.state is EventState.PARKED else None

    def settle(self, event_id: str, state: EventState, error: str | None = None) -> None:
        stored = self._work._writes.get((StoredEvent, event_id)) or self._work.store.rows[StoredEvent, event_id].value
        body = cast("StoredEvent", stored).body
        self._work.write(StoredEvent, event_id, StoredEvent(id=event_id, body=body, state=state, error=error))

    def _keep(self, event: ProviderEvent, state: EventState, error: str | None) -> None:
        stored = StoredEvent(id=event.id, body=event.body, state=state, error=error)
        self._work.write(StoredEvent, event.id, stored)


class MemoryMails:
    """The port Mails."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    async def of(self, key: str) -> Mail | None:
        return await self._work.read(Mail, key, lock=True)

    def save(self, mail: Mail) -> None:
        self._work.write(Mail, mail.key, mail)


class MemoryWorkJobs:
    """The port Jobs."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    def enqueue(self, job: NewJob) -> None:
        self._work.note_job(job)

    def complete(self, job: ClaimedJob) -> None:
        self._work.note_done(job)


class MemoryRefusedCurrencies:
    """The port RefusedCurrencies."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    async def all(self) -> frozenset[str]:
        return frozenset(self._work.refusals())

    def add(self, currency: str, reason: str, at: datetime) -> None:
        self._work.note_refusal(currency, reason)


class Cursor:
    """The kind under which it is stored how far something has come."""


class MemoryCursors:
    """The port Cursors."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    async def of(self, name: str) -> datetime | None:
        return cast("datetime | None", await self._work.read(Cursor, name))

    def save(self, name: str, at: datetime) -> None:
        known = self._work.store.rows.get((Cursor, name))
        if known is None or cast("datetime", known.value) < at:
            self._work.write(Cursor, name, at)
