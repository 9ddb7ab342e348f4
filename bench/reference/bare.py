"""As little as can be done: ASGI without a framework, asyncpg without anything above it, one statement a request."""

import hmac
import os
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import msgspec
import uvicorn
from msgspec import Struct

from bench.reference.statement import NAMES, with_placeholders

CONNECTIONS_MAX: Final = 8
"""As many as the service opens."""

TOLERANCE_SECONDS: Final = 300
CONFIRM: Final = with_placeholders()

Message = dict[str, Any]  # Any: as ASGI has it
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Session(Struct):
    """Of a Checkout Session what is needed."""

    id: str
    amount_total: int
    currency: str
    payment_intent: str
    payment_status: str
    invoice: str | None = None


class Data(Struct):
    """Of an event's data what is needed."""

    object: Session


class Event(Struct):
    """Of an event what is needed."""

    id: str
    created: int
    type: str
    data: Data


EVENTS: Final = msgspec.json.Decoder(Event)


class PlainConnection(asyncpg.Connection):
    """A connection that is given back without asyncpg's reset query, as the service's are."""

    def get_reset_query(self) -> str:
        """Nothing to reset."""
        return ""


def is_signed(body: bytes, header: str, secret: bytes) -> bool:
    """Whether Stripe has signed a body just now."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    expected = hmac.digest(secret, parts["t"].encode() + b"." + body, "sha256").hex()
    return abs(time.time() - int(parts["t"])) < TOLERANCE_SECONDS and hmac.compare_digest(expected, parts["v1"])


class Bare:
    """The application."""

    def __init__(self) -> None:
        self._secret = os.environ["STRIPE_WEBHOOK_SECRET"].encode()
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request, or the beginning and the end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        status, body = await self._confirm(scope, receive)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._pool = await asyncpg.create_pool(
            os.environ["DATABASE_URL"],
            min_size=CONNECTIONS_MAX,
            max_size=CONNECTIONS_MAX,
            connection_class=PlainConnection,
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _confirm(self, scope: Message, receive: Receive) -> tuple[int, bytes]:
        """The money of a checkout has arrived."""
        parts, more = [], True
        while more:
            message = await receive()
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        body = b"".join(parts)
        header = next((value for name, value in scope["headers"] if name == b"stripe-signature"), b"")
        if not is_signed(body, header.decode("ascii"), self._secret):
            return 400, b'{"received":false}'
        event = EVENTS.decode(body)
        session = event.data.object
        values = {
            "event_id": event.id,
            "paid_at": datetime.fromtimestamp(event.created, UTC),
            "body": body,
            "intent_id": session.payment_intent,
            "session_id": session.id,
            "amount": session.amount_total,
            "currency": session.currency,
            "invoice_id": session.invoice,
        }
        if self._pool is None:
            raise RuntimeError("the pool is opened at the start")
        paid = await self._pool.fetchval(CONFIRM, *(values[name] for name in NAMES))
        return (200, b'{"received":true}') if paid == 1 else (409, b'{"received":false}')


if __name__ == "__main__":
    uvicorn.run(Bare(), port=int(sys.argv[1]), log_level="warning", access_log=False, ws="none")
