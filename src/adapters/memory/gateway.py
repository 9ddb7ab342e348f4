"""A payment provider in memory, with the member, the bank and the network in the hands of a test."""

import asyncio
from collections import Counter
from datetime import datetime
from typing import Final

from msgspec import Struct, json
from msgspec.structs import replace

from application.errors import (
    CurrencyRefused,
    CustomerUnknown,
    InvalidEvent,
    InvalidSignature,
    ProviderRefused,
    ProviderUnavailable,
)
from application.ports.gateway import (
    CheckoutOrder,
    CheckoutSession,
    Delivery,
    InvoiceDocuments,
    Payer,
    PreparedRequest,
    ProviderEvent,
    RefundOrder,
    SessionStatus,
)
from application.ports.installation import InstallationId
from application.ports.world import Clock
from domain.member import Member
from domain.payment import Figures, PaymentId
from domain.returns import Dispute, DisputeStage, Refund, RefundStatus, Returns

HOSTED_PAGE: Final = "https://checkout.example/pay"


class Fault(Struct, frozen=True):
    """A call that goes wrong: before its effect, or after it so that only the answer is lost."""

    error: Exception
    after_effect: bool = False


class CustomerRequest(Struct, frozen=True):
    """What makes a member known."""

    member: Member
    installation: InstallationId | None


class MemoryGateway:
    """The port PaymentGateway. Keys, sessions and customers behave as Stripe's do; `calls` counts what was asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answers: dict[str, tuple[str, str]] = {}
        self._faults: dict[str, list[Fault]] = {}
        self.customers: dict[str, Member] = {}
        self.made_by: dict[str, InstallationId | None] = {}
        self.orders: dict[str, CheckoutOrder] = {}
        self.sessions: dict[str, CheckoutSession] = {}
        self.refunds: dict[str, Refund] = {}
        self.disputes: dict[str, Dispute] = {}
        self.unchargeable: set[str] = set()
        self.calls: Counter[str] = Counter()

    def fail_next(self, call: str, error: Exception | None = None, *, after_effect: bool = False) -> None:
        """Let the next call of a name fail, by default with ProviderUnavailable."""
        fault = Fault(error or ProviderUnavailable("no answer"), after_effect)
        self._faults.setdefault(call, []).append(fault)

    def prepare_customer(self, member: Member, installation: InstallationId | None = None) -> PreparedRequest:
        return PreparedRequest(json.encode(CustomerRequest(member, installation)).decode())

    async def create_customer(self, request: PreparedRequest, *, key: str) -> str:
        fault = await self._begin("create_customer")
        asked = json.decode(request, type=CustomerRequest)
        customer_id = self._once(f"{asked.installation}:{key}", request, self._next("cus_"))
        self.customers.setdefault(customer_id, asked.member)
        self.made_by.setdefault(customer_id, asked.installation)
        self._end(fault)
        return customer_id

    async def find_customer(self, request: PreparedRequest) -> str | None:
        self._end(await self._begin("find_customer"))
        asked = json.decode(request, type=CustomerRequest)
        return next(
            (
                found
                for found, member in self.customers.items()
                if member.user_id == asked.member.user_id and self.made_by[found] in (None, asked.installation)
            ),
            None,
        )

    def prepare_checkout(self, order: CheckoutOrder) -> PreparedRequest:
        return PreparedRequest(json.encode(order).decode())

    async def open_checkout(self, request: PreparedRequest, *, key: str) -> CheckoutSession:
        fault = await self._begin("open_checkout")
        order = json.decode(request, type=CheckoutOrder)
        known = key in self._answers
        if not known and order.amount.currency in self.unchargeable:
            raise CurrencyRefused(f"Invalid currency: {order.amount.currency}")
        if not known and order.customer_id not in self.customers:
            raise CustomerUnknown(f"No such customer: {order.customer_id}", code="resource_missing")
        session_id = self._once(key, request, self._next("cs_test_"))
        opened = CheckoutSession(
            id=session_id,
            status=SessionStatus.OPEN,
            settled=False,
            received=Figures(order.amount.amount_minor, order.amount.currency),
            expires_at=order.expires_at,
            url=f"{HOSTED_PAGE}/{session_id}",
            payment_id=order.payment_id,
            payment_names=(str(order.payment_id),),
            user_name=order.user_id,
            plan_name=order.plan,
            installation=order.installation,
            payer=self._payer(order),
        )
        self.orders[session_id] = order
        self.sessions.setdefault(session_id, opened)
        self._end(fault)
        return opened

    async def checkout(self, session_id: str) -> CheckoutSession | None:
        self._end(await self._begin("checkout"))
        return self.sessions.get(session_id)

    async def find_checkout(self, payment_id: PaymentId, customer_id: str) -> CheckoutSession | None:
        self._end(await self._begin("find_checkout"))
        found = [session for session in self.sessions.values() if session.payment_id == payment_id]
        return found[-1] if found else None

    async def expire_checkout(self, session_id: str) -> CheckoutSession | None:
        fault = await self._begin("expire_checkout")
        session = self.sessions.get(session_id)
        if session is not None and session.status is SessionStatus.OPEN:
            session = self._change(session_id, status=SessionStatus.EXPIRED, url=None)
        self._end(fault)
        return session

    async def refund(self, order: RefundOrder, *, key: str) -> Refund:
        fault = await self._begin("refund")
        refund_id = self._once(key, json.encode(order).decode(), f"re_{len(self.refunds) + 1}")
        session = next(found for found in self.sessions.values() if found.payment_intent_id == order.payment_intent_id)
        left = (session.received.amount or 0) - sum(
            known.amount_minor
            for known in self.refunds.values()
            if known.payment_intent_id == order.payment_intent_id and not known.is_over and known.id != refund_id
        )
        if refund_id not in self.refunds and order.amount_minor > left:
            raise ProviderRefused("Charge has already been refunded.", code="charge_already_refunded")
        made = self.refunds.get(refund_id) or self.give_back(session.id, order.amount_minor, id=refund_id)
        self._end(fault)
        return made

    async def returns_of(self, payment_intent_id: str) -> Returns:
        self._end(await self._begin("returns_of"))
        return Returns(
            refunds=tuple(found for found in self.refunds.values() if found.payment_intent_id == payment_intent_id),
            disputes=tuple(found for found in self.disputes.values() if found.payment_intent_id == payment_intent_id),
        )

    async def invoice(self, invoice_id: str) -> InvoiceDocuments:
        self._end(await self._begin("invoice"))
        if not any(session.invoice_id == invoice_id for session in self.sessions.values()):
            raise ProviderRefused(f"No such invoice: {invoice_id}", code="resource_missing")
        base = f"https://invoice.example/{invoice_id}"
        return InvoiceDocuments(hosted_url=base, pdf_url=f"{base}/pdf")

    def pay(self, session_id: str, received: Figures | None = None) -> CheckoutSession:
        """The member pays, by default what was asked for."""
        session = self.sessions[session_id]
        number = session_id.removeprefix("cs_test_")
        return self._change(
            session_id,
            status=SessionStatus.COMPLETE,
            settled=True,
            url=None,
            received=received or session.received,
            payment_intent_id=f"pi_{number}",
            invoice_id=f"in_{number}",
            paid_at=self._clock.now(),
        )

    def pay_later(self, session_id: str) -> CheckoutSession:
        """The member finishes the checkout with a delayed method."""
        return self._change(session_id, status=SessionStatus.COMPLETE, url=None)

    def run_out(self, session_id: str) -> CheckoutSession:
        """The checkout ends unpaid."""
        return self._change(session_id, status=SessionStatus.EXPIRED, url=None)

    def give_back(self, session_id: str, amount_minor: int | None = None, **changes: object) -> Refund:
        """Somebody refunds a paid session, by default all of it."""
        session = self.sessions[session_id]
        values: dict[str, object] = {
            "id": f"re_{len(self.refunds) + 1}",
            "payment_intent_id": session.payment_intent_id,
            "amount_minor": amount_minor if amount_minor is not None else session.received.amount,
            "currency": session.received.currency,
            "status": RefundStatus.SUCCEEDED,
            "created_at": self._clock.now(),
        }
        refund = Refund(**(values | changes))  # type: ignore[arg-type] # one keyword to differ
        self.refunds[refund.id] = refund
        return refund

    def fail_refund(self, refund_id: str) -> Refund:
        """The bank sends a refund back, days after it had succeeded."""
        self.refunds[refund_id] = replace(self.refunds[refund_id], status=RefundStatus.FAILED)
        return self.refunds[refund_id]

    def dispute(self, session_id: str, stage: DisputeStage = DisputeStage.OPEN, **changes: object) -> Dispute:
        """The member's bank disputes a paid session, or its dispute goes on to another stage."""
        session = self.sessions[session_id]
        values: dict[str, object] = {
            "id": f"du_{session_id}",
            "payment_intent_id": session.payment_intent_id,
            "amount_minor": session.received.amount,
            "currency": session.received.currency,
            "stage": stage,
            "created_at": self._clock.now(),
            "lost_at": self._clock.now() if stage is DisputeStage.LOST else None,
        }
        dispute = Dispute(**(values | changes))  # type: ignore[arg-type] # one keyword to differ
        self.disputes[dispute.id] = dispute
        return dispute

    def _change(self, session_id: str, **changes: object) -> CheckoutSession:
        self.sessions[session_id] = replace(self.sessions[session_id], **changes)
        return self.sessions[session_id]

    def _payer(self, order: CheckoutOrder) -> Payer:
        member = self.customers.get(order.customer_id)
        named = Payer(email=member.email, name=member.name) if member is not None else Payer()
        return replace(named, customer_id=order.customer_id, locale=order.locale)

    def _next(self, prefix: str) -> str:
        """An id that was never given before, not even to what the provider has forgotten since."""
        return f"{prefix}{sum(answer.startswith(prefix) for _, answer in self._answers.values()) + 1}"

    def _once(self, key: str, request: str, new: str) -> str:
        known = self._answers.setdefault(key, (request, new))
        if known[0] != request:
            raise ProviderUnavailable("keys can only be used with the same parameters", answered=True)
        return known[1]

    async def called(self, call: str) -> None:
        """Count a call that has no effect, or let it fail as planned."""
        self._end(await self._begin(call))

    async def _begin(self, call: str) -> Fault | None:
        self.calls[call] += 1
        await asyncio.sleep(0)
        faults = self._faults.get(call)
        fault = faults.pop(0) if faults else None
        if fault is not None and not fault.after_effect:
            raise fault.error
        return fault

    def _end(self, fault: Fault | None) -> None:
        if fault is not None:
            raise fault.error


class MemoryEventReader:
    """The port EventReader: knows the events that were signed here."""

    SIGNATURE: Final = "signed"

    def __init__(self) -> None:
        self._events: dict[bytes, ProviderEvent] = {}

    def signed(self, event: ProviderEvent) -> Delivery:
        """A delivery of an event, as its provider would sign it."""
        self._events[event.body] = event
        return Delivery(body=event.body, signature=self.SIGNATURE)

    def authentic(self, delivery: Delivery, now: datetime) -> ProviderEvent:
        if delivery.signature != self.SIGNATURE:
            raise InvalidSignature("the signature is not good")
        return self.read(delivery.body)

    def read(self, body: bytes) -> ProviderEvent:
        event = self._events.get(body)
        if event is None:
            raise InvalidEvent("the body is no event")
        return event
