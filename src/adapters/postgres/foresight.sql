-- What handling events of checkouts reads, in one statement: whether each was kept before, its payment (locked), that one's subscription,
-- and whether anything of the charge went back. Payments are locked in the order of their ids, so that two works never wait for each other.
WITH asked AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[]) WITH ORDINALITY
               AS asked (event_id, session_id, named_id, intent_id, place)
), meant AS (
    SELECT asked.place, asked.intent_id,
           EXISTS (SELECT FROM events WHERE events.id = asked.event_id) AS known,
           coalesce(
               (SELECT payments.id FROM payments WHERE payments.checkout_session_id = asked.session_id),
               (SELECT payments.id FROM payments WHERE payments.id = asked.named_id)
           ) AS id
      FROM asked
), locked AS (
    SELECT * FROM payments
     WHERE payments.id = ANY (ARRAY(SELECT meant.id FROM meant WHERE NOT meant.known))
     ORDER BY payments.id FOR UPDATE
)
SELECT locked.*, meant.known, meant.id IS NOT NULL AND NOT meant.known AND locked.user_id IS NULL AS held,
       EXISTS (SELECT FROM refunds WHERE refunds.payment_intent_id = meant.intent_id)
       OR EXISTS (SELECT FROM disputes WHERE disputes.payment_intent_id = meant.intent_id) AS went_back,
       subscriptions.user_type AS subscribed_as, subscriptions.plan AS subscribed_to, subscriptions.status AS subscribed,
       subscriptions.version AS subscription_version,
       ARRAY(SELECT periods.payment_id FROM periods WHERE periods.user_id = subscriptions.user_id ORDER BY periods.n) AS payment_ids,
       ARRAY(SELECT periods.bought_at FROM periods WHERE periods.user_id = subscriptions.user_id ORDER BY periods.n) AS bought,
       ARRAY(SELECT periods.starts_at FROM periods WHERE periods.user_id = subscriptions.user_id ORDER BY periods.n) AS starts,
       ARRAY(SELECT periods.ends_at FROM periods WHERE periods.user_id = subscriptions.user_id ORDER BY periods.n) AS ends,
       ARRAY(SELECT periods.taken_back_at FROM periods WHERE periods.user_id = subscriptions.user_id ORDER BY periods.n) AS taken_back
  FROM meant LEFT JOIN locked USING (id) LEFT JOIN subscriptions ON subscriptions.user_id = locked.user_id
 ORDER BY meant.place
