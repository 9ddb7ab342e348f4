"""The start of a checkout in the bare program: two transactions of one statement each, and two requests to Stripe between them.

It knows none of the rules: no second start, no renewal, no attempt that is taken up again after a crash, no refused currency. The request
that made the customer is stored with what came of it, and not before.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from uuid_utils.compat import uuid7

from bench.reference.asgi import JSON, Answer, Headers, Pool, as_text
from bench.reference.client import Client
from bench.reference.tokens import Member, member_of, of_bearer

PLAN: Final = "talent_membership"
PLAN_NAME: Final = "Adh\u00e9sion annuelle Talent"
AMOUNT: Final = 30000
CURRENCY: Final = "mad"
LIFETIME: Final = timedelta(hours=1)

BEGIN: Final = """
    WITH known AS (
        INSERT INTO customers (user_id, email, name, locale, attempt, version) VALUES ($2, $5, $6, $7, 1, 1)
        ON CONFLICT (user_id) DO NOTHING
    ), begun AS (
        INSERT INTO payments (id, user_id, user_type, plan, amount_minor, currency, created_at, renewal, status, refunded_minor, version)
        VALUES ($1, $2, $3, $4, $8, $9, $10, false, 'PENDING', 0, 1)
    ), noted AS (
        INSERT INTO checkouts (payment_id, attempt, failures, claimed_until, version)
        VALUES ($1, 1, 0, $10::timestamptz + interval '15 seconds', 1)
    )
    INSERT INTO audit (entity, entity_id, to_status, why, actor)
    VALUES ('payment', $1::uuid::text, 'PENDING', 'checkout started', 'member:' || $2)
"""
OPENED: Final = """
    WITH paying AS (
        UPDATE payments SET checkout_session_id = $2, version = version + 1 WHERE id = $1 AND status = 'PENDING'
        RETURNING user_id
    ), open AS (
        UPDATE checkouts SET request = $3, url = $4, expires_at = $5, prepared_at = $6, claimed_until = NULL, version = version + 1
         WHERE payment_id = $1
    )
    UPDATE customers SET provider_id = $7, request = $8, prepared_at = $6, version = version + 1
      FROM paying WHERE customers.user_id = paying.user_id
"""


class Made(Struct):
    """Of a customer what is needed."""

    id: str


class Session(Struct):
    """Of a Checkout Session what is needed."""

    id: str
    url: str
    expires_at: int


CUSTOMERS: Final = msgspec.json.Decoder(Made)
SESSIONS: Final = msgspec.json.Decoder(Session)


class Starting:
    """Starts checkouts."""

    def __init__(self, stripe: Client, secret: bytes, app_url: str) -> None:
        """secret: of the tokens."""
        self._stripe = stripe
        self._secret = secret
        self._app_url = app_url

    async def __call__(self, pool: Pool, headers: Headers) -> Answer:
        """A new checkout of the member who asks."""
        member = member_of(of_bearer(headers), self._secret)
        now, payment_id = datetime.now(UTC), uuid7()
        person = (member.sub, member.user_type, PLAN, member.email, member.name, member.locale)
        await pool.execute(BEGIN, payment_id, *person, AMOUNT, CURRENCY, now)
        who = {"user_id": member.sub, "user_type": member.user_type}
        asked: dict[str, object] = {"email": member.email, "name": member.name, "metadata": who}
        made = CUSTOMERS.decode(await self._stripe.post("/v1/customers", as_form(asked), f"customer:{member.sub}:1"))
        wanted = self._wanted(member, str(payment_id), made.id, now)
        opened = SESSIONS.decode(
            await self._stripe.post("/v1/checkout/sessions", as_form(wanted), f"checkout:{payment_id}:1")
        )
        expires_at = datetime.fromtimestamp(opened.expires_at, UTC)
        kept = (opened.id, json.dumps(wanted), opened.url, expires_at, now, made.id, json.dumps(asked))
        await pool.execute(OPENED, payment_id, *kept)
        body = {
            "object": "checkout",
            "payment_id": payment_id,
            "checkout_session_id": opened.id,
            "url": opened.url,
            "expires_at": as_text(expires_at),
            "plan": PLAN,
            "amount": AMOUNT,
            "currency": CURRENCY,
            "status": "PENDING",
        }
        return Answer(201, msgspec.json.encode(body), [JSON])

    def _wanted(self, member: Member, payment_id: str, customer_id: str, now: datetime) -> dict[str, object]:
        metadata = {"payment_id": payment_id, "user_id": member.sub, "plan": PLAN}
        price = {"currency": CURRENCY, "unit_amount": AMOUNT, "product_data": {"name": PLAN_NAME}}
        return {
            "mode": "payment",
            "customer": customer_id,
            "client_reference_id": payment_id,
            "line_items": [{"quantity": 1, "price_data": price}],
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata},
            "invoice_creation": {"enabled": "true", "invoice_data": {"metadata": metadata}},
            "adaptive_pricing": {"enabled": "false"},
            "expires_at": int((now + LIFETIME).timestamp()),
            "locale": member.locale,
            "success_url": f"{self._app_url}/payment/success?session_id={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{self._app_url}/payment/cancel?payment_id={payment_id}",
        }


def as_form(fields: dict[str, object]) -> str:
    """A request as Stripe takes it: names of what lies inside in brackets."""
    pairs: list[tuple[str, object]] = []

    def lay_out(name: str, value: Any) -> None:  # Any: a JSON value
        if isinstance(value, dict):
            for inner, found in value.items():
                lay_out(f"{name}[{inner}]" if name else inner, found)
        elif isinstance(value, list):
            for place, found in enumerate(value):
                lay_out(f"{name}[{place}]", found)
        else:
            pairs.append((name, value))

    lay_out("", fields)
    return urlencode(pairs)
