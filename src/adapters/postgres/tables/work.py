"""Events, jobs and the audit."""

from datetime import datetime
from uuid import UUID

from advanced_alchemy.base import DefaultBase
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Sequence,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from adapters.postgres.tables.kit import Instant


class EventRow(DefaultBase):
    """Every event the provider ever delivered, with the bytes that were signed."""

    __tablename__ = "events"
    __table_args__ = (
        CheckConstraint("state in ('handled', 'ignored', 'parked')", name="state_known"),
        CheckConstraint("state <> 'parked' or body is not null", name="parked_with_body"),
        Index("ix_events_parked", "received_at", postgresql_where=text("state = 'parked'")),
        Index("ix_events_received", "received_at", "id"),
        Index("ix_events_with_body", "received_at", postgresql_where=text("state <> 'parked' and body is not null")),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    api_version: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    received_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    state: Mapped[str] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)


job_leases = Sequence("job_leases", metadata=DefaultBase.metadata)


class JobRow(DefaultBase):
    """What must happen after commit. Kind and subject are never used twice, so that nothing is done twice."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("kind", "subject", name="uq_jobs_once"),
        CheckConstraint("state in ('ready', 'leased', 'done', 'dead', 'discarded')", name="state_known"),
        CheckConstraint("(state = 'leased') = (lease is not null)", name="leased"),
        CheckConstraint("(state in ('done', 'dead', 'discarded')) = (finished_at is not null)", name="finished"),
        CheckConstraint("attempts_max > 0 and attempts >= 0", name="counted"),
        Index("ix_jobs_ready", "run_at", "id", postgresql_where=text("state = 'ready'")),
        Index("ix_jobs_leased", "leased_until", postgresql_where=text("state = 'leased'")),
        Index("ix_jobs_dead", "id", postgresql_where=text("state = 'dead'")),
        Index(
            "ix_jobs_retried",
            "finished_at",
            postgresql_where=text("kind = 'retry_event' and state in ('done', 'discarded')"),
        ),
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


class InstallationRow(DefaultBase):
    """Which installation this is: the one row that its migration made."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("singleton", name="singleton"),)

    singleton: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default=text("true"))
    id: Mapped[UUID] = mapped_column(Uuid, server_default=text("gen_random_uuid()"))


class TurnRow(DefaultBase):
    """Which replica has the turn at something, since when, and until when nobody else begins it."""

    __tablename__ = "turns"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    holder: Mapped[UUID] = mapped_column(Uuid)
    taken_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)


class CursorRow(DefaultBase):
    """How far something that goes on for ever has come."""

    __tablename__ = "cursors"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)


class AuditRow(DefaultBase):
    """Every change of state, why, and who or what made it."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_entity", "entity_id", "id"),
        Index("ix_audit_event", "event_id", "id", postgresql_where=text("event_id is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    entity: Mapped[str] = mapped_column(Text)
    entity_id: Mapped[str] = mapped_column(Text)
    from_status: Mapped[str | None] = mapped_column(Text)
    to_status: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    event_id: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
