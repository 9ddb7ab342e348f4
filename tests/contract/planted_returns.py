"""What is planted against the invariants of money that went back."""

from typing import Final

from contract.planting import (
    A_REFUND_OF_THE_BUYER,
    AMOUNT_UNTOLD,
    BUYER,
    LAST_YEAR_OF_RENEWER,
    RENEWAL,
    UNHAPPY,
    a_job,
    a_lost_dispute,
    a_returned_part,
    audited,
    payment_of,
    planted,
    taken_by_a_bank,
    without,
)

OF_RETURNS: Final = (
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
    *(
        planted(
            "payment_follows_its_returns", a_returned_part(user_id), label=f"a refund of {what} that does not count"
        )
        for user_id, what in (("short", "money under review"), ("dollar", "dollars that were accepted"))
    ),
    planted(
        "payment_follows_its_returns",
        f"UPDATE payments SET dispute = 'LOST' WHERE id = {payment_of('short')}",
        label="a dispute about money under review that nobody told of",
    ),
    planted(
        "payment_follows_its_returns",
        f"UPDATE payments SET status = 'REFUNDED' WHERE id = {payment_of('short')}",
        audited(payment_of("short"), ("REVIEW", "REFUNDED")),
        a_job("send_refund_notice", payment_of("short")),
        label="money under review of which a part is called all",
    ),
    planted(
        "payment_follows_its_returns",
        f"UPDATE payments SET refunded_minor = 1000 WHERE id = {payment_of('dollar')}",
        label="dollars that count as dirhams",
    ),
    planted(
        "",
        f"UPDATE payments SET refunded_minor = 1000, {AMOUNT_UNTOLD} WHERE id = {payment_of('dollar')}",
        label="no violation: a part went back of money whose amount nobody told",
    ),
    planted(
        "time_goes_back_with_its_money",
        f"UPDATE payments SET refunded_minor = 1000, dispute = 'LOST', {AMOUNT_UNTOLD} WHERE id = {payment_of('dollar')}",
        f"""INSERT INTO disputes (id, payment_intent_id, amount_minor, currency, stage, created_at, lost_at, version)
            SELECT 'du_planted', payment_intent_id, 1, 'usd', 'lost', now(), now(), 1
              FROM payments WHERE id = {payment_of("dollar")}""",
        label="time that stays although a bank took money whose amount nobody told",
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
    planted(
        "refund_is_to_be_told", f"DELETE FROM jobs WHERE subject = {UNHAPPY}::text AND kind = 'send_refund_notice'"
    ),
    planted(
        "duplicate_is_given_back payment_follows_its_returns",
        "UPDATE payments SET status = 'SUCCEEDED', refunded_minor = 0 WHERE duplicate",
        audited(payment_of("twice"), ("REFUNDED", "SUCCEEDED")),
        settled=True,
    ),
    *(
        planted("", *taken_by_a_bank(RENEWAL), settled=settled, label=f"no violation: an empty year, settled {settled}")
        for settled in (False, True)
    ),
    planted(
        "paid_payment_is_confirmed confirmation_is_sent_by_its_job",
        *taken_by_a_bank(RENEWAL),
        f"UPDATE payments SET dispute = 'WON' WHERE id = {RENEWAL}",
        "UPDATE disputes SET stage = 'won' WHERE id = 'du_whole'",
        f"UPDATE periods SET taken_back_at = NULL, ends_at = starts_at + interval '1 year' {LAST_YEAR_OF_RENEWER}",
        settled=True,
        label="a year that stands again since its dispute was won, and nobody was told of it",
    ),
    planted(
        "",
        f"DELETE FROM mails WHERE payment_id = {BUYER}",
        a_job("send_confirmation", f"{BUYER} || ':anew'"),
        label="no violation: a confirmation that found nothing to confirm is just to be sent anew",
    ),
    planted(
        "paid_payment_is_confirmed confirmation_is_sent_by_its_job",
        a_lost_dispute("amount_minor / 2"),
        f"DELETE FROM mails WHERE payment_id = {BUYER}",
        settled=True,
        label="half of the money is lost to a bank, and nobody was told of the year that stands",
    ),
    planted(
        "refund_is_told",
        f"DELETE FROM mails WHERE key = 'refund/' || {UNHAPPY}",
        settled=True,
        label="a refund that nobody told of",
    ),
    planted(
        "",
        f"DELETE FROM mails WHERE key = 'refund/' || {UNHAPPY}",
        f"UPDATE jobs SET state = 'discarded' WHERE kind = 'send_refund_notice' AND subject = {UNHAPPY}::text",
        settled=True,
        label="no violation: an operator gave the notice of a refund up",
    ),
)
