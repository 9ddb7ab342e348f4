"""A running Stripe sandbox, and the hands that a test has on it through its control API."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from threading import Thread
from typing import Any, Final

import httpx

from adapters.stripe.gateway import StripeGateway
from entrypoints.sandbox.config import SandboxConfig
from entrypoints.sandbox.server import SandboxServer

API_KEY: Final = "sk_test_of_the_contract"
SECRET: Final = "whsec_of_the_contract"
APP_URL: Final = "https://talents.example"
START_SECONDS_MAX: Final = 20


@contextmanager
def running_server() -> Iterator[SandboxServer]:
    """A sandbox that serves from a thread until it is left."""
    config = SandboxConfig(port=0, api_key=API_KEY, webhook_secret=SECRET, redirect_wait_seconds=0)
    server = SandboxServer(config)
    thread = Thread(target=lambda: asyncio.run(server.run_here()))
    thread.start()
    limit = time.monotonic() + START_SECONDS_MAX
    while not server.started and time.monotonic() < limit:
        thread.join(0.01)
    try:
        yield server
    finally:
        server.should_exit = True
        thread.join(START_SECONDS_MAX)


class SandboxHands:
    """The control API."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def tell(self, path: str, told: object = None) -> Any:  # Any: JSON
        """Post to the control API."""
        answer = await self._client.post(f"/_control/{path}", json=told if told is not None else {})
        answer.raise_for_status()
        return answer.json()

    async def fault(self, kind: str, **more: object) -> None:
        """Spoil the next calls."""
        await self.tell("faults/api", {"kind": kind, **more})

    async def pay(self, session_id: str) -> Any:  # Any: JSON
        """The member pays; the session as it then is."""
        return (await self.tell(f"sessions/{session_id}/pay"))["session"]

    async def requests(self, path: str, method: str = "*") -> list[dict[str, Any]]:  # Any: JSON
        """The API requests seen."""
        answer = await self._client.get("/_control/requests", params={"path": path, "method": method})
        found: list[dict[str, Any]] = answer.json()["data"]  # Any: JSON
        return found

    async def events(self, type: str) -> list[dict[str, Any]]:  # Any: JSON
        """The events of a type, oldest first."""
        answer = await self._client.get("/_control/events", params={"type": type})
        found: list[dict[str, Any]] = answer.json()["data"]  # Any: JSON
        return found

    async def api(self, method: str, path: str, **how: Any) -> Any:  # Any: httpx's own keywords, and JSON
        """An API call past our gateway."""
        answer = await self._client.request(method, path, headers={"Authorization": f"Bearer {API_KEY}"}, **how)
        answer.raise_for_status()
        return answer.json()

    async def count(self, path: str) -> int:
        """How many objects of a kind there are."""
        return len((await self.api("GET", path, params={"limit": 100}))["data"])


@asynccontextmanager
async def hands_on(server: SandboxServer) -> AsyncIterator[SandboxHands]:
    """The control API of a server, with everything forgotten."""
    transport = httpx.AsyncHTTPTransport(verify=False)
    async with httpx.AsyncClient(base_url=server.url, transport=transport) as client:
        hands = SandboxHands(client)
        await hands.tell("reset")
        yield hands


@asynccontextmanager
async def gateway_to(url: str, **limits: Any) -> AsyncIterator[StripeGateway]:  # Any: limits of the gateway
    """A gateway of our own before a server that speaks for Stripe."""
    gateway = StripeGateway(secret_key=API_KEY, api_base=url, app_url=APP_URL, **limits)
    yield gateway
    await gateway.close()
