"""The unit of work in memory, and what it gives access to."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from adapters.memory.idempotency import MemoryAnswers
from adapters.memory.store import MemoryStore
from adapters.memory.transaction import MemoryTransaction
from adapters.memory.work_jobs import MemoryWorkJobs
from application.ports.gateway import ProviderEvent
from application.ports.installation import InstallationId
from application.ports.store import Customer, EventState, Mail, StoredEvent
from domain.audit import Cause
from domain.checkout import Checkout
from domain.invoice import Invoice
from domain.member import UserId
from domain.payment import UNFINISHED, Payment, PaymentId
from domain.returns import Dispute, Refund, Returns
from domain.subscription import Subscription


class ReceiptCounter(Struct, frozen=True):
    """The last receipt sequence of a year."""

    last: int


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
        self.installation = MemoryInstallation(self)
        self.answers = MemoryAnswers(self)

    async def foresee(self, events: Sequence[ProviderEvent]) -> None:
        """Nothing is far away here: each is read when it is asked for."""


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
        return self._known(await self._work.read_again(Payment, id, lock=lock))

    async def of_session(self, session_id: str, payment_id: PaymentId | None) -> Payment | None:
        found = await self._work.read_first(
            Payment,
            lambda payment: payment.checkout_session_id == session_id or payment.id == payment_id,
            lambda payment: payment.checkout_session_id != session_id,
        )
        return self._known(found)

    async def of_intent(self, payment_intent_id: str) -> Payment | None:
        found = await self._work.read_first(
            Payment, lambda payment: payment.payment_intent_id == payment_intent_id, lambda payment: payment.id
        )
        return self._known(found)

    async def unfinished_of(self, user_id: UserId) -> Payment | None:
        found = await self._work.read_first(
            Payment,
            lambda payment: payment.user_id == user_id and payment.status in UNFINISHED,
            lambda payment: payment.status,
        )
        return self._known(found if found is not None and found.status in UNFINISHED else None)

    def save(self, payment: Payment, cause: Cause) -> None:
        before = self._before[payment.id]
        self._work.write(Payment, payment.id, payment)
        self._work.note_move("payment", payment.id, before, payment.status, cause)
        self._before[payment.id] = payment.status

    def remark(self, payment: Payment, cause: Cause) -> None:
        self._work.note_remark("payment", payment.id, payment.status, cause)

    def _known(self, payment: Payment | None) -> Payment | None:
        if payment is not None:
            self._before.setdefault(payment.id, payment.status)
        return payment


class MemorySubscriptions:
    """The port Subscriptions."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work
        self._before: dict[UserId, str] = {}

    async def of(self, user_id: UserId) -> Subscription:
        found = await self._work.read_again(Subscription, user_id) or Subscription(user_id=user_id)
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
        counter = await self._work.put(ReceiptCounter, year, lambda last: ReceiptCounter(last.last + 1 if last else 1))
        return counter.last


class MemoryReturns:
    """The port KnownReturns."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    async def of(self, payment_intent_id: str) -> Returns:
        found = await self._work.read_all(
            lambda fact: isinstance(fact, Refund | Dispute) and fact.payment_intent_id == payment_intent_id
        )
        return Returns(
            refunds=tuple(fact for fact in found if isinstance(fact, Refund)),
            disputes=tuple(fact for fact in found if isinstance(fact, Dispute)),
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
        return await self._keep(event, EventState.HANDLED, event.body_to_keep)

    async def unknown(self, event_ids: Sequence[str]) -> frozenset[str]:
        kept = await self._work.read_all(lambda value: isinstance(value, StoredEvent) and value.id in event_ids)
        return frozenset(event_ids) - {event.id for event in kept if isinstance(event, StoredEvent)}

    def ignore(self, event_id: str) -> None:
        self.settle(event_id, EventState.IGNORED)

    async def park(self, event: ProviderEvent, error: str) -> None:
        await self._keep(event, EventState.PARKED, event.body, error)

    async def parked(self, event_id: str) -> StoredEvent | None:
        return await self._work.read_first(
            StoredEvent, lambda kept: kept.id == event_id and kept.state is EventState.PARKED, lambda kept: kept.id
        )

    async def find(self, event_id: str) -> StoredEvent | None:
        return await self._work.read_first(StoredEvent, lambda kept: kept.id == event_id, lambda kept: kept.id)

    def settle(self, event_id: str, state: EventState, error: str | None = None, *, cause: Cause | None = None) -> None:
        def settled(kept: StoredEvent) -> StoredEvent:
            if cause is not None:
                self._work.note_cause("event", event_id, kept.state, state, cause)
            return replace(kept, state=state, error=error)

        self._work.change(StoredEvent, event_id, settled)

    async def _keep(
        self, event: ProviderEvent, state: EventState, body: bytes | None, error: str | None = None
    ) -> bool:
        """Keep an event unless it is kept already, and tell which."""
        new = StoredEvent(
            id=event.id,
            type=event.type,
            api_version=event.api_version,
            created_at=event.created,
            received_at=self._work.store.clock.now(),
            state=state,
            error=error,
            body=body,
        )
        return await self._work.put(StoredEvent, event.id, lambda kept: kept or new) is new


class MemoryMails:
    """The port Mails."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    async def of(self, key: str) -> Mail | None:
        return await self._work.read(Mail, key, lock=True)

    def save(self, mail: Mail) -> None:
        self._work.write(Mail, mail.key, mail)


class MemoryRefusedCurrencies:
    """The port RefusedCurrencies."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    async def all(self) -> frozenset[str]:
        return frozenset(self._work.refusals())

    def add(self, currency: str, reason: str, at: datetime) -> None:
        self._work.note_refusal(currency, reason)


class MemoryInstallation:
    """The port Installation."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    async def id(self) -> InstallationId:
        return self._work.store.installation


class Cursor(Struct, frozen=True):
    """How far something has come."""

    at: datetime


class MemoryCursors:
    """The port Cursors."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    async def of(self, name: str) -> datetime | None:
        known = await self._work.read(Cursor, name)
        return known.at if known is not None else None

    def save(self, name: str, at: datetime) -> None:
        self._work.note_put(Cursor, name, lambda known: Cursor(at) if known is None or known.at < at else known)
