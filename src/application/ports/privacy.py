"""What a member may ask for by law: all that is kept about them, and that it no longer names them."""

from collections.abc import Callable
from typing import Final, Protocol

from msgspec import Struct

from application.ports.gateway import PreparedRequest
from application.ports.jobs import JobRecord, JobState
from application.ports.reads import AuditRecord, PaymentRecord
from application.ports.store import Customer, EventState, Mail, StoredEvent
from domain.audit import Cause
from domain.member import UserId
from domain.returns import Dispute, Refund
from domain.subscription import Subscription

ENDED: Final = frozenset({JobState.DONE, JobState.DISCARDED})
"""The states of a job that nobody will ever take up again by themselves."""


class MemberData(Struct, frozen=True, kw_only=True):
    """All that is kept about one member.

    jobs: the work about their payments and events. events: those that name one of their ids at the provider, with their bodies.
    audit: what happened to their payments and their subscription, and what was done with their data. Each oldest first.
    """

    user_id: UserId
    customer: Customer | None
    subscription: Subscription
    payments: tuple[PaymentRecord, ...] = ()
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    mails: tuple[Mail, ...] = ()
    jobs: tuple[JobRecord, ...] = ()
    events: tuple[StoredEvent, ...] = ()
    audit: tuple[AuditRecord, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether we know nothing of the member."""
        return self.customer is None and not self.payments and not self.audit

    @property
    def names(self) -> list[str]:
        """The ids under which the provider knows the member, their checkouts and their money: what its events name."""
        payments = [one.payment for one in self.payments]
        found = [str(payment.id) for payment in payments]
        found += [payment.checkout_session_id for payment in payments if payment.checkout_session_id is not None]
        found += [payment.payment_intent_id for payment in payments if payment.payment_intent_id is not None]
        if self.customer is not None and self.customer.provider_id is not None:
            found.append(self.customer.provider_id)
        return [*found, *(one.id for one in self.refunds), *(one.id for one in self.disputes)]

    @property
    def unfinished_jobs(self) -> list[JobRecord]:
        """The work that a worker or an operator has still to do."""
        return [job for job in self.jobs if job.state not in ENDED]

    @property
    def parked_events(self) -> list[StoredEvent]:
        """The events that are still to be applied."""
        return [event for event in self.events if event.state is EventState.PARKED]


class Erasure(Struct, frozen=True, kw_only=True):
    """What an erasure did. pseudonym: under which payments and receipts stay; null where nothing was kept about the member."""

    pseudonym: UserId | None = None
    payments: int = 0
    mails: int = 0
    events: int = 0


Judge = Callable[[MemberData], None]
"""Raises a DomainError for data that may not be erased now."""


class Members(Protocol):
    """Members as the subjects of their data."""

    async def known(self, user_id: UserId) -> MemberData:
        """All that is kept about a member, in one snapshot."""
        ...

    async def exported(self, user_id: UserId, cause: Cause) -> None:
        """Leave an audit row: somebody was given a copy."""
        ...

    async def erase(self, user_id: UserId, pseudonym: UserId, *, cause: Cause, judge: Judge) -> Erasure:
        """Put a pseudonym in the place of the member and drop what describes them, in one transaction that leaves an audit row.

        judge: asked about the data once nobody else can change its payments.
        """
        ...


class ProviderCustomers(Protocol):
    """The provider's own records of members. Raises ProviderUnavailable and ProviderRefused as the gateway does."""

    async def find(self, request: PreparedRequest) -> str | None:
        """The id of the customer that an earlier sending of this request made, where one did."""
        ...

    async def delete(self, customer_id: str) -> None:
        """Delete a customer for good; nothing happens where it is gone already."""
        ...
