"""Payments, subscriptions, and what is kept with them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from advanced_alchemy.base import DefaultBase
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from adapters.postgres.tables.kit import Instant
from adapters.postgres.words import one_of
from domain.payment import MOVES, PAID, PAYABLE, UNFINISHED
from domain.returns import OPEN_DISPUTES, OPEN_REFUNDS, DisputeStage, DisputeStatus, RefundStatus
from domain.subscription import SubscriptionStatus


class PaymentRow(DefaultBase):
    """One try of one member to pay one fee."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("char_length(user_id) between 1 and 128", name="user_id_length"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("currency ~ '^[a-z]{3}$'", name="currency_code"),
        CheckConstraint(f"status in ({one_of(MOVES)})", name="status_known"),
        CheckConstraint(
            f"case status when 'REFUNDED' then paid_at is not null or review is not null"
            f" else (status in ({one_of(PAID)})) = (paid_at is not null) end",
            name="dated_when_paid",
        ),
        CheckConstraint("refunded_minor between 0 and amount_minor", name="refunds_within_amount"),
        CheckConstraint(f"dispute in ({one_of(DisputeStatus)})", name="dispute_known"),
        CheckConstraint("status <> 'REVIEW' or review is not null", name="review_keeps_figures"),
        Index("uq_payments_one_payable", "user_id", unique=True, postgresql_where=text(f"status = '{PAYABLE}'")),
        Index("ix_payments_history", "user_id", text("id desc")),
        Index("ix_payments_unfinished", "created_at", postgresql_where=text(f"status in ({one_of(UNFINISHED)})")),
        Index("ix_payments_unfinished_of", "user_id", postgresql_where=text(f"status in ({one_of(UNFINISHED)})")),
        Index("ix_payments_under_review", "created_at", postgresql_where=text("status = 'REVIEW' or duplicate")),
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
    duplicate: Mapped[bool] = mapped_column(server_default=false())
    version: Mapped[int] = mapped_column(Integer)


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
    __table_args__ = (Index("ix_customers_unmade", "prepared_at", postgresql_where=text("provider_id is null")),)

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
        CheckConstraint("ends_at >= starts_at", name="forward"),
        CheckConstraint("ends_at > starts_at or taken_back_at is not null", name="empty_when_taken_back"),
    )

    user_id: Mapped[str] = mapped_column(ForeignKey("subscriptions.user_id"), primary_key=True)
    n: Mapped[int] = mapped_column(Integer, primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), unique=True)
    bought_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    taken_back_at: Mapped[datetime | None] = mapped_column(Instant)
    previous_n: Mapped[int | None] = mapped_column(Integer)
    previous_ends_at: Mapped[datetime | None] = mapped_column(Instant)


class RefundRow(DefaultBase):
    """A refund at the provider, of a payment that is known or not (yet): the charge is all that it names."""

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount_counted"),
        CheckConstraint(f"status in ({one_of(RefundStatus)})", name="status_known"),
        Index("ix_refunds_open", "created_at", "id", postgresql_where=text(f"status in ({one_of(OPEN_REFUNDS)})")),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    payment_intent_id: Mapped[str] = mapped_column(Text, index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer)


class DisputeRow(DefaultBase):
    """A dispute at the provider, kept in the same way."""

    __tablename__ = "disputes"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount_counted"),
        CheckConstraint(f"stage in ({one_of(DisputeStage)})", name="stage_known"),
        CheckConstraint("stage <> 'lost' or lost_at is not null", name="dated_when_lost"),
        Index("ix_disputes_open", "created_at", "id", postgresql_where=text(f"stage in ({one_of(OPEN_DISPUTES)})")),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    payment_intent_id: Mapped[str] = mapped_column(Text, index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    stage: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    lost_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer)


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


class RefusedCurrencyRow(DefaultBase):
    """A currency that the provider would not charge for this account."""

    __tablename__ = "refused_currencies"

    currency: Mapped[str] = mapped_column(Text, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    refused_at: Mapped[datetime] = mapped_column(Instant)
