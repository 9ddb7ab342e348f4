"""Payments, subscriptions, and all that is kept with them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("job_leases")))
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=True),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_entity", "audit", ["entity_id", "id"], unique=False)
    op.create_table(
        "customers",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("request", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_customers")),
        sa.UniqueConstraint("provider_id", name=op.f("uq_customers_provider_id")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("api_version", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("state in ('handled', 'ignored', 'parked')", name=op.f("ck_events_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(
        "ix_events_parked", "events", ["received_at"], unique=False, postgresql_where=sa.text("state = 'parked'")
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="ready", nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts_max", sa.Integer(), nullable=False),
        sa.Column("lease", sa.BigInteger(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'leased') = (lease is not null)", name=op.f("ck_jobs_leased")),
        sa.CheckConstraint("(state in ('done', 'dead')) = (finished_at is not null)", name=op.f("ck_jobs_finished")),
        sa.CheckConstraint("state in ('ready', 'leased', 'done', 'dead')", name=op.f("ck_jobs_state_known")),
        sa.CheckConstraint("attempts_max > 0 and attempts >= 0", name=op.f("ck_jobs_counted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("kind", "subject", name="uq_jobs_once"),
        postgresql_with={"fillfactor": 80, "autovacuum_vacuum_scale_factor": 0.02},
    )
    op.create_index(
        "ix_jobs_leased", "jobs", ["leased_until"], unique=False, postgresql_where=sa.text("state = 'leased'")
    )
    op.create_index(
        "ix_jobs_ready", "jobs", ["run_at", "id"], unique=False, postgresql_where=sa.text("state = 'ready'")
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("user_type", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("renewal", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("checkout_session_id", sa.Text(), nullable=True),
        sa.Column("payment_intent_id", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("dispute", sa.Text(), nullable=True),
        sa.Column("review", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status in ('PARTIALLY_REFUNDED', 'REFUNDED', 'SUCCEEDED')) = (paid_at is not null)",
            name=op.f("ck_payments_dated_when_paid"),
        ),
        sa.CheckConstraint("currency ~ '^[a-z]{3}$'", name=op.f("ck_payments_currency_code")),
        sa.CheckConstraint("dispute in ('LOST', 'OPEN', 'WON')", name=op.f("ck_payments_dispute_known")),
        sa.CheckConstraint("status <> 'REVIEW' or review is not null", name=op.f("ck_payments_review_keeps_figures")),
        sa.CheckConstraint(
            "status in ('CANCELLED', 'EXPIRED', 'FAILED', 'PARTIALLY_REFUNDED', 'PENDING', 'PROCESSING', 'REFUNDED', 'REVIEW', 'SUCCEEDED')",
            name=op.f("ck_payments_status_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payments_amount_positive")),
        sa.CheckConstraint("char_length(user_id) between 1 and 128", name=op.f("ck_payments_user_id_length")),
        sa.CheckConstraint("refunded_minor between 0 and amount_minor", name=op.f("ck_payments_refunds_within_amount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("checkout_session_id", name=op.f("uq_payments_checkout_session_id")),
        sa.UniqueConstraint("payment_intent_id", name=op.f("uq_payments_payment_intent_id")),
        postgresql_with={"fillfactor": 85},
    )
    op.create_index("ix_payments_history", "payments", ["user_id", sa.literal_column("id desc")], unique=False)
    op.create_index(
        "ix_payments_unfinished",
        "payments",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status in ('PENDING', 'PROCESSING')"),
    )
    op.create_index(
        "uq_payments_one_payable", "payments", ["user_id"], unique=True, postgresql_where=sa.text("status = 'PENDING'")
    )
    op.create_table(
        "receipt_counters",
        sa.Column("year", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_receipt_counters")),
    )
    op.create_table(
        "refused_currencies",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("currency", name=op.f("pk_refused_currencies")),
    )
    op.create_table(
        "subscriptions",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("user_type", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("status in ('ACTIVE', 'CANCELLED', 'EXPIRED')", name=op.f("ck_subscriptions_status_known")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_subscriptions")),
    )
    op.create_table(
        "checkouts",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("request", sa.Text(), nullable=True),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("attempt >= 1 and failures >= 0", name=op.f("ck_checkouts_counted")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_checkouts_payment_id_payments")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_checkouts")),
    )
    op.create_table(
        "invoices",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stripe_invoice_id", sa.Text(), nullable=True),
        sa.Column("hosted_url", sa.Text(), nullable=True),
        sa.Column("pdf_url", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("number ~ '^[0-9]{4}-[0-9]{6,}$'", name=op.f("ck_invoices_number_form")),
        sa.CheckConstraint("(number is null) = (issued_at is null)", name=op.f("ck_invoices_dated_when_numbered")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_invoices_payment_id_payments")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
    )
    op.create_table(
        "mails",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("plain", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("in_doubt_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_mails_payment_id_payments")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_mails")),
    )
    op.create_index(op.f("ix_mails_payment_id"), "mails", ["payment_id"], unique=False)
    op.create_table(
        "periods",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_n", sa.Integer(), nullable=True),
        sa.Column("previous_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(previous_n is null) = (previous_ends_at is null)", name=op.f("ck_periods_chained_to_an_end")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_periods_forward")),
        sa.CheckConstraint("n >= 1 and (n = 1) = (previous_n is null)", name=op.f("ck_periods_counted")),
        sa.CheckConstraint("previous_n = n - 1", name=op.f("ck_periods_chained")),
        sa.CheckConstraint("starts_at >= previous_ends_at", name=op.f("ck_periods_no_overlap")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_periods_payment_id_payments")),
        sa.ForeignKeyConstraint(
            ["user_id", "previous_n", "previous_ends_at"],
            ["periods.user_id", "periods.n", "periods.ends_at"],
            name="fk_periods_previous",
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["subscriptions.user_id"], name=op.f("fk_periods_user_id_subscriptions")),
        sa.PrimaryKeyConstraint("user_id", "n", name=op.f("pk_periods")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_periods_payment_id")),
        sa.UniqueConstraint("user_id", "n", "ends_at", name="uq_periods_end"),
    )

    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit is append-only';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_is_append_only ON audit")
    op.execute("DROP FUNCTION refuse_change()")
    op.drop_table("periods")
    op.drop_index(op.f("ix_mails_payment_id"), table_name="mails")
    op.drop_table("mails")
    op.drop_table("invoices")
    op.drop_table("checkouts")
    op.drop_table("subscriptions")
    op.drop_table("refused_currencies")
    op.drop_table("receipt_counters")
    op.drop_index("uq_payments_one_payable", table_name="payments", postgresql_where=sa.text("status = 'PENDING'"))
    op.drop_index(
        "ix_payments_unfinished", table_name="payments", postgresql_where=sa.text("status in ('PENDING', 'PROCESSING')")
    )
    op.drop_index("ix_payments_history", table_name="payments")
    op.drop_table("payments")
    op.drop_index("ix_jobs_ready", table_name="jobs", postgresql_where=sa.text("state = 'ready'"))
    op.drop_index("ix_jobs_leased", table_name="jobs", postgresql_where=sa.text("state = 'leased'"))
    op.drop_table("jobs")
    op.drop_index("ix_events_parked", table_name="events", postgresql_where=sa.text("state = 'parked'"))
    op.drop_table("events")
    op.drop_table("customers")
    op.drop_index("ix_audit_entity", table_name="audit")
    op.drop_table("audit")
    op.execute(sa.schema.DropSequence(sa.Sequence("job_leases")))
