"""What the use cases need of a payment provider with a hosted checkout, and what it tells us of its own accord."""

from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from msgspec import Struct

from application.ports.installation import InstallationId
from domain.catalogue import PlanId
from domain.member import Locale, Member, UserId
from domain.money import Money
from domain.payment import Figures, PaymentId
from domain.returns import Dispute, Refund, Returns

PreparedRequest = NewType("PreparedRequest", str)
"""The exact body of a request to the provider, opaque to the core: stored before it is sent and sent verbatim at every retry."""


class SessionStatus(StrEnum):
    """Whether the hosted page can still be used."""

    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


class CheckoutOrder(Struct, frozen=True, kw_only=True):
    """What a hosted checkout is to be opened for. `expires_at` is UTC, 35 minutes to 23 hours 55 minutes from now."""

    payment_id: PaymentId
    user_id: UserId
    customer_id: str
    plan: PlanId
    plan_name: str
    amount: Money
    locale: Locale
    expires_at: datetime
    installation: InstallationId | None = None


class Payer(Struct, frozen=True, kw_only=True):
    """Who a hosted checkout was opened for, as we told the provider then. It says so only where one checkout is asked for."""

    customer_id: str | None = None
    email: str | None = None
    name: str | None = None
    locale: Locale | None = None


class CheckoutSession(Struct, frozen=True, kw_only=True):
    """What the provider says of one hosted checkout.

    settled: the money has arrived, or none was due.
    received: the total that the member was charged; 0 when none was due.
    payment_id: our id where only we write one, null when the session is none of ours.
    reference: the same where others write ids of theirs too: it names our payment only if there is one of that id.
    payment_names: every name of a payment that the session carries, readable or not; all of them should be our id.
    user_name: whom the session says it was opened for, null when it does not say.
    plan_name: which plan it says it was opened for, in the same way.
    installation: which installation opened it, in the same way: those before it had an id named none.
    paid_at: when the charge was made (UTC), where the answer tells it. The money of a delayed method arrives later, as its event tells.
    """

    id: str
    status: SessionStatus
    settled: bool
    received: Figures
    expires_at: datetime
    url: str | None = None
    payment_id: PaymentId | None = None
    reference: PaymentId | None = None
    payment_names: tuple[str, ...] = ()
    user_name: str | None = None
    plan_name: str | None = None
    installation: str | None = None
    payer: Payer = Payer()
    payment_intent_id: str | None = None
    invoice_id: str | None = None
    paid_at: datetime | None = None

    @property
    def names_payment(self) -> PaymentId | None:
        """The payment that the session is for, as far as it tells."""
        return self.payment_id or self.reference


class InvoiceDocuments(Struct, frozen=True, kw_only=True):
    """Where the provider's own invoice can be read."""

    hosted_url: str | None
    pdf_url: str | None


class RefundReason(StrEnum):
    """Why money is given back, in the words that the provider keeps with it."""

    DUPLICATE = "duplicate"
    REQUESTED = "requested_by_customer"


class RefundOrder(Struct, frozen=True, kw_only=True):
    """What is to be given back of a charge: `amount_minor` in minor units of the charge's own currency."""

    payment_intent_id: str
    payment_id: PaymentId
    amount_minor: int
    reason: RefundReason
    installation: InstallationId | None = None


class PaymentGateway(Protocol):
    """A payment provider.

    Every call raises ProviderUnavailable when the same call may be tried again, and ProviderRefused when that is of no use.
    Calls that create take an idempotency key: the same key and request give the same object, however often they are sent. Installations
    that share an account have their own keys each, as far as a request names its installation.
    No call is ever made inside a unit of work.
    """

    def prepare_customer(self, member: Member, installation: InstallationId | None = None) -> PreparedRequest:
        """The request that makes the member known to the provider. Pure."""
        ...

    async def create_customer(self, request: PreparedRequest, *, key: str) -> str:
        """Make a customer and return its id."""
        ...

    async def find_customer(self, request: PreparedRequest) -> str | None:
        """The id of the customer that an earlier sending of this request made, where one did, and no other installation's."""
        ...

    def prepare_checkout(self, order: CheckoutOrder) -> PreparedRequest:
        """The request that opens a hosted checkout. Pure."""
        ...

    async def open_checkout(self, request: PreparedRequest, *, key: str) -> CheckoutSession:
        """Open a hosted checkout. A replayed answer may be older than the session is now.

        Raises CurrencyRefused when the account cannot charge the currency, CustomerUnknown when the customer is gone.
        """
        ...

    async def checkout(self, session_id: str) -> CheckoutSession | None:
        """A hosted checkout as it is now; null when the provider knows none of that id."""
        ...

    async def find_checkout(self, payment_id: PaymentId, customer_id: str) -> CheckoutSession | None:
        """The newest hosted checkout that carries our payment id."""
        ...

    async def expire_checkout(self, session_id: str) -> CheckoutSession | None:
        """Close a hosted checkout and return it as it then is: complete instead of expired when the member was faster.

        Null when the provider knows none of that id.
        """
        ...

    async def invoice(self, invoice_id: str) -> InvoiceDocuments:
        """Where the provider's invoice can be read."""
        ...

    async def refund(self, order: RefundOrder, *, key: str) -> Refund:
        """Give money back. A replayed answer may be older than the refund is now."""
        ...

    async def returns_of(self, payment_intent_id: str) -> Returns:
        """All refunds and disputes of one charge as they are now."""
        ...


class CheckoutCompleted(Struct, frozen=True):
    """The member finished a hosted checkout, or its delayed payment has arrived: `session.settled` tells which."""

    session: CheckoutSession


class CheckoutExpired(Struct, frozen=True):
    """A hosted checkout ended unpaid."""

    session: CheckoutSession


class CheckoutFailed(Struct, frozen=True):
    """The delayed method of a finished checkout failed for good."""

    session: CheckoutSession


class RefundTold(Struct, frozen=True):
    """Where a refund stands, and which installation ordered it, where it says so."""

    refund: Refund
    installation: str | None = None


class ChargeRefunded(Struct, frozen=True):
    """Money of a charge went back, `refunded_minor` of it in all (minor units). `refunds` are those that the event itself lists, if any.

    installation: which one the charge was made for, where it says so.
    """

    payment_intent_id: str
    refunded_minor: int
    currency: str
    refunds: tuple[Refund, ...] = ()
    installation: str | None = None


class DisputeTold(Struct, frozen=True):
    """Where a dispute stands."""

    dispute: Dispute


class NothingToDo(Struct, frozen=True):
    """A kind of event that changes nothing of ours.

    of_a_person: it describes a person and no payment, so that no later version will make anything of it either.
    """

    of_a_person: bool = False


class Unreadable(Struct, frozen=True):
    """A kind of event that concerns us, in a shape that cannot be read."""

    reason: str


ProviderFact = (
    CheckoutCompleted
    | CheckoutExpired
    | CheckoutFailed
    | RefundTold
    | ChargeRefunded
    | DisputeTold
    | NothingToDo
    | Unreadable
)


def installation_named_by(fact: ProviderFact) -> str | None:
    """Which installation a fact says it is of; null where it says nothing of that."""
    if isinstance(fact, RefundTold | ChargeRefunded):
        return fact.installation
    session = session_in(fact)
    return session.installation if session is not None else None


def session_in(fact: ProviderFact) -> CheckoutSession | None:
    """The session that a fact tells of; null where it tells of something else."""
    return fact.session if isinstance(fact, CheckoutCompleted | CheckoutExpired | CheckoutFailed) else None


class ProviderEvent(Struct, frozen=True, kw_only=True):
    """One event of the provider: what happened, and the bytes that said so.

    created: when the provider made the event (UTC, whole seconds; says nothing about order).
    """

    id: str
    type: str
    created: datetime
    api_version: str | None
    body: bytes
    fact: ProviderFact

    @property
    def checkout(self) -> CheckoutSession | None:
        """The session that the event tells of, if any."""
        return session_in(self.fact)

    @property
    def body_to_keep(self) -> bytes | None:
        """The bytes, unless they describe a person alone: to erase a member makes the provider tell of them once more."""
        return None if self.fact == NothingToDo(of_a_person=True) else self.body


class Delivery(Struct, frozen=True, kw_only=True):
    """What arrived at the webhook door: the raw body, exactly as received, and the signature header."""

    body: bytes
    signature: str | None


class EventReader(Protocol):
    """Checks and reads what the provider sends."""

    def authentic(self, delivery: Delivery, now: datetime) -> ProviderEvent:
        """The event of a delivery whose signature is good and whose age is at most 300 seconds either way.

        Raises InvalidSignature for any other, InvalidEvent for authentic bytes that are no event of this mode.
        """
        ...

    def read(self, body: bytes) -> ProviderEvent:
        """The event of bytes that were found authentic before. Raises InvalidEvent."""
        ...
