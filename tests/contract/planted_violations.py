"""What is planted against each invariant: statements on the year that `test_invariants` lives through, and which checks they break."""

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

PLANTED: Final = (
    planted("paid_payment_bought_one_period", f"DELETE FROM periods {LAST_YEAR_OF_RENEWER}"),
    planted(
        "duplicate_bought_nothing",
        another_period("twice", payment_of("twice")),
        "UPDATE periods SET taken_back_at = ends_at WHERE user_id = 'twice' AND n = 2",
    ),
    planted("period_was_paid_for", another_period("renewer", LOOKER)),
    planted(
        "periods_do_not_overlap period_begins_with_money_or_time",
        without("periods", "ck_periods_no_overlap"),
        f"UPDATE periods SET starts_at = starts_at - interval '1 second' {LAST_YEAR_OF_RENEWER}",
    ),
    planted(
        "periods_are_counted",
        without("periods", "ck_periods_chained"),
        f"UPDATE periods SET n = 3 {LAST_YEAR_OF_RENEWER}",
    ),
    planted(
        "period_begins_with_money_or_time",
        f"UPDATE periods SET starts_at = starts_at + interval '1 second' {LAST_YEAR_OF_RENEWER}",
        label="a year that does not touch the one before",
    ),
    planted(
        "period_begins_with_money_or_time",
        "UPDATE periods SET starts_at = starts_at - interval '1 second' WHERE user_id = 'buyer'",
        label="a year that begins before its money",
    ),
    planted("subscription_has_its_periods", "UPDATE subscriptions SET plan = 'another' WHERE user_id = 'buyer'"),
    planted(
        "subscription_is_active_while_paid",
        "UPDATE subscriptions SET status = 'EXPIRED' WHERE user_id = 'buyer'",
        audited("'buyer'", ("ACTIVE", "EXPIRED"), entity="subscription"),
    ),
    planted(
        "paid_payment_has_one_invoice",
        f"INSERT INTO invoices (payment_id, version) SELECT {LOOKER}, 1",
    ),
    planted(
        "receipt_numbers_have_no_gap",
        "UPDATE receipt_counters SET last = last + 1",
        label="a number that was skipped",
    ),
    planted(
        "receipt_numbers_have_no_gap",
        "UPDATE receipt_counters SET last = last - 1",
        label="a number beyond the counter",
    ),
    planted(
        "receipt_numbers_have_no_gap",
        without("invoices", "uq_invoices_number"),
        "UPDATE invoices SET number = (SELECT min(number) FROM invoices)"
        " WHERE number = (SELECT max(number) FROM invoices)",
        label="a number that was given twice",
    ),
    planted("receipt_is_ordered_once", a_job("issue_receipt", LOOKER), label="a receipt that nobody paid for"),
    planted(
        "receipt_is_ordered_once",
        f"DELETE FROM jobs WHERE kind = 'issue_receipt' AND subject = {BUYER}::text",
        label="a receipt that was not ordered",
    ),
    planted(
        "receipt_is_given_by_its_job",
        f"UPDATE jobs SET state = 'ready', finished_at = NULL WHERE kind = 'issue_receipt' AND subject = {BUYER}::text",
    ),
    planted(
        "confirmation_is_ordered_once",
        f"DELETE FROM jobs WHERE kind = 'send_confirmation' AND subject = {BUYER}::text",
    ),
    planted("confirmation_is_sent_by_its_job", f"DELETE FROM mails WHERE payment_id = {BUYER}"),
    planted(
        "confirmation_is_of_a_receipt",
        "INSERT INTO mails (key, payment_id, recipient, subject, html, plain, written_at, version)"
        f" SELECT 'confirmation/again', {BUYER}, 'a@example.org', 's', 'h', 'p', now(), 1",
    ),
    planted("sent_mail_is_not_in_doubt", f"UPDATE mails SET in_doubt_since = now() WHERE payment_id = {BUYER}"),
    planted(
        "job_is_noted_once",
        without("jobs", "uq_jobs_once"),
        *[a_job("retry_event", "'evt_twice'")] * 2,
    ),
    planted("audit_is_unbroken", audited(BUYER, ("FAILED", "SUCCEEDED"))),
    planted("audit_moves_are_legal", audited(BUYER, ("SUCCEEDED", "PENDING"), ("PENDING", "SUCCEEDED"))),
    planted("audit_ends_at_present_state", audited(BUYER, ("SUCCEEDED", "REFUNDED")), label="a line without a change"),
    planted(
        "audit_ends_at_present_state",
        f"UPDATE payments SET status = 'EXPIRED' WHERE id = {payment_of('unsure')}",
        label="a change without a line",
    ),
    planted(
        "refunds_stay_within_amount payment_follows_its_returns",
        f"UPDATE payments SET refunded_minor = refunded_minor - 1 WHERE id = {UNHAPPY}",
        label="a part that is called all",
    ),
    planted(
        "refunds_stay_within_amount payment_follows_its_returns",
        without("payments", "ck_payments_refunds_within_amount"),
        f"UPDATE payments SET refunded_minor = amount_minor + 1 WHERE id = {BUYER}",
        label="more than was paid",
    ),
    planted(
        "payment_follows_its_returns",
        A_REFUND_OF_THE_BUYER,
        label="a refund that does not count",
    ),
    planted(
        "payment_follows_its_returns",
        f"UPDATE payments SET dispute = 'OPEN' WHERE id = {BUYER}",
        label="a dispute that nobody told of",
    ),
    planted(
        "time_goes_back_with_its_money",
        f"UPDATE periods SET taken_back_at = ends_at {LAST_YEAR_OF_RENEWER}",
        label="time that is taken back for nothing",
    ),
    planted(
        "time_goes_back_with_its_money subscription_is_active_while_paid",
        "UPDATE periods SET ends_at = ends_at + interval '1 week' WHERE user_id = 'unhappy'",
        label="time that outlives its money",
    ),
    planted(
        "time_goes_back_with_its_money",
        a_lost_dispute("amount_minor * 9 / 10"),
        label="time that stays although a bank took all but a tenth",
    ),
    planted(
        "time_goes_back_with_its_money",
        a_lost_dispute("amount_minor / 2"),
        f"UPDATE periods SET taken_back_at = starts_at, ends_at = starts_at WHERE payment_id = {BUYER}",
        label="time that is taken back although a bank took half",
    ),
    planted(
        "duplicate_is_given_back_once",
        "DELETE FROM jobs WHERE kind = 'refund_duplicate'",
        label="a duplicate that nobody gives back",
    ),
    planted(
        "duplicate_is_given_back_once",
        a_job("refund_duplicate", BUYER),
        label="a year that is given back",
    ),
    planted("refund_is_told_once", f"DELETE FROM jobs WHERE subject = {UNHAPPY}::text AND kind = 'send_refund_notice'"),
    planted(
        "member_has_one_payable_payment",
        "DROP INDEX uq_payments_one_payable",
        copied_payment(),
    ),
    planted(
        "checkout_is_of_one_payment",
        without("payments", "uq_payments_payment_intent_id"),
        f"UPDATE payments SET payment_intent_id = (SELECT payment_intent_id FROM payments WHERE id = {BUYER})"
        f" WHERE id = {LOOKER}",
    ),
    planted("unfinished_payment_has_checkout", f"DELETE FROM checkouts WHERE payment_id = {LOOKER}"),
    planted(
        "unpaid_checkout_ends",
        f"UPDATE checkouts SET expires_at = now() - interval '61 minutes' WHERE payment_id = {LOOKER}",
    ),
    planted("paying_member_can_be_written_to", "DELETE FROM customers WHERE user_id = 'buyer'"),
    planted("parked_event_is_retried", PARKED_EVENT, label="a parked event without a job"),
    *(
        planted(
            "parked_event_is_retried",
            PARKED_EVENT,
            a_job("retry_event", "'evt_bad'", state=f"'{state}'", finished_at="now()"),
            label=f"a parked event whose retry is {state}",
        )
        for state in ("done", "discarded")
    ),
    planted(
        "job_is_not_late",
        a_job("retry_event", "'evt_late'", run_at="now() - interval '11 minutes'"),
        label="a job that nobody claims",
    ),
    planted(
        "job_is_not_late",
        a_job(
            "retry_event",
            "'evt_late'",
            state="'leased'",
            lease="1",
            leased_until="now() - interval '11 minutes'",
        ),
        label="a job that nobody takes back",
    ),
    planted(
        "every_job_is_done",
        a_job("retry_event", "'evt_dead'", state="'dead'", finished_at="now()"),
        settled=True,
    ),
    planted("every_event_is_settled every_job_is_done", PARKED_EVENT, a_job("retry_event", "'evt_bad'"), settled=True),
    planted(
        "paid_payment_is_confirmed confirmation_is_sent_by_its_job",
        f"DELETE FROM mails WHERE payment_id = {BUYER}",
        settled=True,
    ),
    planted(
        "duplicate_is_given_back payment_follows_its_returns",
        "UPDATE payments SET status = 'SUCCEEDED', refunded_minor = 0 WHERE duplicate",
        audited(payment_of("twice"), ("REFUNDED", "SUCCEEDED")),
        settled=True,
    ),
    planted("refund_is_told", f"DELETE FROM mails WHERE key = 'refund/' || {UNHAPPY}", settled=True),
)
