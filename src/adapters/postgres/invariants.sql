-- What must be true of the stored data at any moment. Each check: its name, what it says and why, and the query that returns whatever
-- breaks it, as an id and what was found there. Written by hand, apart from the queries of the store, so that no mistake is made twice.
-- Words in braces stand for what the domain and the use cases declare, and for what several checks ask. A check marked `settled` is for a service at rest.

-- paid_payment_bought_one_period
-- Money that arrived bought exactly one year, unless it came beside time already paid: nobody pays for nothing.
SELECT p.id::text AS id, format('%s, %s periods', p.status, count(x.payment_id)) AS found
  FROM payments p LEFT JOIN periods x ON x.payment_id = p.id
 WHERE p.paid_at IS NOT NULL AND NOT p.duplicate
 GROUP BY p.id
HAVING count(x.payment_id) <> 1

-- duplicate_bought_nothing
-- Money that came beside time already paid bought no year: it is to be refunded, and time is given once.
SELECT p.id::text AS id, format('%s, bought %s to %s', p.status, x.starts_at, x.ends_at) AS found
  FROM payments p JOIN periods x ON x.payment_id = p.id
 WHERE p.duplicate

-- period_was_paid_for
-- Every year of a member belongs to a payment of that member whose money arrived: nobody has access for nothing.
SELECT p.id::text AS id, format('%s of %s, year of %s', p.status, p.user_id, x.user_id) AS found
  FROM periods x JOIN payments p ON p.id = x.payment_id
 WHERE p.paid_at IS NULL OR p.user_id <> x.user_id

-- periods_do_not_overlap
-- No year of a member begins before the one before it has ended: time is sold once.
SELECT format('%s/%s', user_id, n) AS id, format('starts %s, the one before ends %s', starts_at, before_ends_at) AS found
  FROM (SELECT user_id, n, starts_at,
               lag(ends_at) OVER (PARTITION BY user_id ORDER BY starts_at, n) AS before_ends_at
          FROM periods) AS in_order
 WHERE before_ends_at > starts_at

-- periods_are_counted
-- The years of a member are counted from 1 in the order of their start: the key that keeps them apart misses none.
SELECT format('%s/%s', user_id, n) AS id, format('is number %s by its start', place) AS found
  FROM (SELECT user_id, n, row_number() OVER (PARTITION BY user_id ORDER BY starts_at, n) AS place FROM periods) AS in_order
 WHERE n <> place

-- period_begins_with_money_or_time
-- A year begins when its money arrived, or where the time already paid ends: no day is lost, none is given twice.
SELECT p.id::text AS id,
       format('starts %s, bought %s, the one before ends %s', x.starts_at, x.bought_at, x.previous_ends_at) AS found
  FROM periods x JOIN payments p ON p.id = x.payment_id
 WHERE x.starts_at IS DISTINCT FROM greatest(x.bought_at, x.previous_ends_at)

-- time_goes_back_with_its_money
-- A year is taken back with all of its money, and ends no later: who was refunded has no access. `payments reconcile` derives it anew.
-- What banks took counts with what was refunded; of what refunds left, a tenth or less that they did not take is nothing. Where nobody
-- told how much was charged, what a bank took is all.
SELECT p.id::text AS id,
       format('%s, dispute %s, taken back %s, ends %s', p.status, coalesce(p.dispute, 'none'), x.taken_back_at, x.ends_at) AS found
  FROM periods x JOIN payments p ON p.id = x.payment_id
  LEFT JOIN (SELECT q.id, bool_or(d.currency IS DISTINCT FROM charged.currency OR coalesce(charged.amount, 0) = 0)
                          OR sum(d.amount_minor) >= 0.9 * (min(charged.amount) - coalesce(min(refunded.stand), 0)) AS whole
               FROM disputes d JOIN payments q ON q.payment_intent_id = d.payment_intent_id
              CROSS JOIN LATERAL ({charged_of_q}) AS charged
               LEFT JOIN LATERAL (SELECT sum(r.amount_minor) AS stand FROM refunds r
                                   WHERE r.payment_intent_id = q.payment_intent_id AND r.status = 'succeeded'
                                     AND r.currency = charged.currency) AS refunded ON true
              WHERE d.stage = 'lost' GROUP BY q.id) AS lost ON lost.id = p.id
 WHERE (x.taken_back_at IS NOT NULL) <> (p.status = 'REFUNDED' OR coalesce(lost.whole, false))
    OR x.ends_at > greatest(x.starts_at, x.taken_back_at, CASE WHEN x.taken_back_at IS NULL THEN x.ends_at END)

-- subscription_has_its_periods
-- A subscription exists with its first year, and names what its newest one that stands was bought for: the platform reads it.
SELECT s.user_id AS id, format('%s %s, newest year %s %s', s.user_type, s.plan, newest.user_type, newest.plan) AS found
  FROM subscriptions s
  LEFT JOIN (SELECT DISTINCT ON (x.user_id) x.user_id, p.user_type, p.plan
               FROM periods x JOIN payments p ON p.id = x.payment_id
              ORDER BY x.user_id, x.ends_at > x.starts_at DESC, x.n DESC) AS newest ON newest.user_id = s.user_id
 WHERE (s.user_type, s.plan) IS DISTINCT FROM (newest.user_type, newest.plan)

-- subscription_is_active_while_paid
-- While a paid year runs, the written word is ACTIVE: reports that read it agree with the access that is computed.
SELECT s.user_id AS id, format('%s, paid until %s', s.status, x.ends_at) AS found
  FROM subscriptions s JOIN periods x ON x.user_id = s.user_id
 WHERE s.status <> 'ACTIVE' AND x.starts_at <= now() AND now() < x.ends_at

-- paid_payment_has_one_invoice
-- Invoice data exist exactly for the payments whose money arrived: accounting sees all money, and no other.
SELECT coalesce(p.id, i.payment_id)::text AS id, format('%s, %s invoice', p.status, count(i.payment_id)) AS found
  FROM payments p FULL JOIN invoices i ON i.payment_id = p.id
 GROUP BY p.id, i.payment_id
HAVING (p.paid_at IS NOT NULL) <> (count(i.payment_id) = 1)

-- receipt_numbers_have_no_gap
-- The receipts of a year are numbered 1, 2, 3 up to its counter, each number once: what a tax inspector looks at first.
SELECT format('%s-%s', year, lpad(sequence::text, greatest(6, length(sequence::text)), '0')) AS id,
       format('given %s times, the counter is at %s', count(number), coalesce(max(last), 0)) AS found
  FROM (SELECT split_part(number, '-', 1)::int AS year, split_part(number, '-', 2)::bigint AS sequence, number
          FROM invoices WHERE number IS NOT NULL) AS numbered
  FULL JOIN (SELECT year::int, last, generate_series(1, last)::bigint AS sequence FROM receipt_counters) AS counted
       USING (year, sequence)
 GROUP BY year, sequence
HAVING count(number) <> 1 OR max(last) IS NULL

-- receipt_is_ordered_once
-- Each payment whose money arrived has exactly one job that numbers its receipt, and no other payment has one.
SELECT coalesce(p.id::text, j.subject) AS id, format('%s, %s jobs', p.status, coalesce(j.jobs, 0)) AS found
  FROM (SELECT id, status FROM payments WHERE paid_at IS NOT NULL) AS p
  FULL JOIN (SELECT subject, count(*) AS jobs FROM jobs WHERE kind = 'issue_receipt' GROUP BY subject) AS j
       ON j.subject = p.id::text
 WHERE p.id IS NULL OR j.jobs IS DISTINCT FROM 1

-- receipt_is_given_by_its_job
-- A receipt has its number exactly when the job that numbers it is done: both are one transaction.
SELECT j.subject AS id, format('job %s, number %s', j.state, coalesce(i.number, 'none')) AS found
  FROM jobs j LEFT JOIN invoices i ON i.payment_id::text = j.subject
 WHERE j.kind = 'issue_receipt' AND (j.state = 'done') <> (i.number IS NOT NULL)

-- confirmation_is_ordered_once
-- Each numbered receipt has exactly one first job that mails its confirmation, and nothing else has one. Later ones end in a colon and more.
SELECT coalesce(i.payment_id::text, j.subject) AS id,
       format('receipt %s, %s jobs', coalesce(i.number, 'none'), coalesce(j.jobs, 0)) AS found
  FROM (SELECT payment_id, number FROM invoices WHERE number IS NOT NULL) AS i
  FULL JOIN (SELECT subject, count(*) AS jobs
               FROM jobs WHERE kind = 'send_confirmation' AND strpos(subject, ':') = 0 GROUP BY subject) AS j
       ON j.subject = i.payment_id::text
 WHERE i.payment_id IS NULL OR j.jobs IS DISTINCT FROM 1

-- confirmation_is_sent_by_its_job
-- When the jobs that mail a confirmation are done, the mail was sent, unless the money was given back, or nothing of its year is left.
SELECT p.id::text AS id, format('job %s, mail %s', j.state, coalesce('worded at ' || m.written_at, 'none')) AS found
  FROM jobs j
  JOIN payments p ON p.id::text = j.subject AND p.status IN ({paid}) AND NOT p.duplicate
  LEFT JOIN mails m ON m.key = 'confirmation/' || j.subject
 WHERE j.kind = 'send_confirmation' AND j.state = 'done' AND m.sent_at IS NULL
   AND NOT EXISTS ({nobody_to_tell})
   AND NOT EXISTS (SELECT FROM jobs again
                    WHERE again.kind = 'send_confirmation' AND again.state <> 'done'
                      AND split_part(again.subject, ':', 1) = j.subject)

-- confirmation_is_of_a_receipt
-- A payment has at most one confirmation, under its own key, and only once it has its receipt number: nobody is told twice.
SELECT m.key AS id, format('payment %s, receipt %s', m.payment_id, coalesce(i.number, 'none')) AS found
  FROM mails m LEFT JOIN invoices i ON i.payment_id = m.payment_id
 WHERE m.key LIKE 'confirmation/%' AND (m.key <> 'confirmation/' || m.payment_id OR i.number IS NULL)

-- sent_mail_is_not_in_doubt
-- A mail that was sent has the provider's id and is no longer in doubt: only so is it never sent again.
SELECT key AS id, format('sent %s, in doubt since %s, provider id %s', sent_at, in_doubt_since, provider_id) AS found
  FROM mails
 WHERE (sent_at IS NULL) <> (provider_id IS NULL) OR (sent_at IS NOT NULL AND in_doubt_since IS NOT NULL)

-- job_is_noted_once
-- Kind and subject of a job are never used twice: what is done after commit is done once.
SELECT format('%s/%s', kind, subject) AS id, format('%s jobs', count(*)) AS found
  FROM jobs GROUP BY kind, subject HAVING count(*) > 1

-- audit_is_unbroken
-- Each line of the audit begins at the state in which the one before it ended, the first one at the beginning.
SELECT format('%s %s', entity, entity_id) AS id,
       format('line %s is %s to %s, before it is %s', id, from_status, to_status, before) AS found
  FROM (SELECT id, entity, entity_id, from_status, to_status,
               lag(to_status, 1, CASE entity WHEN 'subscription' THEN 'NONE' END)
                   OVER (PARTITION BY entity, entity_id ORDER BY id) AS before
          FROM audit WHERE entity IN ('payment', 'subscription')) AS in_order
 WHERE from_status IS DISTINCT FROM before

-- audit_moves_are_legal
-- Every change of state is one that the lifecycle has; a line without a change is a remark, as when somebody asks for a refund.
SELECT format('%s %s', entity, entity_id) AS id, format('line %s is %s to %s', id, from_status, to_status) AS found
  FROM audit
 WHERE entity IN ('payment', 'subscription')
   AND from_status IS DISTINCT FROM to_status
   AND (entity, coalesce(from_status, ''), to_status) NOT IN ({moves})

-- audit_ends_at_present_state
-- The last line of the audit says the state that is stored: nothing changed without a line.
SELECT format('%s %s', entity, entity_id) AS id,
       format('is %s, the audit ends at %s', coalesce(status, 'not stored'), coalesce(to_status, 'nothing')) AS found
  FROM (SELECT 'payment' AS entity, id::text AS entity_id, status FROM payments
        UNION ALL SELECT 'subscription', user_id, status FROM subscriptions) AS stored
  FULL JOIN (SELECT DISTINCT ON (entity, entity_id) entity, entity_id, to_status
               FROM audit WHERE entity IN ('payment', 'subscription') ORDER BY entity, entity_id, id DESC) AS last
       USING (entity, entity_id)
 WHERE status IS DISTINCT FROM to_status

-- refunds_stay_within_amount
-- No more is refunded than was paid, and the status says whether it was nothing, a part, or all.
SELECT id::text AS id, format('%s, %s of %s refunded', status, refunded_minor, amount_minor) AS found
  FROM payments
 WHERE refunded_minor NOT BETWEEN 0 AND amount_minor
    OR (review IS NULL AND (status = 'REFUNDED') <> (refunded_minor = amount_minor))
    OR (review IS NULL AND (status = 'PARTIALLY_REFUNDED') <> (refunded_minor > 0 AND refunded_minor < amount_minor))

-- payment_follows_its_returns
-- What a payment says of refunds and disputes is what the facts of its charge come to. `payments reconcile` derives it anew from them.
-- Refunds count in the currency that was charged. Where that was another or more than was asked for, they are told as the same share of
-- the price.
SELECT p.id::text AS id,
       format('%s, %s refunded, dispute %s; the facts say %s, %s, %s', p.status, p.refunded_minor, coalesce(p.dispute, 'none'),
              follows.status, follows.refunded, coalesce(disputes.stages, 'none')) AS found
  FROM payments p
 CROSS JOIN LATERAL ({charged_of_p}) AS charged
  LEFT JOIN (SELECT payment_intent_id, currency, sum(amount_minor) AS stand
               FROM refunds WHERE status = 'succeeded' GROUP BY payment_intent_id, currency) AS refunds
       ON refunds.payment_intent_id = p.payment_intent_id AND refunds.currency = charged.currency
 CROSS JOIN LATERAL (SELECT CASE WHEN (charged.amount > 0 AND refunds.stand >= charged.amount)
                                   OR (charged.amount = 0 AND p.status = 'REFUNDED') THEN 'REFUNDED'
                                 WHEN p.paid_at IS NULL THEN 'REVIEW'
                                 WHEN refunds.stand > 0 THEN 'PARTIALLY_REFUNDED'
                                 ELSE 'SUCCEEDED' END AS status,
                            least(CASE WHEN charged.amount > 0
                                        AND (charged.currency IS DISTINCT FROM p.currency OR charged.amount > p.amount_minor)
                                       THEN div(p.amount_minor * coalesce(refunds.stand, 0), charged.amount)
                                       ELSE coalesce(refunds.stand, 0) END, p.amount_minor) AS refunded) AS follows
  LEFT JOIN (SELECT payment_intent_id, string_agg(stage, ', ' ORDER BY id) AS stages,
                    CASE WHEN bool_or(stage = 'lost') THEN 'LOST'
                         WHEN bool_or(stage IN ('open', 'appealed')) THEN 'OPEN'
                         WHEN bool_or(stage = 'won') THEN 'WON' END AS status
               FROM disputes GROUP BY payment_intent_id) AS disputes
       ON disputes.payment_intent_id = p.payment_intent_id
 WHERE p.status IN ({arrived})
   AND (p.refunded_minor <> follows.refunded OR p.status <> follows.status OR p.dispute IS DISTINCT FROM disputes.status)
   AND NOT EXISTS (SELECT FROM jobs j
                    WHERE j.kind = 'collect_returns' AND j.state IN ('ready', 'leased')
                      AND split_part(j.subject, ':', 1) = p.payment_intent_id)

-- duplicate_is_given_back_once
-- Money that came beside time already paid has a job that gives it back, and money that never did has none.
SELECT coalesce(p.id::text, j.payment_id) AS id, format('%s, %s jobs', p.status, coalesce(j.jobs, 0)) AS found
  FROM (SELECT id, status FROM payments WHERE duplicate) AS p
  FULL JOIN (SELECT split_part(subject, ':', 1) AS payment_id, count(*) FILTER (WHERE strpos(subject, ':') = 0) AS jobs
               FROM jobs WHERE kind = 'refund_duplicate' GROUP BY 1) AS j
       ON j.payment_id = p.id::text
 WHERE j.jobs IS DISTINCT FROM 1
    OR (p.id IS NULL AND NOT EXISTS (SELECT FROM audit WHERE entity_id = j.payment_id AND why LIKE 'the time beside which it was paid%'))

-- refund_is_to_be_told
-- A payment that was given back in full has a job that tells its member. Where nothing was charged, there is nothing to tell.
SELECT p.id::text AS id, format('%s, no job', p.status) AS found
  FROM payments p LEFT JOIN jobs j ON j.kind = 'send_refund_notice' AND split_part(j.subject, ':', 1) = p.id::text
 CROSS JOIN LATERAL ({charged_of_p}) AS charged
 WHERE p.status = 'REFUNDED' AND charged.amount IS DISTINCT FROM 0 AND j.id IS NULL

-- member_has_one_payable_payment
-- A member has at most one payment that can still be paid: nobody pays twice for one intention.
SELECT user_id AS id, string_agg(id::text, ', ' ORDER BY id) AS found
  FROM payments WHERE status = '{payable}' GROUP BY user_id HAVING count(*) > 1

-- checkout_is_of_one_payment
-- A hosted checkout, and the money that came by it, belong to one payment: money is counted once.
SELECT session AS id, string_agg(id::text, ', ' ORDER BY id) AS found
  FROM payments CROSS JOIN LATERAL (VALUES (checkout_session_id), (payment_intent_id)) AS named (session)
 WHERE session IS NOT NULL GROUP BY session HAVING count(*) > 1

-- unfinished_payment_has_checkout
-- A payment whose money may still come has its checkout beside it: without it no reconciliation would look at the payment.
SELECT p.id::text AS id, p.status AS found
  FROM payments p LEFT JOIN checkouts c ON c.payment_id = p.id
 WHERE p.status IN ({unfinished}) AND c.payment_id IS NULL

-- unpaid_checkout_ends
-- An hour after its hosted page has closed, a payment is no longer payable: it was asked for, and the member can start anew.
SELECT p.id::text AS id, format('%s, closed since %s', p.status, coalesce(c.expires_at, p.created_at + interval '24 hours')) AS found
  FROM payments p LEFT JOIN checkouts c ON c.payment_id = p.id
 WHERE p.status = '{payable}' AND coalesce(c.expires_at, p.created_at + interval '24 hours') < now() - interval '1 hour'

-- paying_member_can_be_written_to
-- Whoever paid has an address with us: without it no confirmation can be sent.
SELECT p.id::text AS id, p.user_id AS found
  FROM payments p LEFT JOIN customers c ON c.user_id = p.user_id
 WHERE p.paid_at IS NOT NULL AND c.user_id IS NULL

-- parked_event_is_retried
-- An event that could not be handled has a job that tries it again, or one that gave up and waits for an operator.
SELECT e.id AS id, format('%s, job %s', e.type, coalesce(j.state, 'none')) AS found
  FROM events e LEFT JOIN jobs j ON j.kind = 'retry_event' AND j.subject = e.id
 WHERE e.state = 'parked' AND coalesce(j.state, 'done') IN ('done', 'discarded')

-- job_is_not_late
-- No job waits for a worker, or lies with one whose lease has ended, for more than ten minutes: work goes on.
SELECT format('%s/%s', kind, subject) AS id, format('%s, due %s, leased until %s', state, run_at, leased_until) AS found
  FROM jobs
 WHERE (state = 'ready' AND run_at < now() - interval '10 minutes')
    OR (state = 'leased' AND leased_until < now() - interval '10 minutes')

-- every_job_is_done (settled)
-- At rest no job is ready, in hand or dead: nothing is left to do, for a worker or for an operator. A discarded one is given up.
SELECT format('%s/%s', kind, subject) AS id, format('%s: %s', state, coalesce(last_error, 'no error')) AS found
  FROM jobs WHERE state NOT IN ('done', 'discarded')

-- every_event_is_settled (settled)
-- At rest no event is parked: each was handled, or concerned nothing of ours.
SELECT id AS id, format('%s: %s', type, error) AS found
  FROM events WHERE state = 'parked'

-- paid_payment_is_confirmed (settled)
-- At rest each payment has its receipt number, and whoever bought time was told, unless all of it went back or the mail was given up.
SELECT p.id::text AS id, format('receipt %s, mail %s', coalesce(i.number, 'none'), coalesce('sent at ' || m.sent_at, 'not sent')) AS found
  FROM payments p
  LEFT JOIN invoices i ON i.payment_id = p.id
  LEFT JOIN mails m ON m.key = 'confirmation/' || p.id
 WHERE p.paid_at IS NOT NULL
   AND (i.number IS NULL OR (m.sent_at IS NULL AND p.status IN ({paid}) AND NOT p.duplicate
                             AND NOT EXISTS ({nobody_to_tell})
                             AND NOT EXISTS (SELECT FROM jobs given_up
                                              WHERE given_up.kind = 'send_confirmation' AND given_up.state = 'discarded'
                                                AND split_part(given_up.subject, ':', 1) = p.id::text)))

-- duplicate_is_given_back (settled)
-- At rest money that came beside time already paid is with its member again, or was taken back by the bank.
SELECT p.id::text AS id, format('%s, dispute %s', p.status, coalesce(p.dispute, 'none')) AS found
  FROM payments p
 WHERE p.duplicate AND p.status <> 'REFUNDED' AND coalesce(p.dispute, '') <> 'LOST'

-- refund_is_told (settled)
-- At rest whoever was given a payment back in full was told so, unless the mail was given up or they were erased since.
SELECT p.id::text AS id, coalesce('mail worded at ' || m.written_at, 'no mail') AS found
  FROM payments p LEFT JOIN mails m ON m.key = 'refund/' || p.id
 CROSS JOIN LATERAL ({charged_of_p}) AS charged
 WHERE p.status = 'REFUNDED' AND m.sent_at IS NULL AND charged.amount IS DISTINCT FROM 0
   AND NOT EXISTS (SELECT FROM jobs given_up
                    WHERE given_up.kind = 'send_refund_notice' AND given_up.state = 'discarded'
                      AND split_part(given_up.subject, ':', 1) = p.id::text)
   AND NOT EXISTS (SELECT FROM customers c WHERE c.user_id = p.user_id AND c.email = '')
