"""Events and sessions as Stripe sends them, valid by default, and how a test signs and reads them."""

import json
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final
from uuid import UUID

from adapters.stripe.events import StripeEventReader
from application.ports.gateway import Delivery, ProviderEvent
from contract.test_stripe_signatures import ORACLE

_numbers = count(1)
SECRET: Final = "whsec_of_the_events"
CREATED: Final = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
STAMP: Final = int(CREATED.timestamp())
PAYMENT_ID: Final = UUID("0190aaaa-0000-7000-8000-000000000001")
READER: Final = StripeEventReader(secrets=[SECRET], live=False)

Json = dict[str, Any]
"""A JSON document. Any: whatever a test puts there."""


def a_stripe_session(**changes: object) -> Json:
    """A Checkout Session that was paid, as the version of today writes it."""
    number = next(_numbers)
    values: Json = {
        "id": f"cs_test_a1{number:056d}",
        "object": "checkout.session",
        "amount_subtotal": 30000,
        "amount_total": 30000,
        "client_reference_id": str(PAYMENT_ID),
        "created": STAMP,
        "currency": "mad",
        "customer": "cus_1",
        "expires_at": STAMP + 3600,
        "invoice": f"in_{number}",
        "livemode": False,
        "metadata": {"payment_id": str(PAYMENT_ID), "user_id": "user-1", "plan": "talent_membership"},
        "mode": "payment",
        "payment_intent": f"pi_{number}",
        "payment_status": "paid",
        "status": "complete",
        "url": None,
    }
    return values | changes


def a_stripe_event(session: object = None, *, type: str = "checkout.session.completed", **changes: object) -> Json:
    """An event that wraps a session."""
    values: Json = {
        "id": f"evt_{next(_numbers):024d}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": STAMP,
        "data": {"object": a_stripe_session() if session is None else session},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": type,
    }
    return values | changes


def in_stripe_s_layout(event: object) -> bytes:
    """The bytes as Stripe writes them: two spaces of indent, UTF-8 not escaped."""
    return json.dumps(event, indent=2, ensure_ascii=False).encode()


def signed(body: bytes, *, secret: str = SECRET, at: datetime = CREATED) -> Delivery:
    """A delivery as Stripe signs it."""
    return Delivery(body=body, signature=ORACLE.generate_signature_header(body.decode(), secret, int(at.timestamp())))


def read(event: object) -> ProviderEvent:
    """The event after its signature was checked and its body read."""
    return READER.authentic(signed(in_stripe_s_layout(event)), CREATED)
