"""As little as can be done: ASGI without a framework, asyncpg without anything above it, as few statements a request as there can be."""

import hmac
import os
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import asyncpg
import msgspec
import uvicorn
from msgspec import Struct

from bench.reference.asgi import JSON, Answer, Headers, Message, Pool, Receive, Send
from bench.reference.client import Client
from bench.reference.reading import access, history
from bench.reference.starting import Starting
from bench.reference.statement import NAMES, with_placeholders
from bench.reference.tokens import header

if TYPE_CHECKING:
    from bench.reference.paying_page import PayingPage

CONNECTIONS_MAX: Final = 8
"""As many as the service opens."""

TOLERANCE_SECONDS: Final = 300
CONFIRM: Final = with_placeholders()


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


def is_signed(body: bytes, signature: str, secret: bytes) -> bool:
    """Whether Stripe has signed a body just now."""
    parts = dict(part.partition("=")[::2] for part in signature.split(","))
    expected = hmac.digest(secret, parts["t"].encode() + b"." + body, "sha256").hex()
    return abs(time.time() - int(parts["t"])) < TOLERANCE_SECONDS and hmac.compare_digest(expected, parts["v1"])


class Bare:
    """The application."""

    def __init__(self) -> None:
        self._secret = os.environ["STRIPE_WEBHOOK_SECRET"].encode()
        self._token_secret = os.environ["AUTH_JWT_SECRET"].encode()
        self._app_url = os.environ["APP_URL"]
        stripe = Client(os.environ["STRIPE_API_BASE"], os.environ["STRIPE_SECRET_KEY"])
        self._start = Starting(stripe, self._token_secret, self._app_url)
        self._page: PayingPage | None = None
        self._opened: Pool | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request, or the beginning and the end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        answer = await self._answered(scope, receive)
        headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    @property
    def _pool(self) -> Pool:
        if self._opened is None:
            raise RuntimeError("the pool is opened at the start")
        return self._opened

    async def _answered(self, scope: Message, receive: Receive) -> Answer:
        match scope["path"]:
            case "/api/webhooks/stripe":
                return await self._confirm(scope, await body_of(receive))
            case "/api/v1/subscription":
                return await access(self._pool, scope["headers"], self._token_secret)
            case "/api/v1/payments":
                headers, query = scope["headers"], scope["query_string"]
                return await history(self._pool, headers, self._token_secret, query, self._app_url)
            case "/api/v1/checkouts":
                await body_of(receive)
                return await self._start(self._pool, scope["headers"])
            case "/dashboard/talent/payment" as path:
                return await self._shown(scope["headers"], path)
            case "/health/ready":
                await self._pool.fetchval("SELECT 1")
                return Answer(200, b"{}", [JSON])
        return Answer(404, b"{}", [JSON])

    async def _shown(self, headers: Headers, path: str) -> Answer:
        if self._page is None:
            # Imported with the first page, so that the start and the memory of all else are without its templates and languages.
            from bench.reference.paying_page import PayingPage

            self._page = PayingPage(self._token_secret, os.environ["STRIPE_SECRET_KEY"].encode(), local=True)
        return await self._page(self._pool, headers, path)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._opened = await asyncpg.create_pool(
            os.environ["DATABASE_URL"],
            min_size=CONNECTIONS_MAX,
            max_size=CONNECTIONS_MAX,
            connection_class=PlainConnection,
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._opened.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _confirm(self, scope: Message, body: bytes) -> Answer:
        """The money of a checkout has arrived."""
        if not is_signed(body, header(scope["headers"], b"stripe-signature").decode("ascii"), self._secret):
            return Answer(400, b'{"received":false}', [JSON])
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
        paid = await self._pool.fetchval(CONFIRM, *(values[name] for name in NAMES))
        good = paid == 1
        return Answer(200 if good else 409, b'{"received":true}' if good else b'{"received":false}', [JSON])


async def body_of(receive: Receive) -> bytes:
    """The whole body of a request."""
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


if __name__ == "__main__":
    uvicorn.run(Bare(), port=int(sys.argv[1]), log_level="warning", access_log=False, ws="none")
