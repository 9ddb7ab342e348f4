"""The two payment providers under one contract, with the member and the account in the hands of a test."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

from adapters.memory.gateway import MemoryGateway
from adapters.memory.records import MemoryRecords
from adapters.memory.world import MemoryClock
from adapters.stripe.gateway import StripeGateway
from adapters.stripe.records import StripeRecords
from application.ports.gateway import CheckoutOrder, CheckoutSession, PaymentGateway
from application.ports.records import ProviderRecords
from builders import a_member, a_payment_id
from contract.sandboxes import SandboxHands
from domain.catalogue import PlanId
from domain.member import Locale, UserId
from domain.money import Money
from domain.returns import DisputeStage


class Provider(Protocol):
    """A payment provider as our gateway reaches it, and what only a test can do there."""

    @property
    def gateway(self) -> PaymentGateway: ...
    @property
    def records(self) -> ProviderRecords: ...

    def now(self) -> datetime:
        """The present, to the second."""
        ...

    async def pay(self, session_id: str) -> None:
        """The member pays."""
        ...

    async def pay_later(self, session_id: str) -> None:
        """The member finishes with a delayed method."""
        ...

    async def run_out(self, session_id: str) -> None:
        """The session ends by itself."""
        ...

    async def give_back(self, session_id: str, amount_minor: int) -> None:
        """Somebody refunds a part of a paid session in the dashboard."""
        ...

    async def fail_refund(self, refund_id: str) -> None:
        """The bank sends a refund back after it had succeeded."""
        ...

    async def dispute(self, session_id: str, *, lost: bool = False) -> None:
        """The bank disputes a paid session, and perhaps decides against us at once."""
        ...

    async def refuse_currency(self, currency: str) -> None:
        """The account can no longer charge a currency."""
        ...

    async def session_count(self) -> int:
        """How many sessions were ever made."""
        ...

    async def customer_count(self) -> int:
        """How many customers were ever made."""
        ...


class ProviderInMemory:
    """MemoryGateway."""

    def __init__(self) -> None:
        self.clock = MemoryClock()
        self.gateway = MemoryGateway(self.clock)
        self.records = MemoryRecords(self.gateway)

    def now(self) -> datetime:
        return self.clock.now()

    async def pay(self, session_id: str) -> None:
        self.gateway.pay(session_id)

    async def pay_later(self, session_id: str) -> None:
        self.gateway.pay_later(session_id)

    async def run_out(self, session_id: str) -> None:
        self.gateway.run_out(session_id)

    async def give_back(self, session_id: str, amount_minor: int) -> None:
        self.gateway.give_back(session_id, amount_minor)

    async def fail_refund(self, refund_id: str) -> None:
        self.gateway.fail_refund(refund_id)

    async def dispute(self, session_id: str, *, lost: bool = False) -> None:
        self.gateway.dispute(session_id, DisputeStage.LOST if lost else DisputeStage.OPEN)

    async def refuse_currency(self, currency: str) -> None:
        self.gateway.unchargeable.add(currency)

    async def session_count(self) -> int:
        return len(self.gateway.sessions)

    async def customer_count(self) -> int:
        return len(self.gateway.customers)


class ProviderInSandbox:
    """StripeGateway over the sandbox."""

    def __init__(self, gateway: StripeGateway, hands: SandboxHands) -> None:
        self.gateway = gateway
        self.records = StripeRecords(gateway)
        self.hands = hands

    def now(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0)

    async def pay(self, session_id: str) -> None:
        await self.hands.pay(session_id)

    async def pay_later(self, session_id: str) -> None:
        await self.hands.tell(f"sessions/{session_id}/delay")

    async def run_out(self, session_id: str) -> None:
        await self.hands.tell(f"sessions/{session_id}/expire")

    async def give_back(self, session_id: str, amount_minor: int) -> None:
        await self.hands.tell(f"payments/{session_id}/refund", {"amount": amount_minor})

    async def fail_refund(self, refund_id: str) -> None:
        await self.hands.tell(f"refunds/{refund_id}/fail")

    async def dispute(self, session_id: str, *, lost: bool = False) -> None:
        dispute = await self.hands.tell(f"payments/{session_id}/dispute")
        if lost:
            await self.hands.tell(f"disputes/{dispute['id']}/lose")

    async def refuse_currency(self, currency: str) -> None:
        await self.hands.tell("settings", {"unsupported_currencies": [currency]})

    async def session_count(self) -> int:
        return await self.hands.count("/v1/checkout/sessions")

    async def customer_count(self) -> int:
        return await self.hands.count("/v1/customers")


async def a_provider_customer(provider: Provider, *, key: str = "customer:1:1", **changes: object) -> str:
    """A customer that was made at the provider."""
    request = provider.gateway.prepare_customer(a_member(**changes))
    return await provider.gateway.create_customer(request, key=key)


def an_order(provider: Provider, customer_id: str, **changes: object) -> CheckoutOrder:
    """An order of a talent's membership that ends in an hour."""
    values = {
        "payment_id": a_payment_id(),
        "user_id": UserId("user-1"),
        "customer_id": customer_id,
        "plan": PlanId("talent_membership"),
        "plan_name": "Membre Talent",
        "amount": Money(30000, "mad"),
        "locale": Locale.FRENCH,
        "expires_at": provider.now() + timedelta(hours=1),
    }
    return CheckoutOrder(**(values | changes))  # type: ignore[arg-type] # one keyword to differ


async def an_open_checkout(provider: Provider, order: CheckoutOrder | None = None) -> CheckoutSession:
    """A checkout that was just opened."""
    order = order or an_order(provider, await a_provider_customer(provider))
    request = provider.gateway.prepare_checkout(order)
    return await provider.gateway.open_checkout(request, key=f"checkout:{order.payment_id}:1")
