"""All that is kept about one member, as the API and the command line give it to them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from application.erase_member import REASON_LENGTH_MAX
from application.ports.jobs import JobKind, JobState
from application.ports.privacy import Erasure, MemberData
from application.ports.reads import AuditRecord
from application.ports.store import EventState, Mail, StoredEvent
from domain.member import Locale, UserType
from domain.returns import Dispute, Refund
from domain.subscription import Period, SubscriptionStatus
from entrypoints.http.bodies import PRINTABLE_LINE, Amount, Currency, Instant, PaymentBody, instant, maybe_instant


class ContactBody(Struct, frozen=True, kw_only=True):
    """How the member is reached and known to Stripe."""

    email: str
    name: str
    locale: Locale
    stripe_customer_id: str | None


class PeriodBody(Struct, frozen=True, kw_only=True):
    """One paid year."""

    payment_id: UUID
    bought_at: Instant
    starts_at: Instant
    ends_at: Instant
    taken_back_at: Instant | None

    @classmethod
    def of(cls, period: Period) -> "PeriodBody":
        return cls(
            payment_id=period.payment_id,
            bought_at=instant(period.bought_at),
            starts_at=instant(period.starts_at),
            ends_at=instant(period.ends_at),
            taken_back_at=maybe_instant(period.taken_back_at),
        )


class ReturnBody(Struct, frozen=True, kw_only=True):
    """A refund or a dispute, as Stripe told of it."""

    id: str
    payment_intent_id: str
    amount: Amount
    currency: Currency
    status: str
    created_at: Instant

    @classmethod
    def of(cls, one: Refund | Dispute) -> "ReturnBody":
        return cls(
            id=one.id,
            payment_intent_id=one.payment_intent_id,
            amount=one.amount_minor,
            currency=one.currency,
            status=(one.status if isinstance(one, Refund) else one.stage).value,
            created_at=instant(one.created_at),
        )


class MailBody(Struct, frozen=True, kw_only=True):
    """A letter, and whether it was sent."""

    payment_id: UUID
    to: str
    subject: str
    text: str
    written_at: Instant
    sent_at: Instant | None

    @classmethod
    def of(cls, mail: Mail) -> "MailBody":
        return cls(
            payment_id=mail.payment_id,
            to=mail.letter.to,
            subject=mail.letter.subject,
            text=mail.letter.text,
            written_at=instant(mail.written_at),
            sent_at=maybe_instant(mail.sent_at),
        )


class EventBody(Struct, frozen=True, kw_only=True):
    """An event of Stripe's, with what it said in it, as text, while that is kept."""

    id: str
    type: str
    received_at: Instant
    state: EventState
    body: str | None

    @classmethod
    def of(cls, event: StoredEvent) -> "EventBody":
        body = event.body.decode("utf-8", errors="replace") if event.body is not None else None
        return cls(id=event.id, type=event.type, received_at=instant(event.received_at), state=event.state, body=body)


class WorkBody(Struct, frozen=True, kw_only=True):
    """Work that was noted for the member's payments."""

    id: int
    kind: JobKind
    subject: str
    state: JobState
    last_error: str | None


class AuditBody(Struct, frozen=True, kw_only=True):
    """A change, why it was made and by whom."""

    at: Instant
    entity: str
    entity_id: str
    from_status: str | None
    to_status: str
    why: str
    actor: str

    @classmethod
    def of(cls, row: AuditRecord) -> "AuditBody":
        return cls(
            at=instant(row.at),
            entity=row.entity,
            entity_id=row.entity_id,
            from_status=row.from_status,
            to_status=row.to_status,
            why=row.why,
            actor=row.actor,
        )


class MemberDataBody(Struct, frozen=True, kw_only=True):
    """The copy that a member is given. Lists begin with the oldest."""

    object: Literal["member_data"] = "member_data"
    user_id: str
    exported_at: Instant
    contact: ContactBody | None
    user_type: UserType | None
    subscription_status: SubscriptionStatus
    periods: list[PeriodBody]
    payments: list[PaymentBody]
    refunds: list[ReturnBody]
    disputes: list[ReturnBody]
    mails: list[MailBody]
    events: list[EventBody]
    jobs: list[WorkBody]
    audit: list[AuditBody]

    @classmethod
    def of(cls, data: MemberData, at: datetime) -> "MemberDataBody":
        customer = data.customer
        return cls(
            user_id=data.user_id,
            exported_at=instant(at),
            contact=ContactBody(
                email=customer.email,
                name=customer.name,
                locale=customer.locale,
                stripe_customer_id=customer.provider_id,
            )
            if customer is not None
            else None,
            user_type=data.subscription.user_type,
            subscription_status=data.subscription.status_at(at),
            periods=[PeriodBody.of(one) for one in data.subscription.periods],
            payments=[PaymentBody.of(one) for one in data.payments],
            refunds=[ReturnBody.of(one) for one in data.refunds],
            disputes=[ReturnBody.of(one) for one in data.disputes],
            mails=[MailBody.of(one) for one in data.mails],
            events=[EventBody.of(one) for one in data.events],
            jobs=[
                WorkBody(id=job.id, kind=job.kind, subject=job.subject, state=job.state, last_error=job.last_error)
                for job in data.jobs
            ],
            audit=[AuditBody.of(one) for one in data.audit],
        )


Reason = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=REASON_LENGTH_MAX,
        pattern=PRINTABLE_LINE,
        description="Why, in a few words without a name: the audit keeps it",
    ),
]


class EraseBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an erasure is ordered with. `forfeit_access`: paid time that is left may be lost."""

    reason: Reason
    forfeit_access: bool = False


class ErasureBody(Struct, frozen=True, kw_only=True):
    """What an erasure did. `pseudonym`: under which payments and receipts stay; null where nothing was kept about the user."""

    object: Literal["erasure"] = "erasure"
    pseudonym: str | None
    payments: int
    mails: int
    events: int

    @classmethod
    def of(cls, erasure: Erasure) -> "ErasureBody":
        return cls(pseudonym=erasure.pseudonym, payments=erasure.payments, mails=erasure.mails, events=erasure.events)
