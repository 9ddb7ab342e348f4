-- What operators are told of a payment, written by hand like the invariants: which payments a word is about, and all that happened to one.

-- about
-- The newest payments that belong to $1: an id of a payment ($2, where it is one), a user, an e-mail address, a receipt, or anything of
-- Stripe's: session, payment intent, customer, event, refund, dispute, invoice. At most $3.
SELECT payments.*
  FROM payments
 WHERE id IN (
       SELECT $2::uuid
        UNION SELECT id FROM payments WHERE user_id = $1
        UNION SELECT id FROM payments WHERE checkout_session_id = $1
        UNION SELECT id FROM payments WHERE payment_intent_id = $1
        UNION SELECT p.id FROM payments p JOIN customers c USING (user_id) WHERE lower(c.email) = lower($1) OR c.provider_id = $1
        UNION SELECT entity_id::uuid FROM audit WHERE event_id = $1 AND entity = 'payment'
        UNION SELECT p.id FROM payments p JOIN refunds r USING (payment_intent_id) WHERE r.id = $1
        UNION SELECT p.id FROM payments p JOIN disputes d USING (payment_intent_id) WHERE d.id = $1
        UNION SELECT payment_id FROM invoices WHERE number = $1 OR stripe_invoice_id = $1)
 ORDER BY created_at DESC, id DESC
 LIMIT $3

-- moments
-- All that happened to the payment $1, in the order of time: when, to what, and what it was.
WITH payment AS (SELECT * FROM payments WHERE id = $1),
     moves AS (SELECT a.* FROM audit a, payment WHERE a.entity = 'payment' AND a.entity_id = payment.id::text)
SELECT at, what, id, says FROM (
    SELECT at, 'payment' AS what, entity_id AS id, concat(coalesce(from_status, 'begun'), ' -> ', to_status, ': ', why, ' (', actor, ')') AS says, 3 AS n
      FROM moves
     UNION ALL
    SELECT a.at, 'subscription', a.entity_id, concat(a.from_status, ' -> ', a.to_status, ': ', a.why), 4
      FROM audit a, payment
     WHERE a.entity = 'subscription' AND a.entity_id = payment.user_id AND a.at IN (SELECT at FROM moves)
     UNION ALL
    SELECT prepared_at, 'checkout', payment.checkout_session_id, concat('is opened at Stripe, attempt ', attempt), 1
      FROM checkouts JOIN payment ON payment.id = payment_id WHERE prepared_at IS NOT NULL
     UNION ALL
    SELECT e.received_at, 'event', e.id, concat(e.type, ', made ', to_char(e.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SSZ'), ', ', e.state), 2
      FROM events e WHERE e.id IN (SELECT event_id FROM moves)
     UNION ALL
    SELECT bought_at, 'time', NULL, concat('is paid from ', to_char(starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SSZ'), ' to ', to_char(ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SSZ')), 5
      FROM periods JOIN payment ON payment.id = payment_id
     UNION ALL
    SELECT taken_back_at, 'time', NULL, concat('is taken back, ends ', to_char(ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SSZ')), 9
      FROM periods JOIN payment ON payment.id = payment_id WHERE taken_back_at IS NOT NULL
     UNION ALL
    SELECT issued_at, 'receipt', number, concat('is numbered', ', Stripe''s invoice ' || stripe_invoice_id), 6
      FROM invoices WHERE payment_id = $1 AND number IS NOT NULL
     UNION ALL
    SELECT r.created_at, 'refund', r.id, concat(r.amount_minor, ' ', r.currency, ' in minor units, ', r.status), 8
      FROM refunds r JOIN payment USING (payment_intent_id)
     UNION ALL
    SELECT d.created_at, 'dispute', d.id, concat(d.amount_minor, ' ', d.currency, ' in minor units, ', d.stage), 8
      FROM disputes d JOIN payment USING (payment_intent_id)
     UNION ALL
    SELECT lost_at, 'dispute', d.id, 'is lost', 9
      FROM disputes d JOIN payment USING (payment_intent_id) WHERE lost_at IS NOT NULL
     UNION ALL
    SELECT coalesce(sent_at, in_doubt_since, written_at), 'mail', provider_id,
           concat(CASE WHEN sent_at IS NOT NULL THEN 'is sent' WHEN in_doubt_since IS NOT NULL THEN 'may have been sent' ELSE 'is written' END, ': ', subject), 7
      FROM mails WHERE payment_id = $1
     UNION ALL
    SELECT coalesce(finished_at, run_at), 'job', j.id::text, concat(j.kind, ' is ', j.state, ', tries: ', j.attempts, ', ' || j.last_error), 7
      FROM jobs j
     WHERE j.subject = $1::text OR starts_with(j.subject, $1::text || ':')
        OR starts_with(j.subject, (SELECT payment_intent_id FROM payment) || ':')
        OR j.subject IN (SELECT event_id FROM moves)
) AS all_of_them
 ORDER BY at, n, id
