"""What is planted against each invariant, and which checks it breaks; some of it breaks none, though it looks like it."""

from typing import Final

from contract.planted_returns import OF_RETURNS
from contract.planting import (
    BUYER,
    LAST_YEAR_OF_RENEWER,
    LOOKER,
    PARKED_EVENT,
    a_job,
    another_period,
    audited,
    copied_payment,
    payment_of,
    planted,
    without,
)

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
    *OF_RETURNS,
)
