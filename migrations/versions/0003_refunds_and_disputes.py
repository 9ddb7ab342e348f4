"""Refunds and disputes as facts, duplicates, and years that can be taken back.

Older replicas go on: new columns have defaults, and a year that they add counts as bought when its row is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("payment_intent_id", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_refunds_amount_counted")),
        sa.CheckConstraint(
            "status in ('canceled', 'failed', 'pending', 'requires_action', 'succeeded')",
            name=op.f("ck_refunds_status_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    op.create_index(op.f("ix_refunds_payment_intent_id"), "refunds", ["payment_intent_id"], unique=False)
    op.create_table(
        "disputes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("payment_intent_id", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_disputes_amount_counted")),
        sa.CheckConstraint(
            "stage in ('appealed', 'inquiry', 'inquiry_closed', 'lost', 'open', 'prevented', 'won')",
            name=op.f("ck_disputes_stage_known"),
        ),
        sa.CheckConstraint("stage <> 'lost' or lost_at is not null", name=op.f("ck_disputes_dated_when_lost")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    op.create_index(op.f("ix_disputes_payment_intent_id"), "disputes", ["payment_intent_id"], unique=False)

    op.create_table(
        "cursors",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cursors")),
    )

    op.create_index(
        "ix_customers_unmade",
        "customers",
        ["prepared_at"],
        unique=False,
        postgresql_where=sa.text("provider_id is null"),
    )

    op.add_column("payments", sa.Column("duplicate", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.drop_constraint(op.f("ck_payments_dated_when_paid"), "payments")
    op.create_check_constraint(
        op.f("ck_payments_dated_when_paid"),
        "payments",
        "case status when 'REFUNDED' then paid_at is not null or review is not null"
        " else (status in ('PARTIALLY_REFUNDED', 'SUCCEEDED')) = (paid_at is not null) end",
    )
    op.create_index(
        "ix_payments_under_review",
        "payments",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'REVIEW' or duplicate"),
    )

    op.add_column("periods", sa.Column("bought_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("periods", sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("update periods set bought_at = payments.paid_at from payments where payments.id = periods.payment_id")
    op.alter_column("periods", "bought_at", nullable=False, server_default=sa.text("now()"))
    op.drop_constraint(op.f("ck_periods_forward"), "periods")
    op.create_check_constraint(op.f("ck_periods_forward"), "periods", "ends_at >= starts_at")
    op.create_check_constraint(
        op.f("ck_periods_empty_when_taken_back"), "periods", "ends_at > starts_at or taken_back_at is not null"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_periods_empty_when_taken_back"), "periods")
    op.drop_constraint(op.f("ck_periods_forward"), "periods")
    op.create_check_constraint(op.f("ck_periods_forward"), "periods", "ends_at > starts_at")
    op.drop_column("periods", "taken_back_at")
    op.drop_column("periods", "bought_at")
    op.drop_index("ix_payments_under_review", table_name="payments")
    op.drop_constraint(op.f("ck_payments_dated_when_paid"), "payments")
    op.create_check_constraint(
        op.f("ck_payments_dated_when_paid"),
        "payments",
        "(status in ('PARTIALLY_REFUNDED', 'REFUNDED', 'SUCCEEDED')) = (paid_at is not null)",
    )
    op.drop_column("payments", "duplicate")
    op.drop_index("ix_customers_unmade", table_name="customers")
    op.drop_table("cursors")
    op.drop_table("disputes")
    op.drop_table("refunds")
