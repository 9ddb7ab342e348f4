"""The keys under which callers send requests again, with what was answered. Older replicas do not know them, and go on without."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("lease", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("length(key) between 1 and 255", name=op.f("ck_idempotency_keys_key_length")),
        sa.CheckConstraint(
            "(status is null) = (body is null) and (status is null) = (headers is null)",
            name=op.f("ck_idempotency_keys_whole"),
        ),
        sa.CheckConstraint(
            "status between 200 and 499 and status <> 429", name=op.f("ck_idempotency_keys_status_kept")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("user_id", "key", name="uq_idempotency_keys_once"),
        postgresql_with={"autovacuum_vacuum_scale_factor": 0.02},
    )
    op.create_index("ix_idempotency_keys_claimed", "idempotency_keys", ["claimed_at"], unique=False)


def downgrade() -> None:
    op.drop_table("idempotency_keys")
