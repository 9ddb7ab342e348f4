"""What the use cases need in order to remember: one unit of work over everything that is stored."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from msgspec import Struct

from application.ports.gateway import PreparedRequest, ProviderEvent
from application.ports.idempotency import Answers
from application.ports.installation import Installation
from application.ports.jobs import Jobs
from application.ports.mail import Letter
from domain.audit import Cause
from domain.checkout import Checkout
from domain.invoice import Invoice
from domain.member import Locale, UserId, short_name
from domain.payment import Payment, PaymentId
from domain.returns import Dispute, Refund, Returns
from domain.subscription import Subscription


class Payments(Protocol):
    """Every payment, as if held in memory. Reads with `lock` wait for other writers and keep them away until the work ends."""

    def add(self, payment: Payment, cause: Cause) -> None:
        """Note a new payment. A member has at most one PENDING payment: a second one is a Conflict at commit."""
        ...

    async def get(self, id: PaymentId, *, lock: bool = False) -> Payment | None:
        """The payment of an id."""
        ...

    async def of_session(self, session_id: str, payment_id: PaymentId | None) -> Payment | None:
        """The payment of a hosted checkout, locked: by the session that we stored, else by the id that the session carries."""
        ...

    async def of_intent(self, payment_intent_id: str) -> Payment | None:
        """The payment of a charge, locked."""
        ...

    async def unfinished_of(self, user_id: UserId) -> Payment | None:
        """The member's payment whose money may still come, locked; a PENDING one before a PROCESSING one."""
        ...

    def save(self, payment: Payment, cause: Cause) -> None:
        """Note a changed payment that was read in this work. A change of its status leaves an audit row with the cause."""
        ...

    def remark(self, payment: Payment, cause: Cause) -> None:
        """Leave an audit row about a payment whose state does not change, as when somebody asks for its refund."""
        ...


class Subscriptions(Protocol):
    """The subscription of every member."""

    async def of(self, user_id: UserId) -> Subscription:
        """The member's subscription with all its periods; of status NONE for a member who never paid."""
        ...

    def save(self, subscription: Subscription, cause: Cause) -> None:
        """Note a subscription that was read in this work and has other periods. A change of its status leaves an audit row."""
        ...


class Customer(Struct, frozen=True, kw_only=True):
    """How a member is reached and known to the provider.

    email, name, locale: as the token said at the last checkout.
    provider_id: the provider's customer; null until it is made.
    request, attempt, prepared_at: the exact request that makes it, which idempotency key it goes under, and since when (UTC).
    """

    user_id: UserId
    email: str
    name: str
    locale: Locale
    provider_id: str | None = None
    request: PreparedRequest | None = None
    attempt: int = 1
    prepared_at: datetime | None = None

    @property
    def idempotency_key(self) -> str:
        """The key under which the provider makes this customer once."""
        return f"customer:{short_name(self.user_id)}:{self.attempt}"


class Customers(Protocol):
    """The members we have met."""

    async def of(self, user_id: UserId) -> Customer | None:
        """The member's record."""
        ...

    def save(self, customer: Customer) -> None:
        """Note a new or changed record."""
        ...


class Checkouts(Protocol):
    """How far the hosted checkout of each payment has come."""

    async def of(self, payment_id: PaymentId) -> Checkout | None:
        """The checkout of a payment."""
        ...

    def save(self, checkout: Checkout) -> None:
        """Note a new or changed checkout."""
        ...


class Invoices(Protocol):
    """The invoice data of paid payments."""

    async def of(self, payment_id: PaymentId) -> Invoice | None:
        """The invoice data of a payment."""
        ...

    def save(self, invoice: Invoice) -> None:
        """Note new or changed invoice data."""
        ...

    async def next_sequence(self, year: int) -> int:
        """The year's next receipt sequence, from 1. Others wait until this work ends, so that no number is ever skipped."""
        ...


class KnownReturns(Protocol):
    """Every refund and every dispute that we were told of, of payments that we know and of those that we do not know yet."""

    async def of(self, payment_intent_id: str) -> Returns:
        """All that went back from one charge."""
        ...

    def save_refund(self, refund: Refund) -> None:
        """Note a refund: one of its charge was read in this work. A Conflict at commit when another writer was first."""
        ...

    def save_dispute(self, dispute: Dispute) -> None:
        """Note a dispute, in the same way."""
        ...


class EventState(StrEnum):
    """What became of an event."""

    HANDLED = "handled"
    IGNORED = "ignored"
    PARKED = "parked"


class StoredEvent(Struct, frozen=True, kw_only=True):
    """An event as it was kept, and what became of it. The times are UTC.

    body: the bytes that were signed; null where they are no longer kept, or were not asked for.
    """

    id: str
    type: str
    api_version: str | None
    created_at: datetime
    received_at: datetime
    state: EventState
    error: str | None
    body: bytes | None


class Inbox(Protocol):
    """Every event the provider ever delivered, each once."""

    async def first_time(self, event: ProviderEvent) -> bool:
        """Keep an event as handled, with as much of it as is of use. False when it was kept before; waits for a work that just keeps it."""
        ...

    def ignore(self, event_id: str) -> None:
        """Note that an event kept in this work concerned nothing of ours."""
        ...

    async def park(self, event: ProviderEvent, error: str) -> None:
        """Keep an event that could not be handled, and why. An event kept before stays as it is."""
        ...

    async def unknown(self, event_ids: Sequence[str]) -> frozenset[str]:
        """Which of these events were never kept."""
        ...

    async def parked(self, event_id: str) -> StoredEvent | None:
        """A parked event, locked; null when it is unknown or was handled meanwhile."""
        ...

    async def find(self, event_id: str) -> StoredEvent | None:
        """An event whatever became of it, locked; null when it is unknown."""
        ...

    def settle(self, event_id: str, state: EventState, error: str | None = None, *, cause: Cause | None = None) -> None:
        """Note what became of an event that was read in this work. A cause leaves an audit row, even where the state stays."""
        ...


class Mail(Struct, frozen=True, kw_only=True):
    """One letter to a member, worded once, and whether it was sent. The times are UTC.

    in_doubt_since: since then a try may have sent it without our learning of it.
    """

    key: str
    payment_id: PaymentId
    letter: Letter
    written_at: datetime
    in_doubt_since: datetime | None = None
    sent_at: datetime | None = None
    provider_id: str | None = None


class Mails(Protocol):
    """Every letter we wrote."""

    async def of(self, key: str) -> Mail | None:
        """The letter of a key, locked."""
        ...

    def save(self, mail: Mail) -> None:
        """Note a new or changed letter."""
        ...


class Cursors(Protocol):
    """How far something that goes on for ever has come."""

    async def of(self, name: str) -> datetime | None:
        """Up to when it is complete (UTC); null when it never was."""
        ...

    def save(self, name: str, at: datetime) -> None:
        """Note how far it has come, unless it has come further meanwhile."""
        ...


class RefusedCurrencies(Protocol):
    """The currencies that the provider would not charge for this account."""

    async def all(self) -> frozenset[str]:
        """Their codes, in lower case."""
        ...

    def add(self, currency: str, reason: str, at: datetime) -> None:
        """Remember a refusal."""
        ...


class UnitOfWork(Protocol):
    """One transaction over all of it. Leaving without commit() undoes everything. What is saved is sent at commit, all at once:
    Conflict and TryAgain are raised there. After TryAgain the outcome is unknown, and the whole use case is run again.
    """

    @property
    def payments(self) -> Payments: ...
    @property
    def subscriptions(self) -> Subscriptions: ...
    @property
    def customers(self) -> Customers: ...
    @property
    def checkouts(self) -> Checkouts: ...
    @property
    def invoices(self) -> Invoices: ...
    @property
    def returns(self) -> KnownReturns: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def mails(self) -> Mails: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def refused_currencies(self) -> RefusedCurrencies: ...
    @property
    def cursors(self) -> Cursors: ...
    @property
    def installation(self) -> Installation: ...
    @property
    def answers(self) -> Answers: ...

    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    async def foresee(self, events: Sequence[ProviderEvent]) -> None:
        """Read ahead, in as few steps as possible, what handling these events asks for. It would find the same without."""

    async def commit(self) -> None: ...


class BeginWork(Protocol):
    """Begins a unit of work: `async with begin() as work`."""

    def __call__(self) -> UnitOfWork: ...
