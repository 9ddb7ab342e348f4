-- Compiled from queries/ by `make sql`: change it there.

-- counts.waiting()
SELECT payments.status, payments.currency, count(*) AS count
FROM payments
WHERE payments.status IN ('PENDING', 'PROCESSING') GROUP BY payments.status, payments.currency UNION ALL SELECT payments.status, payments.currency, count(*) AS count
FROM payments
WHERE payments.status = 'REVIEW' GROUP BY payments.status, payments.currency;

-- counts.begun(first_id, at_most)
SELECT newest.status, newest.currency, count(*) AS count
FROM (SELECT payments.status AS status, payments.currency AS currency
FROM payments
WHERE payments.id >= $1::UUID ORDER BY payments.id DESC
 LIMIT $2::INTEGER) AS newest GROUP BY newest.status, newest.currency;

-- counts.jobs()
SELECT jobs.kind, 'ready' AS state, count(*) AS count, greatest(0::float8, CAST(EXTRACT(epoch FROM now() - min(jobs.run_at)) AS DOUBLE PRECISION)) AS late_seconds
FROM jobs
WHERE jobs.state = 'ready' GROUP BY jobs.kind UNION ALL SELECT jobs.kind, 'leased' AS state, count(*) AS count, greatest(0::float8, CAST(EXTRACT(epoch FROM now() - min(jobs.run_at)) AS DOUBLE PRECISION)) AS late_seconds
FROM jobs
WHERE jobs.state = 'leased' GROUP BY jobs.kind UNION ALL SELECT jobs.kind, 'dead' AS state, count(*) AS count, greatest(0::float8, CAST(EXTRACT(epoch FROM now() - min(jobs.run_at)) AS DOUBLE PRECISION)) AS late_seconds
FROM jobs
WHERE jobs.state = 'dead' GROUP BY jobs.kind;

-- counts.events()
SELECT count(*) AS parked, count(*) FILTER (WHERE EXISTS (SELECT *
FROM jobs
WHERE jobs.kind = 'retry_event' AND jobs.subject = events.id AND jobs.state = 'dead')) AS dead, greatest(0::float8, CAST(EXTRACT(epoch FROM now() - min(events.received_at)) AS DOUBLE PRECISION)) AS parked_seconds
FROM events
WHERE events.state = 'parked';

-- events.page(state, whole, type, since, before_received_at, before_id, at_most)
SELECT events.id, events.type, events.api_version, events.created_at, events.received_at, events.state, events.error, retry.id AS retry_id, retry.kind AS retry_kind, retry.subject AS retry_subject, retry.state AS retry_state, retry.run_at AS retry_run_at, retry.attempts AS retry_attempts, retry.attempts_max AS retry_attempts_max, retry.last_error AS retry_last_error, retry.created_at AS retry_created_at, retry.finished_at AS retry_finished_at
FROM events LEFT OUTER JOIN jobs AS retry ON retry.kind = 'retry_event' AND retry.subject = events.id
WHERE ($1::VARCHAR IS NULL OR events.state = $1::VARCHAR) AND ($2::BOOLEAN OR retry.state = 'dead') AND ($3::VARCHAR IS NULL OR events.type = $3::VARCHAR) AND events.received_at >= $4::TIMESTAMP WITH TIME ZONE AND (events.received_at, events.id) < ($5::TIMESTAMP WITH TIME ZONE, $6::VARCHAR) ORDER BY events.received_at DESC, events.id DESC
 LIMIT $7;

-- events.one(the_id)
SELECT events.id, events.type, events.api_version, events.created_at, events.received_at, events.state, events.error, events.body, retry.id AS retry_id, retry.kind AS retry_kind, retry.subject AS retry_subject, retry.state AS retry_state, retry.run_at AS retry_run_at, retry.attempts AS retry_attempts, retry.attempts_max AS retry_attempts_max, retry.last_error AS retry_last_error, retry.created_at AS retry_created_at, retry.finished_at AS retry_finished_at
FROM events LEFT OUTER JOIN jobs AS retry ON retry.kind = 'retry_event' AND retry.subject = events.id
WHERE events.id = $1::VARCHAR;

-- audit.of_event(the_id)
SELECT audit.id, audit.entity, audit.entity_id, audit.from_status, audit.to_status, audit.why, audit.actor, audit.event_id, audit.at
FROM audit
WHERE audit.event_id = $1::VARCHAR ORDER BY audit.id;

-- jobs.page(state, kind, before_id, at_most)
SELECT jobs.id, jobs.kind, jobs.subject, jobs.state, jobs.run_at, jobs.attempts, jobs.attempts_max, jobs.lease, jobs.leased_until, jobs.last_error, jobs.created_at, jobs.finished_at
FROM jobs
WHERE jobs.state = $1::VARCHAR AND ($2::VARCHAR IS NULL OR jobs.kind = $2::VARCHAR) AND ($3::BIGINT IS NULL OR jobs.id < $3::BIGINT) ORDER BY jobs.id DESC
 LIMIT $4;

-- jobs.one(the_id)
SELECT jobs.id, jobs.kind, jobs.subject, jobs.state, jobs.run_at, jobs.attempts, jobs.attempts_max, jobs.lease, jobs.leased_until, jobs.last_error, jobs.created_at, jobs.finished_at
FROM jobs
WHERE jobs.id = $1::BIGINT;

-- events.find(the_id)
SELECT events.id, events.type, events.api_version, events.created_at, events.received_at, events.state, events.error, events.body
FROM events
WHERE events.id = $1::VARCHAR FOR UPDATE;

-- jobs.find(the_id)
SELECT jobs.id, jobs.kind, jobs.subject, jobs.state, jobs.run_at, jobs.attempts, jobs.attempts_max, jobs.lease, jobs.leased_until, jobs.last_error, jobs.created_at, jobs.finished_at
FROM jobs
WHERE jobs.id = $1::BIGINT FOR UPDATE;

-- jobs.of(the_kind, the_subject)
SELECT jobs.id, jobs.kind, jobs.subject, jobs.state, jobs.run_at, jobs.attempts, jobs.attempts_max, jobs.lease, jobs.leased_until, jobs.last_error, jobs.created_at, jobs.finished_at
FROM jobs
WHERE jobs.kind = $1::VARCHAR AND jobs.subject = $2::VARCHAR FOR UPDATE;

-- jobs.revive(the_id) guards the job
UPDATE jobs SET state='ready', run_at=now(), attempts=0, finished_at=NULL WHERE jobs.id = $1::BIGINT AND jobs.state IN ('done', 'dead', 'discarded') RETURNING jobs.id;

-- jobs.discard(the_id) guards the job
UPDATE jobs SET state='discarded', finished_at=now() WHERE jobs.id = $1::BIGINT AND jobs.state = 'dead' RETURNING jobs.id;

-- events.strip(days, at_most)
UPDATE events SET body=NULL WHERE events.id = ANY (array((SELECT events.id
FROM events
WHERE events.state != 'parked' AND events.body IS NOT NULL AND events.received_at < now() - $1::FLOAT * interval '1 day' ORDER BY events.received_at
 LIMIT $2 FOR UPDATE SKIP LOCKED))) RETURNING events.id;

-- events.forget(days, at_most)
DELETE FROM events WHERE events.id = ANY (array((SELECT events.id
FROM events
WHERE events.state != 'parked' AND events.received_at < now() - $1::FLOAT * interval '1 day' ORDER BY events.received_at, events.id
 LIMIT $2 FOR UPDATE SKIP LOCKED))) RETURNING events.id;

-- jobs.forget(days, at_most)
DELETE FROM jobs WHERE jobs.id = ANY (array((SELECT jobs.id
FROM jobs
WHERE jobs.kind = 'retry_event' AND jobs.state IN ('done', 'discarded') AND NOT (EXISTS (SELECT *
FROM events
WHERE events.id = jobs.subject AND events.state = 'parked')) AND jobs.finished_at < now() - $1::FLOAT * interval '1 day' ORDER BY jobs.finished_at
 LIMIT $2 FOR UPDATE SKIP LOCKED))) RETURNING jobs.id;

-- events.keep(id, type, api_version, created_at, state, error, body)
INSERT INTO events (id, type, api_version, created_at, state, error, body) VALUES ($1::VARCHAR, $2::VARCHAR, $3::VARCHAR, $4::TIMESTAMP WITH TIME ZONE, $5::VARCHAR, $6::VARCHAR, $7::BYTEA) ON CONFLICT (id) DO NOTHING RETURNING events.id;

-- events.add(id, type, api_version, created_at, state, error, body)
INSERT INTO events (id, type, api_version, created_at, state, error, body) VALUES ($1::VARCHAR, $2::VARCHAR, $3::VARCHAR, $4::TIMESTAMP WITH TIME ZONE, $5::VARCHAR, $6::VARCHAR, $7::BYTEA);

-- events.parked(the_id)
SELECT events.id, events.type, events.api_version, events.created_at, events.received_at, events.state, events.error, events.body
FROM events
WHERE events.id = $1::VARCHAR AND events.state = 'parked' FOR UPDATE;

-- events.kept(ids)
SELECT events.id
FROM events
WHERE events.id = any($1::TEXT[]);

-- events.settle(new_state, new_error, the_id)
UPDATE events SET state=$1::VARCHAR, error=$2::VARCHAR WHERE events.id = $3::VARCHAR;

-- jobs.enqueue(kind, subject, delay_seconds, attempts_max)
INSERT INTO jobs (kind, subject, run_at, attempts_max) VALUES ($1::VARCHAR, $2::VARCHAR, (now() + $3::FLOAT * interval '1 second'), $4::INTEGER) ON CONFLICT ON CONSTRAINT uq_jobs_once DO NOTHING RETURNING jobs.id;

-- jobs.done(the_id, the_lease) guards the lease of the job
UPDATE jobs SET state='done', lease=NULL, leased_until=NULL, last_error=NULL, finished_at=now() WHERE jobs.id = $1::BIGINT AND jobs.lease = $2::BIGINT RETURNING jobs.id;

-- jobs.claim(lease_seconds, kinds, at_most)
WITH due AS
(SELECT jobs.id AS id
FROM jobs
WHERE jobs.state = 'ready' AND jobs.run_at <= now() AND jobs.kind = any($2::TEXT[]) ORDER BY jobs.run_at, jobs.id
 LIMIT $3 FOR UPDATE SKIP LOCKED)
 UPDATE jobs SET state='leased', attempts=(jobs.attempts + 1), lease=nextval('job_leases'), leased_until=(now() + $1::FLOAT * interval '1 second') FROM due WHERE jobs.id = due.id RETURNING jobs.id, jobs.kind, jobs.subject, jobs.attempts, jobs.attempts_max, jobs.lease, jobs.run_at;

-- jobs.fail(final, retry_after_seconds, the_error, the_id, the_lease)
UPDATE jobs SET state=CASE WHEN ($1::BOOLEAN OR jobs.attempts >= jobs.attempts_max) THEN 'dead' ELSE 'ready' END, run_at=(now() + $2::FLOAT * interval '1 second'), lease=NULL, leased_until=NULL, last_error=$3::VARCHAR, finished_at=CASE WHEN ($1::BOOLEAN OR jobs.attempts >= jobs.attempts_max) THEN now() END WHERE jobs.id = $4::BIGINT AND jobs.lease = $5::BIGINT RETURNING jobs.id;

-- jobs.reap(retry_after_seconds, the_error)
UPDATE jobs SET state=CASE WHEN (jobs.attempts >= jobs.attempts_max) THEN 'dead' ELSE 'ready' END, run_at=(now() + $1::FLOAT * interval '1 second'), lease=NULL, leased_until=NULL, last_error=$2::VARCHAR, finished_at=CASE WHEN (jobs.attempts >= jobs.attempts_max) THEN now() END WHERE jobs.state = 'leased' AND jobs.leased_until < now() RETURNING jobs.id;

-- installation.id()
SELECT installation.id
FROM installation;

-- cursors.of(name)
SELECT cursors.at
FROM cursors
WHERE cursors.name = $1::VARCHAR;

-- cursors.save(name, at)
INSERT INTO cursors (name, at) VALUES ($1::VARCHAR, $2::TIMESTAMP WITH TIME ZONE) ON CONFLICT (name) DO UPDATE SET at = excluded.at WHERE cursors.at < excluded.at;

-- idempotency_keys.claim(user_id, key, fingerprint, lease_seconds)
INSERT INTO idempotency_keys (user_id, key, fingerprint, leased_until) VALUES ($1::VARCHAR, $2::VARCHAR, $3::BYTEA, (now() + $4::FLOAT * interval '1 second')) ON CONFLICT ON CONSTRAINT uq_idempotency_keys_once DO UPDATE SET fingerprint = excluded.fingerprint, lease = (idempotency_keys.lease + 1), leased_until = excluded.leased_until, claimed_at = now(), status = NULL, headers = NULL, body = NULL WHERE idempotency_keys.status IS NULL AND idempotency_keys.leased_until <= now() AND idempotency_keys.fingerprint = excluded.fingerprint OR idempotency_keys.claimed_at <= now() - interval '1 day' RETURNING idempotency_keys.lease;

-- idempotency_keys.find(the_user_id, the_key)
SELECT idempotency_keys.fingerprint, idempotency_keys.status, idempotency_keys.headers, idempotency_keys.body, CAST(EXTRACT(epoch FROM idempotency_keys.leased_until - now()) AS DOUBLE PRECISION) AS seconds_left
FROM idempotency_keys
WHERE idempotency_keys.user_id = $1::VARCHAR AND idempotency_keys.key = $2::VARCHAR;

-- idempotency_keys.keep(new_status, new_headers, new_body, the_user_id, the_key, the_lease) guards the claim of the idempotency key
UPDATE idempotency_keys SET status=$1::SMALLINT, headers=$2::VARCHAR, body=$3::BYTEA WHERE idempotency_keys.user_id = $4::VARCHAR AND idempotency_keys.key = $5::VARCHAR AND idempotency_keys.lease = $6::BIGINT AND idempotency_keys.status IS NULL RETURNING idempotency_keys.lease;

-- idempotency_keys.free(the_user_id, the_key, the_lease)
UPDATE idempotency_keys SET leased_until=now() WHERE idempotency_keys.user_id = $1::VARCHAR AND idempotency_keys.key = $2::VARCHAR AND idempotency_keys.lease = $3::BIGINT AND idempotency_keys.status IS NULL RETURNING idempotency_keys.lease;

-- idempotency_keys.drop(the_user_id, the_key, the_lease)
DELETE FROM idempotency_keys WHERE idempotency_keys.user_id = $1::VARCHAR AND idempotency_keys.key = $2::VARCHAR AND idempotency_keys.lease = $3::BIGINT AND idempotency_keys.status IS NULL RETURNING idempotency_keys.lease;

-- idempotency_keys.forget(days, at_most)
DELETE FROM idempotency_keys WHERE idempotency_keys.id = ANY (array((SELECT idempotency_keys.id
FROM idempotency_keys
WHERE idempotency_keys.claimed_at < now() - $1::FLOAT * interval '1 day' ORDER BY idempotency_keys.claimed_at
 LIMIT $2 FOR UPDATE SKIP LOCKED))) RETURNING idempotency_keys.id;

-- customers.find(the_key)
SELECT customers.user_id, customers.email, customers.name, customers.locale, customers.provider_id, customers.request, customers.attempt, customers.prepared_at, customers.version
FROM customers
WHERE customers.user_id = $1::VARCHAR;

-- customers.add(user_id, email, name, locale, provider_id, request, attempt, prepared_at, version)
INSERT INTO customers (user_id, email, name, locale, provider_id, request, attempt, prepared_at, version) VALUES ($1::VARCHAR, $2::VARCHAR, $3::VARCHAR, $4::VARCHAR, $5::VARCHAR, $6::VARCHAR, $7::INTEGER, $8::TIMESTAMP WITH TIME ZONE, $9::INTEGER);

-- customers.save(email, name, locale, provider_id, request, attempt, prepared_at, the_key, seen_version) guards customers
UPDATE customers SET email=$1::VARCHAR, name=$2::VARCHAR, locale=$3::VARCHAR, provider_id=$4::VARCHAR, request=$5::VARCHAR, attempt=$6::INTEGER, prepared_at=$7::TIMESTAMP WITH TIME ZONE, version=(customers.version + 1) WHERE customers.user_id = $8::VARCHAR AND customers.version = $9::INTEGER RETURNING customers.version;

-- checkouts.find(the_key)
SELECT checkouts.payment_id, checkouts.attempt, checkouts.request, checkouts.prepared_at, checkouts.claimed_until, checkouts.failures, checkouts.url, checkouts.expires_at, checkouts.asked_at, checkouts.open_at, checkouts.version
FROM checkouts
WHERE checkouts.payment_id = $1::UUID;

-- checkouts.add(payment_id, attempt, request, prepared_at, claimed_until, failures, url, expires_at, asked_at, open_at, version)
INSERT INTO checkouts (payment_id, attempt, request, prepared_at, claimed_until, failures, url, expires_at, asked_at, open_at, version) VALUES ($1::UUID, $2::INTEGER, $3::VARCHAR, $4::TIMESTAMP WITH TIME ZONE, $5::TIMESTAMP WITH TIME ZONE, $6::INTEGER, $7::VARCHAR, $8::TIMESTAMP WITH TIME ZONE, $9::TIMESTAMP WITH TIME ZONE, $10::TIMESTAMP WITH TIME ZONE, $11::INTEGER);

-- checkouts.save(attempt, request, prepared_at, claimed_until, failures, url, expires_at, asked_at, open_at, the_key, seen_version) guards checkouts
UPDATE checkouts SET attempt=$1::INTEGER, request=$2::VARCHAR, prepared_at=$3::TIMESTAMP WITH TIME ZONE, claimed_until=$4::TIMESTAMP WITH TIME ZONE, failures=$5::INTEGER, url=$6::VARCHAR, expires_at=$7::TIMESTAMP WITH TIME ZONE, asked_at=$8::TIMESTAMP WITH TIME ZONE, open_at=$9::TIMESTAMP WITH TIME ZONE, version=(checkouts.version + 1) WHERE checkouts.payment_id = $10::UUID AND checkouts.version = $11::INTEGER RETURNING checkouts.version;

-- invoices.find(the_key)
SELECT invoices.payment_id, invoices.number, invoices.issued_at, invoices.stripe_invoice_id, invoices.hosted_url, invoices.pdf_url, invoices.version
FROM invoices
WHERE invoices.payment_id = $1::UUID;

-- invoices.add(payment_id, number, issued_at, stripe_invoice_id, hosted_url, pdf_url, version)
INSERT INTO invoices (payment_id, number, issued_at, stripe_invoice_id, hosted_url, pdf_url, version) VALUES ($1::UUID, $2::VARCHAR, $3::TIMESTAMP WITH TIME ZONE, $4::VARCHAR, $5::VARCHAR, $6::VARCHAR, $7::INTEGER);

-- invoices.save(number, issued_at, stripe_invoice_id, hosted_url, pdf_url, the_key, seen_version) guards invoices
UPDATE invoices SET number=$1::VARCHAR, issued_at=$2::TIMESTAMP WITH TIME ZONE, stripe_invoice_id=$3::VARCHAR, hosted_url=$4::VARCHAR, pdf_url=$5::VARCHAR, version=(invoices.version + 1) WHERE invoices.payment_id = $6::UUID AND invoices.version = $7::INTEGER RETURNING invoices.version;

-- mails.find(the_key)
SELECT mails.key, mails.payment_id, mails.recipient, mails.subject, mails.html, mails.plain, mails.written_at, mails.in_doubt_since, mails.sent_at, mails.provider_id, mails.version
FROM mails
WHERE mails.key = $1::VARCHAR FOR UPDATE;

-- mails.add(key, payment_id, recipient, subject, html, plain, written_at, in_doubt_since, sent_at, provider_id, version)
INSERT INTO mails (key, payment_id, recipient, subject, html, plain, written_at, in_doubt_since, sent_at, provider_id, version) VALUES ($1::VARCHAR, $2::UUID, $3::VARCHAR, $4::VARCHAR, $5::VARCHAR, $6::VARCHAR, $7::TIMESTAMP WITH TIME ZONE, $8::TIMESTAMP WITH TIME ZONE, $9::TIMESTAMP WITH TIME ZONE, $10::VARCHAR, $11::INTEGER);

-- mails.save(payment_id, recipient, subject, html, plain, written_at, in_doubt_since, sent_at, provider_id, the_key, seen_version) guards mails
UPDATE mails SET payment_id=$1::UUID, recipient=$2::VARCHAR, subject=$3::VARCHAR, html=$4::VARCHAR, plain=$5::VARCHAR, written_at=$6::TIMESTAMP WITH TIME ZONE, in_doubt_since=$7::TIMESTAMP WITH TIME ZONE, sent_at=$8::TIMESTAMP WITH TIME ZONE, provider_id=$9::VARCHAR, version=(mails.version + 1) WHERE mails.key = $10::VARCHAR AND mails.version = $11::INTEGER RETURNING mails.version;

-- customers.unmade(since, until)
SELECT customers.user_id, customers.email, customers.name, customers.locale, customers.provider_id, customers.request, customers.attempt, customers.prepared_at, customers.version
FROM customers
WHERE customers.provider_id IS NULL AND customers.prepared_at BETWEEN $1::TIMESTAMP WITH TIME ZONE AND $2::TIMESTAMP WITH TIME ZONE ORDER BY customers.prepared_at
 LIMIT 1000;

-- payments.get(the_id)
SELECT payments.id, payments.user_id, payments.user_type, payments.plan, payments.amount_minor, payments.currency, payments.created_at, payments.renewal, payments.status, payments.checkout_session_id, payments.payment_intent_id, payments.paid_at, payments.refunded_minor, payments.dispute, payments.review, payments.duplicate, payments.version
FROM payments
WHERE payments.id = $1::UUID;

-- payments.get_locked(the_id)
SELECT payments.id, payments.user_id, payments.user_type, payments.plan, payments.amount_minor, payments.currency, payments.created_at, payments.renewal, payments.status, payments.checkout_session_id, payments.payment_intent_id, payments.paid_at, payments.refunded_minor, payments.dispute, payments.review, payments.duplicate, payments.version
FROM payments
WHERE payments.id = $1::UUID FOR UPDATE;

-- payments.of_session(session_id, the_id)
SELECT payments.id, payments.user_id, payments.user_type, payments.plan, payments.amount_minor, payments.currency, payments.created_at, payments.renewal, payments.status, payments.checkout_session_id, payments.payment_intent_id, payments.paid_at, payments.refunded_minor, payments.dispute, payments.review, payments.duplicate, payments.version
FROM payments
WHERE payments.checkout_session_id = $1::VARCHAR OR payments.id = $2::UUID ORDER BY CASE WHEN (payments.checkout_session_id = $1::VARCHAR) THEN 1 ELSE 2 END
 LIMIT 1 FOR UPDATE;

-- payments.of_intent(payment_intent_id)
SELECT payments.id, payments.user_id, payments.user_type, payments.plan, payments.amount_minor, payments.currency, payments.created_at, payments.renewal, payments.status, payments.checkout_session_id, payments.payment_intent_id, payments.paid_at, payments.refunded_minor, payments.dispute, payments.review, payments.duplicate, payments.version
FROM payments
WHERE payments.payment_intent_id = $1::VARCHAR FOR UPDATE;

-- payments.under_review()
SELECT payments.id, payments.user_id, payments.user_type, payments.plan, payments.amount_minor, payments.currency, payments.created_at, payments.renewal, payments.status, payments.checkout_session_id, payments.payment_intent_id, payments.paid_at, payments.refunded_minor, payments.dispute, payments.review, payments.duplicate, payments.version
FROM payments
WHERE (payments.status = 'REVIEW' OR payments.duplicate) AND payments.status != 'REFUNDED' AND payments.dispute IS DISTINCT FROM 'LOST' ORDER BY payments.created_at, payments.id
 LIMIT 1000;

-- payments.unfinished_of(user_id)
SELECT payments.id, payments.user_id, payments.user_type, payments.plan, payments.amount_minor, payments.currency, payments.created_at, payments.renewal, payments.status, payments.checkout_session_id, payments.payment_intent_id, payments.paid_at, payments.refunded_minor, payments.dispute, payments.review, payments.duplicate, payments.version
FROM payments
WHERE payments.user_id = $1::VARCHAR AND (payments.status = 'PENDING' OR payments.status = 'PROCESSING') ORDER BY payments.status
 LIMIT 1 FOR UPDATE;

-- payments.unfinished(after_created_at, after_id, limit)
SELECT payments.id, payments.user_id, payments.user_type, payments.plan, payments.amount_minor, payments.currency, payments.created_at, payments.renewal, payments.status, payments.checkout_session_id, payments.payment_intent_id, payments.paid_at, payments.refunded_minor, payments.dispute, payments.review, payments.duplicate, payments.version
FROM payments
WHERE payments.status IN ('PENDING', 'PROCESSING') AND (payments.created_at, payments.id) > ($1::TIMESTAMP WITH TIME ZONE, $2::UUID) ORDER BY payments.created_at, payments.id
 LIMIT $3::INTEGER;

-- payments.of_member(user_id, the_id)
SELECT payments.id, payments.user_id, payments.user_type, payments.plan, payments.amount_minor, payments.currency, payments.created_at, payments.renewal, payments.status, payments.checkout_session_id, payments.payment_intent_id, payments.paid_at, payments.refunded_minor, payments.dispute, payments.review, payments.duplicate, payments.version, invoices.payment_id AS invoice_payment_id, invoices.number AS invoice_number, invoices.issued_at AS invoice_issued_at, invoices.stripe_invoice_id AS invoice_stripe_invoice_id, invoices.hosted_url AS invoice_hosted_url, invoices.pdf_url AS invoice_pdf_url
FROM payments LEFT OUTER JOIN invoices ON invoices.payment_id = payments.id
WHERE payments.user_id = $1::VARCHAR AND payments.id = $2::UUID;

-- payments.older(user_id, after, before, statuses, created_from, created_before, limit)
SELECT payments.id, payments.user_id, payments.user_type, payments.plan, payments.amount_minor, payments.currency, payments.created_at, payments.renewal, payments.status, payments.checkout_session_id, payments.payment_intent_id, payments.paid_at, payments.refunded_minor, payments.dispute, payments.review, payments.duplicate, payments.version, invoices.payment_id AS invoice_payment_id, invoices.number AS invoice_number, invoices.issued_at AS invoice_issued_at, invoices.stripe_invoice_id AS invoice_stripe_invoice_id, invoices.hosted_url AS invoice_hosted_url, invoices.pdf_url AS invoice_pdf_url
FROM payments LEFT OUTER JOIN invoices ON invoices.payment_id = payments.id
WHERE payments.user_id = $1::VARCHAR AND payments.id > $2::UUID AND payments.id < $3::UUID AND payments.status = any($4::TEXT[]) AND payments.created_at >= $5::TIMESTAMP WITH TIME ZONE AND payments.created_at < $6::TIMESTAMP WITH TIME ZONE ORDER BY payments.id DESC
 LIMIT $7::INTEGER;

-- payments.newer(user_id, after, before, statuses, created_from, created_before, limit)
SELECT payments.id, payments.user_id, payments.user_type, payments.plan, payments.amount_minor, payments.currency, payments.created_at, payments.renewal, payments.status, payments.checkout_session_id, payments.payment_intent_id, payments.paid_at, payments.refunded_minor, payments.dispute, payments.review, payments.duplicate, payments.version, invoices.payment_id AS invoice_payment_id, invoices.number AS invoice_number, invoices.issued_at AS invoice_issued_at, invoices.stripe_invoice_id AS invoice_stripe_invoice_id, invoices.hosted_url AS invoice_hosted_url, invoices.pdf_url AS invoice_pdf_url
FROM payments LEFT OUTER JOIN invoices ON invoices.payment_id = payments.id
WHERE payments.user_id = $1::VARCHAR AND payments.id > $2::UUID AND payments.id < $3::UUID AND payments.status = any($4::TEXT[]) AND payments.created_at >= $5::TIMESTAMP WITH TIME ZONE AND payments.created_at < $6::TIMESTAMP WITH TIME ZONE ORDER BY payments.id ASC
 LIMIT $7::INTEGER;

-- payments.add(id, user_id, user_type, plan, amount_minor, currency, created_at, renewal, status, checkout_session_id, payment_intent_id, paid_at, refunded_minor, dispute, review, duplicate, version)
INSERT INTO payments (id, user_id, user_type, plan, amount_minor, currency, created_at, renewal, status, checkout_session_id, payment_intent_id, paid_at, refunded_minor, dispute, review, duplicate, version) VALUES ($1::UUID, $2::VARCHAR, $3::VARCHAR, $4::VARCHAR, $5::BIGINT, $6::VARCHAR, $7::TIMESTAMP WITH TIME ZONE, $8::BOOLEAN, $9::VARCHAR, $10::VARCHAR, $11::VARCHAR, $12::TIMESTAMP WITH TIME ZONE, $13::BIGINT, $14::VARCHAR, $15::JSONB, $16::BOOLEAN, $17::INTEGER);

-- payments.save(status, checkout_session_id, payment_intent_id, paid_at, refunded_minor, dispute, review, duplicate, the_key, seen_version) guards payments
UPDATE payments SET status=$1::VARCHAR, checkout_session_id=$2::VARCHAR, payment_intent_id=$3::VARCHAR, paid_at=$4::TIMESTAMP WITH TIME ZONE, refunded_minor=$5::BIGINT, dispute=$6::VARCHAR, review=$7::JSONB, duplicate=$8::BOOLEAN, version=(payments.version + 1) WHERE payments.id = $9::UUID AND payments.version = $10::INTEGER RETURNING payments.version;

-- subscriptions.of(user_id)
SELECT subscriptions.user_id, subscriptions.user_type, subscriptions.plan, subscriptions.status, subscriptions.version, array((SELECT periods.payment_id
FROM periods
WHERE periods.user_id = subscriptions.user_id ORDER BY periods.n)) AS payment_ids, array((SELECT periods.bought_at
FROM periods
WHERE periods.user_id = subscriptions.user_id ORDER BY periods.n)) AS bought, array((SELECT periods.starts_at
FROM periods
WHERE periods.user_id = subscriptions.user_id ORDER BY periods.n)) AS starts, array((SELECT periods.ends_at
FROM periods
WHERE periods.user_id = subscriptions.user_id ORDER BY periods.n)) AS ends, array((SELECT periods.taken_back_at
FROM periods
WHERE periods.user_id = subscriptions.user_id ORDER BY periods.n)) AS taken_back
FROM subscriptions
WHERE subscriptions.user_id = $1::VARCHAR;

-- subscriptions.of_all(user_ids)
SELECT subscriptions.user_id, subscriptions.user_type, subscriptions.plan, subscriptions.status, subscriptions.version, array((SELECT periods.payment_id
FROM periods
WHERE periods.user_id = subscriptions.user_id ORDER BY periods.n)) AS payment_ids, array((SELECT periods.bought_at
FROM periods
WHERE periods.user_id = subscriptions.user_id ORDER BY periods.n)) AS bought, array((SELECT periods.starts_at
FROM periods
WHERE periods.user_id = subscriptions.user_id ORDER BY periods.n)) AS starts, array((SELECT periods.ends_at
FROM periods
WHERE periods.user_id = subscriptions.user_id ORDER BY periods.n)) AS ends, array((SELECT periods.taken_back_at
FROM periods
WHERE periods.user_id = subscriptions.user_id ORDER BY periods.n)) AS taken_back
FROM subscriptions
WHERE subscriptions.user_id = any($1::TEXT[]);

-- subscriptions.unchanged(user_id, seen_version) guards subscriptions
SELECT 1
WHERE coalesce((SELECT subscriptions.version
FROM subscriptions
WHERE subscriptions.user_id = $1::VARCHAR), 0) = $2::INTEGER;

-- subscriptions.add(user_id, user_type, plan, status, version)
INSERT INTO subscriptions (user_id, user_type, plan, status, version) VALUES ($1::VARCHAR, $2::VARCHAR, $3::VARCHAR, $4::VARCHAR, $5::INTEGER);

-- subscriptions.save(user_type, plan, status, the_key, seen_version) guards subscriptions
UPDATE subscriptions SET user_type=$1::VARCHAR, plan=$2::VARCHAR, status=$3::VARCHAR, version=(subscriptions.version + 1) WHERE subscriptions.user_id = $4::VARCHAR AND subscriptions.version = $5::INTEGER RETURNING subscriptions.version;

-- periods.add(user_id, n, payment_id, bought_at, starts_at, ends_at, taken_back_at, previous_n, previous_ends_at)
INSERT INTO periods (user_id, n, payment_id, bought_at, starts_at, ends_at, taken_back_at, previous_n, previous_ends_at) VALUES ($1::VARCHAR, $2::INTEGER, $3::UUID, $4::TIMESTAMP WITH TIME ZONE, $5::TIMESTAMP WITH TIME ZONE, $6::TIMESTAMP WITH TIME ZONE, $7::TIMESTAMP WITH TIME ZONE, $8::INTEGER, $9::TIMESTAMP WITH TIME ZONE);

-- periods.drop_after(user_id, n)
DELETE FROM periods WHERE periods.user_id = $1::VARCHAR AND periods.n > $2::INTEGER;

-- returns.of(payment_intent_id)
SELECT 'refund' AS kind, refunds.id, refunds.payment_intent_id, refunds.amount_minor, refunds.currency, refunds.created_at, refunds.version, refunds.status AS stage, null::timestamptz AS lost_at
FROM refunds
WHERE refunds.payment_intent_id = $1::VARCHAR UNION ALL SELECT 'dispute' AS kind, disputes.id, disputes.payment_intent_id, disputes.amount_minor, disputes.currency, disputes.created_at, disputes.version, disputes.stage AS stage, disputes.lost_at AS lost_at
FROM disputes
WHERE disputes.payment_intent_id = $1::VARCHAR ORDER BY created_at, id;

-- returns.none(payment_intent_id) guards what went back
SELECT 1
WHERE NOT (EXISTS (SELECT *
FROM refunds
WHERE refunds.payment_intent_id = $1::VARCHAR)) AND NOT (EXISTS (SELECT *
FROM disputes
WHERE disputes.payment_intent_id = $1::VARCHAR));

-- returns.open(made_until, after_created_at, after_id, at_most)
SELECT 'refund' AS kind, refunds.id, refunds.payment_intent_id, refunds.amount_minor, refunds.currency, refunds.created_at, refunds.version, refunds.status AS stage, null::timestamptz AS lost_at
FROM refunds
WHERE refunds.status IN ('pending', 'requires_action') AND refunds.created_at <= $1::TIMESTAMP WITH TIME ZONE AND (refunds.created_at, refunds.id) > ($2::TIMESTAMP WITH TIME ZONE, $3::VARCHAR) AND (EXISTS (SELECT *
FROM payments
WHERE payments.payment_intent_id = refunds.payment_intent_id)) UNION ALL SELECT 'dispute' AS kind, disputes.id, disputes.payment_intent_id, disputes.amount_minor, disputes.currency, disputes.created_at, disputes.version, disputes.stage AS stage, disputes.lost_at AS lost_at
FROM disputes
WHERE disputes.stage IN ('appealed', 'inquiry', 'open') AND disputes.created_at <= $1::TIMESTAMP WITH TIME ZONE AND (disputes.created_at, disputes.id) > ($2::TIMESTAMP WITH TIME ZONE, $3::VARCHAR) AND (EXISTS (SELECT *
FROM payments
WHERE payments.payment_intent_id = disputes.payment_intent_id)) ORDER BY created_at, id
 LIMIT $4;

-- returns.charges(after, at_most)
SELECT anon_1.payment_intent_id
FROM (SELECT DISTINCT refunds.payment_intent_id AS payment_intent_id
FROM refunds
WHERE refunds.payment_intent_id > $1::VARCHAR ORDER BY refunds.payment_intent_id
 LIMIT $2) AS anon_1 UNION SELECT anon_2.payment_intent_id
FROM (SELECT DISTINCT disputes.payment_intent_id AS payment_intent_id
FROM disputes
WHERE disputes.payment_intent_id > $1::VARCHAR ORDER BY disputes.payment_intent_id
 LIMIT $2) AS anon_2 ORDER BY payment_intent_id
 LIMIT $2;

-- refunds.add(id, payment_intent_id, amount_minor, currency, status, created_at, version)
INSERT INTO refunds (id, payment_intent_id, amount_minor, currency, status, created_at, version) VALUES ($1::VARCHAR, $2::VARCHAR, $3::BIGINT, $4::VARCHAR, $5::VARCHAR, $6::TIMESTAMP WITH TIME ZONE, $7::INTEGER);

-- refunds.save(status, the_key, seen_version) guards refunds
UPDATE refunds SET status=$1::VARCHAR, version=(refunds.version + 1) WHERE refunds.id = $2::VARCHAR AND refunds.version = $3::INTEGER RETURNING refunds.version;

-- disputes.add(id, payment_intent_id, amount_minor, currency, stage, created_at, lost_at, version)
INSERT INTO disputes (id, payment_intent_id, amount_minor, currency, stage, created_at, lost_at, version) VALUES ($1::VARCHAR, $2::VARCHAR, $3::BIGINT, $4::VARCHAR, $5::VARCHAR, $6::TIMESTAMP WITH TIME ZONE, $7::TIMESTAMP WITH TIME ZONE, $8::INTEGER);

-- disputes.save(stage, lost_at, the_key, seen_version) guards disputes
UPDATE disputes SET stage=$1::VARCHAR, lost_at=$2::TIMESTAMP WITH TIME ZONE, version=(disputes.version + 1) WHERE disputes.id = $3::VARCHAR AND disputes.version = $4::INTEGER RETURNING disputes.version;

-- receipt_counters.next(year)
INSERT INTO receipt_counters (year, last) VALUES ($1::SMALLINT, 1) ON CONFLICT (year) DO UPDATE SET last = (receipt_counters.last + 1) RETURNING receipt_counters.last;

-- refused_currencies.all()
SELECT array_agg(refused_currencies.currency) AS currencies
FROM refused_currencies;

-- refused_currencies.add(currency, reason, refused_at)
INSERT INTO refused_currencies (currency, reason, refused_at) VALUES ($1::VARCHAR, $2::VARCHAR, $3::TIMESTAMP WITH TIME ZONE) ON CONFLICT DO NOTHING;

-- audit.add(entity, entity_id, from_status, to_status, why, actor, event_id)
INSERT INTO audit (entity, entity_id, from_status, to_status, why, actor, event_id) VALUES ($1::VARCHAR, $2::VARCHAR, $3::VARCHAR, $4::VARCHAR, $5::VARCHAR, $6::VARCHAR, $7::VARCHAR) RETURNING audit.id;

-- rate_tallies.exchange(keys, the_replica, numbers)
WITH told AS
(INSERT INTO rate_tallies (key, replica, counted, told_at) SELECT unnest($1::BYTEA[]) AS unnest_1, $2::UUID AS anon_1, unnest($3::INTEGER[]) AS unnest_2, now() AS now_1 ON CONFLICT (key, replica) DO UPDATE SET counted = excluded.counted, told_at = excluded.told_at)
 SELECT rate_tallies.key, sum(rate_tallies.counted) AS elsewhere
FROM rate_tallies
WHERE rate_tallies.key = any($1::BYTEA[]) AND rate_tallies.replica != $2::UUID AND rate_tallies.told_at > now() - interval '5 seconds' GROUP BY rate_tallies.key;

-- rate_tallies.forget()
WITH "old" AS
(SELECT rate_tallies.key AS key, rate_tallies.replica AS replica
FROM rate_tallies
WHERE rate_tallies.told_at < now() - interval '1 minute' FOR UPDATE SKIP LOCKED)
 DELETE FROM rate_tallies USING "old" WHERE rate_tallies.key = "old".key AND rate_tallies.replica = "old".replica RETURNING rate_tallies.key;

-- turns.take(name, holder, lease_seconds)
INSERT INTO turns (name, holder, taken_at, until) VALUES ($1::VARCHAR, $2::UUID, now(), (now() + $3::FLOAT * interval '1 second')) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, taken_at = excluded.taken_at, until = excluded.until WHERE turns.until <= now() RETURNING turns.holder;

-- turns.keep(lease_seconds, the_name, the_holder)
UPDATE turns SET until=(now() + $1::FLOAT * interval '1 second') WHERE turns.name = $2::VARCHAR AND turns.holder = $3::UUID RETURNING turns.holder;

-- turns.end(rest_seconds, the_name, the_holder)
UPDATE turns SET until=greatest(now(), turns.taken_at + $1::FLOAT * interval '1 second') WHERE turns.name = $2::VARCHAR AND turns.holder = $3::UUID;
