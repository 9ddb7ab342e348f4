"""The audit can forget whom a line was about, and nothing else. Older replicas do not know it, and forget nobody."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# An erasure says so for its own transaction; what happened, when, from which state to which, and by which event it stays.
REFUSE = """
    CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND current_setting('payments.erasing', true) = 'on'
           AND (NEW.id, NEW.entity, NEW.from_status, NEW.to_status, NEW.event_id, NEW.at)
               IS NOT DISTINCT FROM (OLD.id, OLD.entity, OLD.from_status, OLD.to_status, OLD.event_id, OLD.at) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'the audit is append-only';
    END $$
"""
REFUSE_ALL = """
    CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit is append-only';
    END $$
"""


def upgrade() -> None:
    op.execute(REFUSE)


def downgrade() -> None:
    op.execute(REFUSE_ALL)
