WITH kept AS (
    INSERT INTO events (id, type, api_version, created_at, state, body)
    VALUES (:event_id::text, 'checkout.session.completed', '2026-10-28.endive', :paid_at::timestamptz, 'handled', :body::bytea)
    ON CONFLICT (id) DO NOTHING RETURNING id
), paid AS (
    UPDATE payments
       SET status = 'SUCCEEDED', payment_intent_id = :intent_id::text, paid_at = :paid_at::timestamptz, version = version + 1
     WHERE checkout_session_id = :session_id::text AND status = 'PENDING'
       AND amount_minor = :amount::bigint AND currency = :currency::text AND EXISTS (SELECT FROM kept)
    RETURNING id, user_id, user_type, plan, paid_at
), subscribed AS (
    INSERT INTO subscriptions (user_id, user_type, plan, status, version)
    SELECT user_id, user_type, plan, 'ACTIVE', 1 FROM paid
), year AS (
    INSERT INTO periods (user_id, n, payment_id, bought_at, starts_at, ends_at)
    SELECT user_id, 1, id, paid_at, paid_at,
           (paid_at AT TIME ZONE 'Africa/Casablanca' + interval '1 year') AT TIME ZONE 'Africa/Casablanca'
      FROM paid
), invoiced AS (
    INSERT INTO invoices (payment_id, stripe_invoice_id, version) SELECT id, :invoice_id::text, 1 FROM paid
), ordered AS (
    INSERT INTO jobs (kind, subject, run_at, attempts_max)
    SELECT kind, id::text, now() + delay, 120
      FROM paid, (VALUES ('issue_receipt', interval '0'), ('collect_invoice', interval '1 second')) AS jobs (kind, delay)
), audited AS (
    INSERT INTO audit (entity, entity_id, from_status, to_status, why, actor, event_id)
    SELECT 'payment', id::text, 'PENDING', 'SUCCEEDED', 'checkout.session.completed', 'stripe', :event_id::text FROM paid
    UNION ALL
    SELECT 'subscription', user_id, 'NONE', 'ACTIVE', 'checkout.session.completed', 'stripe', :event_id::text FROM paid
)
SELECT count(*) FROM paid
