"""What the sandbox's tests stand on: the sandbox itself, Stripe's own SDK as its caller, a browser of few words, a webhook endpoint."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import aiohttp
import httpx
import stripe
from stripe.params import RefundCreateParams
from stripe.params.checkout import SessionCreateParams

from entrypoints.sandbox.config import SandboxConfig
from entrypoints.sandbox.server import SandboxServer

API_KEY = "sk_test_sandbox_of_the_tests"
SECRET = "whsec_sandbox_of_the_tests"
Json = dict[str, Any]  # Any: JSON documents, read by key

stripe.enable_telemetry = False


async def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Waits until a condition holds."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come to hold in time"
        await asyncio.sleep(0.005)


@dataclass(frozen=True)
class Received:
    """One webhook delivery as it came."""

    headers: dict[str, str]
    body: bytes

    def event(self, secret: str = SECRET) -> stripe.Event:
        """The event, verified by Stripe's own SDK."""
        event: stripe.Event = stripe.Webhook.construct_event(self.body, self.headers["stripe-signature"], secret)
        return event


@dataclass
class Receiver:
    """A webhook endpoint. answers: the statuses of the next deliveries, 200 when there are none left."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def listening(cls) -> AsyncGenerator["Receiver", None]:
        """Listens on a free port for as long as it is open."""
        receiver = cls()
        server = await asyncio.start_server(receiver._serve, "127.0.0.1", 0)
        receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks"
        yield receiver
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        pairs = [line.split(": ", 1) for line in head.split("\r\n")[1:] if line]
        headers = {name.lower(): value for name, value in pairs}
        self.received.append(Received(headers, await reader.readexactly(int(headers["content-length"]))))
        status = self.answers.pop(0) if self.answers else 200
        writer.write(f"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    def types(self) -> list[str]:
        """The types of what came."""
        return [one.event().type for one in self.received]


@dataclass
class World:
    """One running sandbox and its surroundings."""

    server: SandboxServer
    client: stripe.StripeClient
    web: httpx.AsyncClient
    receiver: Receiver

    async def session(
        self, *, key: str | None = None, **more: Any
    ) -> Any:  # Any: the SDK's session, typed as the test reads it
        """A new open session of 300.00 MAD."""
        line = {
            "price_data": {"currency": "mad", "unit_amount": 30000, "product_data": {"name": "Annual fee"}},
            "quantity": 1,
        }
        params: Json = {
            "mode": "payment",
            "success_url": "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}",
            "line_items": [line],
            **more,
        }
        wanted: SessionCreateParams = {name: value for name, value in params.items() if value is not None}  # type: ignore[assignment]  # tests send wrong ones too
        return await self.client.v1.checkout.sessions.create_async(wanted, {"idempotency_key": key} if key else {})

    async def again(self, session_id: str, *expand: str) -> Any:  # Any: as above
        """The session as it is now."""
        return await self.client.v1.checkout.sessions.retrieve_async(session_id, {"expand": list(expand)})

    async def press(self, session_id: str, **fields: str) -> httpx.Response:
        """Sends the form of the hosted page."""
        return await self.web.post(f"/c/pay/{session_id}", data=fields)

    async def pay(self, session_id: str, card_number: str = "4242424242424242") -> httpx.Response:
        """Presses "Pay"."""
        return await self.press(session_id, action="pay", card_number=card_number)

    async def paid(self, card_number: str = "4242424242424242") -> Any:  # Any: as above
        """A session that this card has paid, with its intent and charge in it."""
        session = await self.session()
        await self.pay(session.id, card_number)
        return await self.again(session.id, "payment_intent.latest_charge")

    async def refund(self, *, key: str | None = None, **params: Any) -> Any:  # Any: as above
        """A refund by call."""
        wanted: RefundCreateParams = params  # type: ignore[assignment]  # tests send wrong ones too
        return await self.client.v1.refunds.create_async(wanted, {"idempotency_key": key} if key else {})

    async def charge_of(self, refund: Any) -> Any:  # Any: as above
        """The charge of a refund as it is now, with its refunds."""
        return await self.client.v1.charges.retrieve_async(refund.charge, {"expand": ["refunds"]})

    async def disputed(self, card_number: str = "4000000000000259") -> tuple[Any, Any]:  # Any: as above
        """A payment with this disputing card, and its newest dispute."""
        paid = await self.paid(card_number)
        return paid, (await self.disputes_of(paid))[0]

    async def disputes_of(self, paid: Any) -> list[Any]:  # Any: as above
        """The disputes of a payment, newest first."""
        return (await self.client.v1.disputes.list_async({"payment_intent": paid.payment_intent.id})).data

    async def told_of(self, *patterns: str) -> list[Any]:  # Any: JSON events, read by key
        """The events whose types match one of these patterns, oldest first."""
        events = (await self.ask("events"))["data"]
        return [event for event in events if any(fnmatchcase(event["type"], pattern) for pattern in patterns)]

    async def tell(self, path: str, told: object = None) -> Any:  # Any: as the control API answers
        """Posts to the control API."""
        answer = await self.web.post(f"/_control/{path}", json=told if told is not None else {})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def ask(self, path: str) -> Any:  # Any: as the control API answers
        """Gets from the control API."""
        return (await self.web.get(f"/_control/{path}")).json()

    async def seen(self, path: str) -> None:
        """Waits until the API has seen a request."""
        limit = time.monotonic() + 5
        while not (await self.ask(f"requests?path={path}"))["data"]:
            assert time.monotonic() < limit, "no such request came"

    async def quiet(self) -> None:
        """Waits until nothing is on its way."""
        limit = time.monotonic() + 8
        while (await self.web.get("/_control/quiet")).status_code != 200:
            assert time.monotonic() < limit, "deliveries did not come to an end"
            await asyncio.sleep(0.01)

    async def raw(self, method: str, path: str, **how: Any) -> httpx.Response:  # Any: httpx's own keywords
        """An API call without the SDK."""
        headers = {"Authorization": f"Bearer {API_KEY}", **how.pop("headers", {})}
        return await self.web.request(method, path, headers=headers, **how)


def make_server(webhook_url: str | None, **more: Any) -> SandboxServer:  # Any: fields of the configuration
    """A sandbox whose retries come fast."""
    settings: Json = {"retry_schedule_seconds": (0.02, 0.02, 0.05), "redirect_wait_seconds": 2.0, **more}
    return SandboxServer(
        SandboxConfig(port=0, api_key=API_KEY, webhook_secret=SECRET, webhook_url=webhook_url, **settings)
    )


@asynccontextmanager
async def callers_of(server: SandboxServer, receiver: Receiver) -> AsyncGenerator[World, None]:
    """The SDK and the browser before a running sandbox."""
    # A session and a client of our own that need no TLS context: making one costs 30 ms.
    async with (
        aiohttp.ClientSession() as session,
        httpx.AsyncClient(base_url=server.url, verify=False) as web,  # noqa: S501 (plain HTTP only)
    ):
        client = stripe.StripeClient(
            API_KEY,
            base_addresses={"api": server.url},
            http_client=stripe.AIOHTTPClient(session=session),
            max_network_retries=0,
        )
        yield World(server, client, web, receiver)


@asynccontextmanager
async def open_world(
    receiver: Receiver, **more: Any
) -> AsyncGenerator[World, None]:  # Any: fields of the configuration
    """Runs a sandbox of its own in this loop."""
    server = make_server(receiver.url, **more)
    running = asyncio.create_task(server.run_here())
    await eventually(lambda: server.started)
    async with callers_of(server, receiver) as world:
        yield world
    server.should_exit = True
    await running
