"""With what invariants are broken: statements on the year that `test_invariants` lives through."""

from typing import Final

from msgspec import Struct


class Planted(Struct, frozen=True):
    """Statements that break exactly these checks."""

    label: str
    breaks: frozenset[str]
    statements: tuple[str, ...]
    settled: bool = False


def planted(names: str, *statements: str, label: str = "", settled: bool = False) -> Planted:
    """What breaks the checks of these names."""
    return Planted(label or names, frozenset(names.split()), statements, settled)


def payment_of(user_id: str) -> str:
    """The oldest payment of a member."""
    return f"(SELECT id FROM payments WHERE user_id = '{user_id}' ORDER BY id LIMIT 1)"


def audited(entity_id: str, *moves: tuple[str, str], entity: str = "payment") -> str:
    """Lines of the audit."""
    lines = ", ".join(f"('{entity}', {entity_id}::text, '{old}', '{new}', 'planted', 'system')" for old, new in moves)
    return f"INSERT INTO audit (entity, entity_id, from_status, to_status, why, actor) VALUES {lines}"


def another_period(user_id: str, payment: str) -> str:
    """A year of a member after their newest one."""
    return f"""
        INSERT INTO periods (user_id, n, payment_id, bought_at, starts_at, ends_at, previous_n, previous_ends_at)
        SELECT user_id, n + 1, {payment}, bought_at, ends_at, ends_at + interval '1 year', n, ends_at
          FROM periods WHERE user_id = '{user_id}' ORDER BY n DESC LIMIT 1
    """


def copied_payment() -> str:
    """Another payment like that of the member who looks, with a checkout."""
    names = "user_id, user_type, plan, amount_minor, currency, created_at, renewal, refunded_minor, version"
    return f"""
        WITH made AS (
            INSERT INTO payments (id, status, {names})
            SELECT gen_random_uuid(), status, {names} FROM payments WHERE user_id = 'looker'
            RETURNING id
        ), opened AS (
            INSERT INTO checkouts (payment_id, attempt, failures, expires_at, version)
            SELECT id, 1, 0, now() + interval '1 hour', 1 FROM made
        )
        INSERT INTO audit (entity, entity_id, to_status, why, actor)
        SELECT 'payment', id::text, 'PENDING', 'planted', 'system' FROM made
    """


def a_job(kind: str, subject: str, **columns: str) -> str:
    """A job, with columns as SQL."""
    names = ", ".join(["kind", "subject", "attempts_max", *columns])
    return f"INSERT INTO jobs ({names}) VALUES ('{kind}', {subject}::text, {', '.join(['3', *columns.values()])})"


def without(table: str, *rules: str) -> str:
    """Without rules of the database, as if they had failed."""
    return f"ALTER TABLE {table} " + ", ".join(f"DROP CONSTRAINT {rule}" for rule in rules)


def a_lost_dispute(amount: str) -> str:
    """A lost dispute of the buyer's payment, which says so, about an amount as SQL."""
    return f"""
        WITH told AS (
            INSERT INTO disputes (id, payment_intent_id, amount_minor, currency, stage, created_at, lost_at, version)
            SELECT 'du_planted', payment_intent_id, {amount}, currency, 'lost', now(), now(), 1
              FROM payments WHERE id = {payment_of("buyer")}
        )
        UPDATE payments SET dispute = 'LOST' WHERE id = {payment_of("buyer")}
    """


def a_returned_part(user_id: str) -> str:
    """A refund of one minor unit of a member's charge that nobody counted."""
    return f"""
        INSERT INTO refunds (id, payment_intent_id, amount_minor, currency, status, created_at, version)
        SELECT 're_planted', payment_intent_id, 1, review -> 'received' ->> 'currency', 'succeeded', now(), 1
          FROM payments WHERE id = {payment_of(user_id)}
    """


def taken_by_a_bank(payment: str) -> tuple[str, str, str]:
    """All money of a payment is lost to a bank before its year began, and nobody was told of the year."""
    return (
        f"""
        WITH told AS (
            INSERT INTO disputes (id, payment_intent_id, amount_minor, currency, stage, created_at, lost_at, version)
            SELECT 'du_whole', payment_intent_id, amount_minor, currency, 'lost', now(), now(), 1 FROM payments WHERE id = {payment}
        )
        UPDATE payments SET dispute = 'LOST' WHERE id = {payment}
        """,
        f"UPDATE periods SET taken_back_at = now(), ends_at = starts_at WHERE payment_id = {payment}",
        f"DELETE FROM mails WHERE payment_id = {payment}",
    )


BUYER: Final = payment_of("buyer")
LOOKER: Final = payment_of("looker")
UNHAPPY: Final = payment_of("unhappy")
A_REFUND_OF_THE_BUYER: Final = f"""
    INSERT INTO refunds (id, payment_intent_id, amount_minor, currency, status, created_at, version)
    SELECT 're_planted', payment_intent_id, 1, currency, 'succeeded', now(), 1 FROM payments WHERE id = {BUYER}
"""
PARKED_EVENT: Final = """
    INSERT INTO events (id, type, created_at, state, error, body) VALUES ('evt_bad', 'odd', now(), 'parked', 'odd', '')
"""
LAST_YEAR_OF_RENEWER: Final = "WHERE user_id = 'renewer' AND n = 2"
RENEWAL: Final = f"(SELECT payment_id FROM periods {LAST_YEAR_OF_RENEWER})"
AMOUNT_UNTOLD: Final = "review = jsonb_set(review, '{received, amount}', 'null')"
