"""The ways to the refunds and disputes whose end nobody has told yet.

Built without keeping writers away, each on its own outside of a transaction. One that was broken off leaves an invalid index behind,
which is why each is dropped first: to migrate again is all that is to be done.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OPEN = {
    "refunds": "status in ('pending', 'requires_action')",
    "disputes": "stage in ('appealed', 'inquiry', 'open')",
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # Waits for every transaction that is open, but keeps none of them from its work.
        op.execute("set lock_timeout = 0")
        for table, still_open in OPEN.items():
            drop(table)
            op.create_index(
                f"ix_{table}_open",
                table,
                ["created_at", "id"],
                unique=False,
                postgresql_where=sa.text(still_open),
                postgresql_concurrently=True,
            )
        op.execute("set lock_timeout = '5s'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for table in OPEN:
            drop(table)


def drop(table: str) -> None:
    """Drop the index of a table, where there is one."""
    op.drop_index(f"ix_{table}_open", table_name=table, postgresql_concurrently=True, if_exists=True)
