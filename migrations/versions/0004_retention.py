"""Bodies of events that can be forgotten, jobs that an operator gave up, and the ways to what is listed or forgotten.

Older replicas go on: they read the bodies of parked events only, which are kept, and claim none but ready jobs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BEFORE = {
    "ck_jobs_state_known": "state in ('ready', 'leased', 'done', 'dead')",
    "ck_jobs_finished": "(state in ('done', 'dead')) = (finished_at is not null)",
}
AFTER = {
    "ck_jobs_state_known": "state in ('ready', 'leased', 'done', 'dead', 'discarded')",
    "ck_jobs_finished": "(state in ('done', 'dead', 'discarded')) = (finished_at is not null)",
}


def upgrade() -> None:
    op.alter_column("events", "body", existing_type=sa.LargeBinary(), nullable=True)
    op.create_check_constraint(op.f("ck_events_parked_with_body"), "events", "state <> 'parked' or body is not null")
    op.create_index("ix_events_received", "events", ["received_at", "id"], unique=False)
    op.create_index(
        "ix_events_with_body",
        "events",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("state <> 'parked' and body is not null"),
    )
    rules_of_jobs(AFTER)
    op.create_index("ix_jobs_dead", "jobs", ["id"], unique=False, postgresql_where=sa.text("state = 'dead'"))
    op.create_index(
        "ix_jobs_retried",
        "jobs",
        ["finished_at"],
        unique=False,
        postgresql_where=sa.text("kind = 'retry_event' and state in ('done', 'discarded')"),
    )
    op.create_index(
        "ix_audit_event",
        "audit",
        ["event_id", "id"],
        unique=False,
        postgresql_where=sa.text("event_id is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_audit_event", table_name="audit")
    op.drop_index("ix_jobs_retried", table_name="jobs")
    op.drop_index("ix_jobs_dead", table_name="jobs")
    op.execute("update jobs set state = 'done' where state = 'discarded'")
    rules_of_jobs(BEFORE)
    op.drop_index("ix_events_with_body", table_name="events")
    op.drop_index("ix_events_received", table_name="events")
    op.drop_constraint(op.f("ck_events_parked_with_body"), "events")
    op.execute("update events set body = '' where body is null")
    op.alter_column("events", "body", existing_type=sa.LargeBinary(), nullable=False)


def rules_of_jobs(rules: dict[str, str]) -> None:
    """Hold the jobs to these rules instead of those of the same names."""
    for name, rule in rules.items():
        op.drop_constraint(op.f(name), "jobs")
        op.create_check_constraint(op.f(name), "jobs", rule)
