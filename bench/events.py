"""Signed events in Stripe's byte layout: one for each payment, unique, and as long as Stripe's own."""

import secrets
import time
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from entrypoints.sandbox.events import API_VERSION, signature_header
from entrypoints.sandbox.wire import pretty

WEBHOOK_PATH: Final = "/api/webhooks/stripe"
WEBHOOK_SECRET: Final = f"whsec_{secrets.token_hex(16)}"
AMOUNT: Final = 30000
CURRENCY: Final = "mad"
PLAN: Final = "talent_membership"

NULLS: Final = (
    "after_expiration client_reference_id client_secret consent consent_collection currency_conversion customer_account"
    " customer_email payment_link permissions recovered_from setup_intent shipping_address_collection shipping_cost"
    " subscription success_url url wallet_options"
)


class Pending(Struct, frozen=True):
    """A payment that waits for its money."""

    number: int
    payment_id: UUID
    user_id: str
    session_id: str


def session_document(stamp: int) -> dict[str, Any]:  # Any: a JSON document
    """A Checkout Session that was paid, with words in @ where each one differs. stamp: seconds since the epoch."""
    return {
        **dict.fromkeys(NULLS.split()),
        "id": "@SESSION@",
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "allow_promotion_codes": False,
        "amount_subtotal": AMOUNT,
        "amount_total": AMOUNT,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": "auto",
        "cancel_url": "https://pay.example.org/payment/cancel?payment=@PAYMENT@",
        "client_reference_id": "@PAYMENT@",
        "created": stamp,
        "currency": CURRENCY,
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "customer": "cus_@NUMBER@",
        "customer_creation": "always",
        "customer_details": {
            "address": {
                "city": None,
                "country": "MA",
                "line1": None,
                "line2": None,
                "postal_code": None,
                "state": None,
            },
            "email": "@USER@@example.org",
            "name": "Salma Bennani",
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": [],
        },
        "discounts": [],
        "expires_at": stamp + 3600,
        "invoice": "in_@NUMBER@",
        "invoice_creation": {"enabled": True, "invoice_data": {"description": None, "footer": None, "metadata": {}}},
        "livemode": False,
        "locale": "fr",
        "metadata": {"payment_id": "@PAYMENT@", "plan": PLAN, "user_id": "@USER@"},
        "mode": "payment",
        "origin_context": None,
        "payment_intent": "pi_@NUMBER@",
        "payment_method_collection": "if_required",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "paid",
        "phone_number_collection": {"enabled": False},
        "saved_payment_method_options": {"allow_redisplay_filters": ["always"], "payment_method_save": None},
        "shipping_options": [],
        "status": "complete",
        "submit_type": "pay",
        "success_url": "https://pay.example.org/payment/success?session_id={CHECKOUT_SESSION_ID}",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
    }


def template(stamp: int) -> str:
    """The event that a checkout was paid, with words in @ where each one differs. stamp: seconds since the epoch."""
    event = {
        "id": "evt_@NUMBER@",
        "object": "event",
        "api_version": API_VERSION,
        "created": stamp,
        "data": {"object": session_document(stamp)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "checkout.session.completed",
    }
    return pretty(event)


def numbered(number: int) -> str:
    """The number of a payment in the ids of what belongs to it, as long as Stripe's ids are."""
    return f"{number:024d}"


def body_of(text: str, pending: Pending) -> bytes:
    """The event of one payment."""
    words = {
        "@NUMBER@": numbered(pending.number),
        "@SESSION@": pending.session_id,
        "@PAYMENT@": str(pending.payment_id),
        "@USER@": pending.user_id,
    }
    for word, value in words.items():
        text = text.replace(word, value)
    return text.encode()


def deliveries(awaited: list[Pending]) -> list[bytes]:
    """The requests with which Stripe would tell that these payments were paid just now."""
    now = int(time.time())
    text = template(now)
    return [delivery(body_of(text, pending), now) for pending in awaited]


def delivery(body: bytes, now: int) -> bytes:
    """One request, with the headers that Stripe sends."""
    head = (
        f"POST {WEBHOOK_PATH} HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n"
        "Content-Type: application/json; charset=utf-8\r\n"
        "User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n"
        "Accept: */*; q=0.5, application/xml\r\n"
        "Cache-Control: no-cache\r\n"
        f"Stripe-Signature: {signature_header(body, now, [WEBHOOK_SECRET])}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
