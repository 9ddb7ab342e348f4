"""Idempotency keys."""

from datetime import datetime

from advanced_alchemy.base import DefaultBase
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from adapters.postgres.tables.kit import Instant


class IdempotencyKeyRow(DefaultBase):
    """A key that a caller sent: the digest of its request, who may answer it until when, and the answer once there is one."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        UniqueConstraint("user_id", "key", name="uq_idempotency_keys_once"),
        CheckConstraint("length(key) between 1 and 255", name="key_length"),
        CheckConstraint("(status is null) = (body is null) and (status is null) = (headers is null)", name="whole"),
        CheckConstraint("status between 200 and 499 and status <> 429", name="status_kept"),
        Index("ix_idempotency_keys_claimed", "claimed_at"),
        {"postgresql_with": {"autovacuum_vacuum_scale_factor": 0.02}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    user_id: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    lease: Mapped[int] = mapped_column(BigInteger, server_default="1")
    leased_until: Mapped[datetime] = mapped_column(Instant)
    claimed_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    status: Mapped[int | None] = mapped_column(SmallInteger)
    headers: Mapped[str | None] = mapped_column(Text)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
