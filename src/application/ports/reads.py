"""What is read without any intent to change it."""

from collections.abc import Collection
from datetime import datetime
from typing import Final, Protocol, runtime_checkable

from msgspec import Struct

from application.ports.jobs import JobKind, JobRecord, JobState
from application.ports.store import Customer, EventState, StoredEvent
from domain.invoice import Invoice
from domain.member import UserId
from domain.payment import Payment, PaymentId, PaymentStatus
from domain.returns import Dispute, Refund
from domain.subscription import Subscription


class PaymentRecord(Struct, frozen=True, kw_only=True):
    """A payment as the billing history shows it. `invoice` is null until it is paid."""

    payment: Payment
    invoice: Invoice | None


class WantedPayments(Struct, frozen=True, kw_only=True):
    """Which payments are looked for. Created from one instant (UTC) on and before another; null leaves open."""

    status: PaymentStatus | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None


EVERY_PAYMENT: Final = WantedPayments()


class BillingHistory(Protocol):
    """A member's payments, newest first."""

    async def page(
        self,
        user_id: UserId,
        *,
        limit: int,
        wanted: WantedPayments = EVERY_PAYMENT,
        before: PaymentId | None = None,
        after: PaymentId | None = None,
    ) -> list[PaymentRecord]:
        """Up to `limit` payments of the member, newest first: the newest of those older than `before`, or the oldest of those newer
        than `after`, which follow it without a gap."""
        ...

    async def one(self, user_id: UserId, payment_id: PaymentId) -> PaymentRecord | None:
        """One payment of the member; null when it is unknown or somebody else's."""
        ...


class Unfinished(Protocol):
    """What was begun and has not ended: payments of all members whose money may still come, and customers without an id."""

    async def page(self, *, after: Payment | None, limit: int) -> list[Payment]:
        """Up to `limit` of them, oldest first, that were begun after `after`."""
        ...

    async def customers(self, *, since: datetime, until: datetime) -> list[Customer]:
        """The members whose customer at the provider was prepared between two instants (UTC) and has no id yet; at most 1000."""
        ...


class OpenReturns(Protocol):
    """Refunds and disputes of payments that are known, whose end nobody has told yet."""

    async def page(self, *, made_until: datetime, after: Refund | Dispute | None, limit: int) -> list[Refund | Dispute]:
        """Up to `limit` of them that were made until an instant (UTC) and after `after`, oldest first."""
        ...


class ReturnedCharges(Protocol):
    """The charges of which anything ever went back, or was to, whether or not a payment of theirs is known."""

    async def page(self, *, after: str | None, limit: int) -> list[str]:
        """The ids of up to `limit` of them after `after`, each once, in one fixed order."""
        ...


class UnderReview(Protocol):
    """The payments of all members that wait for an operator's decision."""

    async def all(self) -> list[Payment]:
        """Those whose money does not match, and the duplicates whose money did not go back; oldest first, at most 1000.

        What a bank has taken back is none of them any more.
        """
        ...


class KeptEvent(Struct, frozen=True, kw_only=True):
    """An event and the job that tries it again; null where it never had to be tried again, or the job is forgotten."""

    event: StoredEvent
    retry: JobRecord | None

    @property
    def dead(self) -> bool:
        """Whether it is parked and its tries are used up."""
        given_up = self.retry is not None and self.retry.state is JobState.DEAD
        return given_up and self.event.state is EventState.PARKED


class WantedEvents(Struct, frozen=True, kw_only=True):
    """Which events: those of a state (`dead`: of the parked ones those whose tries are used up), of a type, received since (UTC)."""

    state: EventState | None = None
    dead: bool = False
    type: str | None = None
    since: datetime | None = None


class AuditRecord(Struct, frozen=True, kw_only=True):
    """One change of state, as the audit has it. `at` is UTC."""

    at: datetime
    entity: str
    entity_id: str
    from_status: str | None
    to_status: str
    why: str
    actor: str


class KeptEvents(Protocol):
    """The events of the provider, for operators."""

    async def page(self, wanted: WantedEvents, *, limit: int, before: StoredEvent | None = None) -> list[KeptEvent]:
        """Up to `limit` of them without their bodies, last received first, received before `before`."""
        ...

    async def one(self, event_id: str) -> KeptEvent | None:
        """The event of an id, with its body where that is still kept."""
        ...

    async def caused(self, event_id: str) -> list[AuditRecord]:
        """What the event changed, and what was done with it, oldest first."""
        ...


class KnownJobs(Protocol):
    """The jobs, for operators."""

    async def page(
        self, state: JobState, *, kind: JobKind | None = None, limit: int, before: int | None = None
    ) -> list[JobRecord]:
        """Up to `limit` jobs of a state and a kind, newest first, with an id below `before`."""
        ...

    async def one(self, job_id: int) -> JobRecord | None:
        """The job of an id."""
        ...


class Entitlements(Protocol):
    """What members have paid for: the read behind every access check."""

    async def of(self, user_id: UserId) -> Subscription:
        """The member's subscription; of status NONE for a member who never paid."""
        ...

    async def of_all(self, user_ids: Collection[UserId]) -> dict[UserId, Subscription]:
        """The same for many members, read at one moment; nothing stands there for a member who never paid."""
        ...


class Violation(Struct, frozen=True):
    """One thing that breaks an invariant: its id, and what was found there."""

    id: str
    found: str


class Moment(Struct, frozen=True, kw_only=True):
    """One thing that happened to a payment. `what` is its kind, such as `event` or `mail`; `id` is its own, where it has one."""

    at: datetime
    what: str
    id: str | None
    says: str


class PaymentStory(Struct, frozen=True, kw_only=True):
    """A payment and all that happened to it, in the order of time."""

    payment: Payment
    moments: list[Moment]


class Stories(Protocol):
    """What happened, for operators."""

    async def about(self, word: str, *, limit: int) -> list[PaymentStory]:
        """The stories of up to `limit` payments, newest first, that an id, an e-mail address or a receipt's number belongs to."""
        ...


class BrokenInvariant(Struct, frozen=True, kw_only=True):
    """An invariant that does not hold: what it says, how much breaks it, and the first few of that."""

    name: str
    says: str
    count: int
    shown: tuple[Violation, ...]


class Inspection(Struct, frozen=True, kw_only=True):
    """What was checked, by name, and what of it does not hold."""

    checked: tuple[str, ...]
    broken: tuple[BrokenInvariant, ...]


class Invariants(Protocol):
    """What must be true of everything that is stored, whatever happened to the processes that stored it."""

    async def inspect(self, *, settled: bool) -> Inspection:
        """Check all of it in one snapshot, without changing anything; `settled` adds what is true only when no work is left.

        Raises TryAgain when the store is away or cannot answer in time.
        """
        ...


@runtime_checkable
class Readiness(Protocol):
    """Whether the store can be worked with. Checkable at run time, since a door is given the port itself."""

    async def problem(self) -> str | None:
        """What is wrong with the store, in one sentence; null when it is reachable and its schema is the one we need."""
        ...
