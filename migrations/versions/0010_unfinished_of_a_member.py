"""The way to the payment of a member that is under way.

A start of a checkout asks for it, and went through all payments of the member: ten thousand pages for a member with as many payments.
Built without keeping writers away; one that was broken off is dropped first: to migrate again is all that is to be done.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NAME = "ix_payments_unfinished_of"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # Waits for every transaction that is open, but keeps none of them from its work.
        op.execute("set lock_timeout = 0")
        drop()
        op.create_index(
            NAME,
            "payments",
            ["user_id"],
            unique=False,
            postgresql_where=sa.text("status in ('PENDING', 'PROCESSING')"),
            postgresql_concurrently=True,
        )
        op.execute("set lock_timeout = '5s'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        drop()


def drop() -> None:
    """Drop the index, where there is one."""
    op.drop_index(NAME, table_name="payments", postgresql_concurrently=True, if_exists=True)
