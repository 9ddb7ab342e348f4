"""The real application over the store in memory, and everything around it in the test's hands."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from dependency_injector import providers

from adapters.memory.counts import MemoryCounts
from adapters.memory.gateway import MemoryEventReader, MemoryGateway
from adapters.memory.history import MemoryBillingHistory, MemoryEntitlements, MemoryReadiness
from adapters.memory.idempotency import MemoryIdempotencyKeys
from adapters.memory.members import MemoryCustomerRecords, MemoryMembers
from adapters.memory.store import MemoryStore
from adapters.memory.tallies import MemoryTallies
from adapters.memory.unit_of_work import MemoryUnitOfWork
from adapters.memory.world import CountingIds, MemoryClock
from application.ports.gateway import CheckoutCompleted, ProviderFact
from application.receive_event import Receipt
from builders import a_member, an_event
from canaries import plant
from domain.member import Member
from entrypoints.container import Container
from entrypoints.http.app import create_app
from entrypoints.http.identity import TOKEN_COOKIE
from entrypoints.http.tokens import sign_token
from entrypoints.settings import Settings, read_settings

WITHOUT_LIMITS: Final = {
    f"RATE_LIMIT_{name}": "0" for name in ("CHECKOUTS", "REQUESTS", "AUTH_FAILURES", "SIGNATURE_FAILURES")
}
"""For those who ask more in a minute than anybody may, of a clock that stands still."""


class World:
    """One application over its own store, clock and payment provider. `changes`: settings by the names of their variables."""

    def __init__(self, folder: Path, **changes: str) -> None:
        self.clock = MemoryClock()
        self.store = MemoryStore(self.clock)
        self.gateway = MemoryGateway(self.clock)
        self.reader = MemoryEventReader()
        self.settings: Settings = read_settings({"APP_URL": "https://pay.example.org"} | changes, folder)
        plant(self.settings.tokens.secret)
        self.container = Container(
            settings=self.settings,
            clock=self.clock,
            new_id=providers.Object(CountingIds()),
            begin=providers.Factory(MemoryUnitOfWork, self.store),
            history=MemoryBillingHistory(self.store),
            entitlements=MemoryEntitlements(self.store),
            readiness=MemoryReadiness(),
            queue=self.store.jobs,
            tallies=MemoryTallies(self.clock),
            counts=MemoryCounts(self.store),
            idempotency_keys=MemoryIdempotencyKeys(self.store),
            members=MemoryMembers(self.store),
            customer_records=MemoryCustomerRecords(self.gateway),
            gateway=self.gateway,
            reader=self.reader,
        )
        self.app = create_app(self.container)

    def headers(self, member: Member | None = None, *, scope: str = "") -> dict[str, str]:
        """The headers of a member who asks."""
        secret = self.settings.tokens.secret or ""
        token = sign_token(secret, member or a_member(), scope=scope, lifetime=timedelta(hours=1))
        return {"Authorization": f"Bearer {token}"}

    async def happen(self, fact: ProviderFact) -> Receipt:
        """Let the provider deliver an event, as the webhook door takes it."""
        return await self.container.receive_event()(self.reader.signed(an_event(fact)))

    async def pay(self, checkout: dict[str, Any]) -> None:  # Any: JSON
        """The member pays, and the provider tells."""
        await self.happen(CheckoutCompleted(self.gateway.pay(checkout["checkout_session_id"])))


def browser(world: World, client: httpx.AsyncClient, member: Member | None = None) -> httpx.AsyncClient:
    """The client with a member's cookie."""
    client.cookies.set(TOKEN_COOKIE, world.headers(member)["Authorization"].removeprefix("Bearer "))
    return client


async def form_fields(client: httpx.AsyncClient, path: str) -> dict[str, str]:
    """The hidden fields of the first form of a page."""
    form = (await client.get(path)).text.partition("<main")[2].partition("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
