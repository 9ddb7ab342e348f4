"""When the provider was last asked about a checkout, and last said that it is open. Null before: older replicas go on without."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("checkouts", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("checkouts", sa.Column("open_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("checkouts", "open_at")
    op.drop_column("checkouts", "asked_at")
