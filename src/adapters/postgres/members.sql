-- What is kept about one member, and how they are forgotten, written by hand like the invariants: all of it is about a user's id.

-- lock
-- Nobody changes what we look at from here on. A payment that begins meanwhile is one of a new member.
SELECT id FROM payments WHERE user_id = $1 ORDER BY id FOR UPDATE

-- customer
-- How the member is reached and known to the provider.
SELECT * FROM customers WHERE user_id = $1

-- subscription
-- The member's subscription, its periods as arrays.
SELECT s.user_type, s.plan, s.status,
       coalesce(array_agg(x.payment_id ORDER BY x.n) FILTER (WHERE x.n IS NOT NULL), '{}') AS payment_ids,
       coalesce(array_agg(x.bought_at ORDER BY x.n) FILTER (WHERE x.n IS NOT NULL), '{}') AS bought,
       coalesce(array_agg(x.starts_at ORDER BY x.n) FILTER (WHERE x.n IS NOT NULL), '{}') AS starts,
       coalesce(array_agg(x.ends_at ORDER BY x.n) FILTER (WHERE x.n IS NOT NULL), '{}') AS ends,
       coalesce(array_agg(x.taken_back_at ORDER BY x.n) FILTER (WHERE x.n IS NOT NULL), '{}') AS taken_back
  FROM subscriptions s LEFT JOIN periods x USING (user_id)
 WHERE s.user_id = $1
 GROUP BY s.user_id

-- payments
-- The member's payments, oldest first.
SELECT * FROM payments WHERE user_id = $1 ORDER BY id

-- invoices
-- The invoice data of payments.
SELECT * FROM invoices WHERE payment_id = ANY($1::uuid[])

-- refunds
-- The refunds of charges.
SELECT *, status AS stage FROM refunds WHERE payment_intent_id = ANY($1::text[]) ORDER BY created_at, id

-- disputes
-- The disputes of charges.
SELECT * FROM disputes WHERE payment_intent_id = ANY($1::text[]) ORDER BY created_at, id

-- mails
-- The letters about payments.
SELECT * FROM mails WHERE payment_id = ANY($1::uuid[]) ORDER BY written_at, key

-- audit
-- What happened to these entities.
SELECT at, entity, entity_id, from_status, to_status, why, actor, event_id FROM audit WHERE entity_id = ANY($1::text[]) ORDER BY id

-- events
-- The events that changed something of the member's, and those whose body names one of these ids.
SELECT * FROM events
 WHERE id = ANY($1::text[])
    OR (body IS NOT NULL AND EXISTS (SELECT FROM unnest($2::bytea[]) AS named (name) WHERE position(named.name IN body) > 0))
 ORDER BY received_at, id

-- jobs
-- The work about these subjects: an id alone, or an id and more after a colon.
SELECT * FROM jobs WHERE split_part(subject, ':', 1) = ANY($1::text[]) ORDER BY id

-- let_audit_forget
-- For this transaction alone.
SELECT set_config('payments.erasing', 'on', true)

-- forget_payments
-- The payments stay, of a pseudonym.
UPDATE payments SET user_id = $2, version = version + 1 WHERE user_id = $1

-- forget_subscription
-- The subscription stays, of a pseudonym: first a row that periods can refer to.
INSERT INTO subscriptions (user_id, user_type, plan, status, version)
SELECT $2, user_type, plan, status, version + 1 FROM subscriptions WHERE user_id = $1

-- forget_periods
-- The paid years with it.
UPDATE periods SET user_id = $2 WHERE user_id = $1

-- drop_subscription
-- The row that nothing refers to any more.
DELETE FROM subscriptions WHERE user_id = $1

-- forget_customer
-- Nobody can be written to, and the provider's id leads nowhere.
UPDATE customers SET user_id = $2, email = '', name = '', provider_id = NULL, request = NULL, prepared_at = NULL, version = version + 1
 WHERE user_id = $1

-- forget_answers
-- What was answered under the member's own keys.
DELETE FROM idempotency_keys WHERE user_id = $1

-- forget_checkouts
-- What was asked of the provider names the member.
UPDATE checkouts SET request = NULL, url = NULL, version = version + 1 WHERE payment_id = ANY($1::uuid[])

-- forget_invoices
-- Whoever has the addresses of the provider's pages reads there who paid.
UPDATE invoices SET hosted_url = NULL, pdf_url = NULL, version = version + 1 WHERE payment_id = ANY($1::uuid[])

-- forget_mails
-- That a letter was sent stays, and not what it said.
UPDATE mails SET recipient = '', subject = '', html = '', plain = '', version = version + 1 WHERE payment_id = ANY($1::uuid[])

-- forget_events
-- That an event came stays, and not what it said.
UPDATE events SET body = NULL, error = NULL WHERE id = ANY($1::text[])

-- forget_jobs
-- A key stays used, and what a provider answered goes.
UPDATE jobs SET last_error = NULL WHERE id = ANY($1::bigint[])

-- forget_audit
-- Who it was, and what somebody may have written about them when they were given a copy.
UPDATE audit
   SET entity_id = CASE entity_id WHEN $1 THEN $2 ELSE entity_id END,
       actor = CASE actor WHEN 'member:' || $1 THEN 'member:' || $2 ELSE actor END,
       why = CASE entity WHEN 'member' THEN 'erased' ELSE why END
 WHERE entity_id = ANY($3::text[])

-- audit_add
-- That it was done, by whom and why.
INSERT INTO audit (entity, entity_id, to_status, why, actor) VALUES ('member', $1, $2, $3, $4)
