"""The tables and the rules that the database itself keeps. Only this package knows that they exist."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from advanced_alchemy.base import DefaultBase
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.payment import MOVES, PAID, PAYABLE, UNFINISHED, DisputeStatus
from domain.subscription import SubscriptionStatus

Instant: Final = DateTime(timezone=True)


def one_of(words: object) -> str:
    """The words of an enumeration as a SQL list, in a fixed order."""
    return ", ".join(f"'{word}'" for word in sorted(words))  # type: ignore[call-overload] # any iterable of strings


class PaymentRow(DefaultBase):
    """One try of one member to pay one fee."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("char_length(user_id) between 1 and 128", name="user_id_length"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("currency ~ '^[a-z]{3}$'", name="currency_code"),
        CheckConstraint(f"status in ({one_of(MOVES)})", name="status_known"),
        CheckConstraint(f"(status in ({one_of(PAID)})) = (paid_at is not null)", name="dated_when_paid"),
        CheckConstraint("refunded_minor between 0 and amount_minor", name="refunds_within_amount"),
        CheckConstraint(f"dispute in ({one_of(DisputeStatus)})", name="dispute_known"),
        CheckConstraint("status <> 'REVIEW' or review is not null", name="review_keeps_figures"),
        Index("uq_payments_one_payable", "user_id", unique=True, postgresql_where=text(f"status = '{PAYABLE}'")),
        Index("ix_payments_history", "user_id", text("id desc")),
        Index("ix_payments_unfinished", "created_at", postgresql_where=text(f"status in ({one_of(UNFINISHED)})")),
        {"postgresql_with": {"fillfactor": 85}},
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    user_id: Mapped[str] = mapped_column(Text)
    user_type: Mapped[str] = mapped_column(Text)
    plan: Mapped[str] = mapped_column(Text)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    renewal: Mapped[bool] = mapped_column()
    status: Mapped[str] = mapped_column(Text)
    checkout_session_id: Mapped[str | None] = mapped_column(Text, unique=True)
    payment_intent_id: Mapped[str | None] = mapped_column(Text, unique=True)
    paid_at: Mapped[datetime | None] = mapped_column(Instant)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)
    dispute: Mapped[str | None] = mapped_column(Text)
    review: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # Any: what a JSON column holds
    version: Mapped[int] = mapped_column(Integer)

    invoice: Mapped["InvoiceRow | None"] = relationship(lazy="raise", viewonly=True)


class CheckoutRow(DefaultBase):
    """How far the hosted checkout of a payment has come."""

    __tablename__ = "checkouts"
    __table_args__ = (CheckConstraint("attempt >= 1 and failures >= 0", name="counted"),)

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(Integer)
    request: Mapped[str | None] = mapped_column(Text)
    prepared_at: Mapped[datetime | None] = mapped_column(Instant)
    claimed_until: Mapped[datetime | None] = mapped_column(Instant)
    failures: Mapped[int] = mapped_column(Integer)
    url: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    open_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer)


class CustomerRow(DefaultBase):
    """How a member is reached and known to the provider."""

    __tablename__ = "customers"

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[str | None] = mapped_column(Text, unique=True)
    request: Mapped[str | None] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(Integer)
    prepared_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer)


class SubscriptionRow(DefaultBase):
    """The word last written down about a member's subscription. A member who never paid has no row."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        CheckConstraint(
            f"status in ({one_of(set(SubscriptionStatus) - {SubscriptionStatus.NONE})})", name="status_known"
        ),
    )

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    user_type: Mapped[str] = mapped_column(Text)
    plan: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)


class PeriodRow(DefaultBase):
    """One paid year of a member.

    Periods cannot overlap: each names the end of the one before it, the foreign key holds it to that, and it starts no earlier.
    Plain keys do what an exclusion constraint would, on every Postgres and at a lower price.
    """

    __tablename__ = "periods"
    __table_args__ = (
        UniqueConstraint("user_id", "n", "ends_at", name="uq_periods_end"),
        ForeignKeyConstraint(
            ["user_id", "previous_n", "previous_ends_at"],
            ["periods.user_id", "periods.n", "periods.ends_at"],
            name="fk_periods_previous",
            onupdate="CASCADE",
        ),
        CheckConstraint("n >= 1 and (n = 1) = (previous_n is null)", name="counted"),
        CheckConstraint("previous_n = n - 1", name="chained"),
        CheckConstraint("(previous_n is null) = (previous_ends_at is null)", name="chained_to_an_end"),
        CheckConstraint("starts_at >= previous_ends_at", name="no_overlap"),
        CheckConstraint("ends_at > starts_at", name="forward"),
    )

    user_id: Mapped[str] = mapped_column(ForeignKey("subscriptions.user_id"), primary_key=True)
    n: Mapped[int] = mapped_column(Integer, primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), unique=True)
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    previous_n: Mapped[int | None] = mapped_column(Integer)
    previous_ends_at: Mapped[datetime | None] = mapped_column(Instant)


class InvoiceRow(DefaultBase):
    """The invoice data of a paid payment."""

    __tablename__ = "invoices"
    __table_args__ = (
        CheckConstraint("number ~ '^[0-9]{4}-[0-9]{6,}$'", name="number_form"),
        CheckConstraint("(number is null) = (issued_at is null)", name="dated_when_numbered"),
    )

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    number: Mapped[str | None] = mapped_column(Text, unique=True)
    issued_at: Mapped[datetime | None] = mapped_column(Instant)
    stripe_invoice_id: Mapped[str | None] = mapped_column(Text)
    hosted_url: Mapped[str | None] = mapped_column(Text)
    pdf_url: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)


class ReceiptCounterRow(DefaultBase):
    """The last receipt sequence of a year. Taken and released with the receipt's own transaction, so that none is skipped."""

    __tablename__ = "receipt_counters"

    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(Integer)


class EventRow(DefaultBase):
    """Every event the provider ever delivered, with the bytes that were signed."""

    __tablename__ = "events"
    __table_args__ = (
        CheckConstraint("state in ('handled', 'ignored', 'parked')", name="state_known"),
        Index("ix_events_parked", "received_at", postgresql_where=text("state = 'parked'")),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    api_version: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    received_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    state: Mapped[str] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class MailRow(DefaultBase):
    """Every letter, worded once, and whether it was sent."""

    __tablename__ = "mails"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), index=True)
    recipient: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    plain: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime] = mapped_column(Instant)
    in_doubt_since: Mapped[datetime | None] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    provider_id: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)


job_leases = Sequence("job_leases", metadata=DefaultBase.metadata)


class JobRow(DefaultBase):
    """What must happen after commit. Kind and subject are never used twice, so that nothing is done twice."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("kind", "subject", name="uq_jobs_once"),
        CheckConstraint("state in ('ready', 'leased', 'done', 'dead')", name="state_known"),
        CheckConstraint("(state = 'leased') = (lease is not null)", name="leased"),
        CheckConstraint("(state in ('done', 'dead')) = (finished_at is not null)", name="finished"),
        CheckConstraint("attempts_max > 0 and attempts >= 0", name="counted"),
        Index("ix_jobs_ready", "run_at", "id", postgresql_where=text("state = 'ready'")),
        Index("ix_jobs_leased", "leased_until", postgresql_where=text("state = 'leased'")),
        {"postgresql_with": {"fillfactor": 80, "autovacuum_vacuum_scale_factor": 0.02}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="ready")
    run_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    attempts_max: Mapped[int] = mapped_column(Integer)
    lease: Mapped[int | None] = mapped_column(BigInteger)
    leased_until: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class AuditRow(DefaultBase):
    """Every change of state, why, and who or what made it."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_entity", "entity_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    entity: Mapped[str] = mapped_column(Text)
    entity_id: Mapped[str] = mapped_column(Text)
    from_status: Mapped[str | None] = mapped_column(Text)
    to_status: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    event_id: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())


class RefusedCurrencyRow(DefaultBase):
    """A currency that the provider would not charge for this account."""

    __tablename__ = "refused_currencies"

    currency: Mapped[str] = mapped_column(Text, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    refused_at: Mapped[datetime] = mapped_column(Instant)


metadata = DefaultBase.metadata
