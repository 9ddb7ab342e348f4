"""Our calls to Stripe: keys that it remembers for a day with the errors too, requests that arrive late, and answers that get lost."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar, cast

from msgspec import Struct, json

from application.errors import CurrencyRefused, CustomerUnknown, ProviderRefused, ProviderUnavailable
from application.ports.gateway import (
    CheckoutOrder,
    CheckoutSession,
    InvoiceDocuments,
    PreparedRequest,
    RefundOrder,
)
from application.ports.installation import InstallationId
from domain.member import Member
from domain.payment import PaymentId
from domain.returns import Refund, Returns
from entrypoints.simulation.chance import Fault
from entrypoints.simulation.replica import Replica
from entrypoints.simulation.stripe import Stripe

Answer = TypeVar("Answer")

KEPT: Final = timedelta(hours=24)
"""How long Stripe remembers what it answered to a key."""

CHECKOUT_BOUNDS: Final = (timedelta(minutes=30), timedelta(hours=24))
DEADLINE_SECONDS: Final = 10.0
LOOK_DEADLINE_SECONDS: Final = 5.0
LATEST_SECONDS: Final = 40.0


class Remembered(Struct, frozen=True):
    """What Stripe keeps of one key: the request and its answer, or that it was an error of its own."""

    request: str
    since: datetime
    answer: object
    failed: bool


class Keys:
    """Idempotency keys of the account."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._known: dict[str, Remembered] = {}

    def once(
        self, key: str, request: str, act: Callable[[], Answer], *, fails: bool = False, acts_all_the_same: bool = False
    ) -> Answer:
        """Act for the first request of a key, and answer all others as that one was answered.

        fails: the first one ends in an error of Stripe's own, which is kept too; its effect may be there all the same.
        """
        known = self._known.get(key)
        if known is None or self._now() - known.since >= KEPT:
            answer = act() if not fails or acts_all_the_same else None
            known = self._known[key] = Remembered(request, self._now(), answer, fails)
        if known.request != request:
            raise ProviderUnavailable("the key was used with other parameters", answered=True)
        if known.failed:
            raise ProviderUnavailable("Stripe answered 500", answered=True)
        return cast("Answer", known.answer)


class SimulatedGateway:
    """The port PaymentGateway of one replica."""

    def __init__(self, replica: Replica, stripe: Stripe, keys: Keys) -> None:
        self._replica = replica
        self._chance = replica.chance
        self._stripe = stripe
        self._keys = keys

    def prepare_customer(self, member: Member, installation: InstallationId | None = None) -> PreparedRequest:
        return PreparedRequest(json.encode(member).decode())

    async def create_customer(self, request: PreparedRequest, *, key: str) -> str:
        def act() -> str:
            return self._stripe.made_known(json.decode(request, type=Member))

        return await self.call("create customer", self._keyed(key, request, act))

    async def find_customer(self, request: PreparedRequest) -> str | None:
        user_id = json.decode(request, type=Member).user_id
        customers = self._stripe.customers
        return await self.call(
            "find customer",
            lambda: next((found for found, known in customers.items() if known.user_id == user_id), None),
        )

    def prepare_checkout(self, order: CheckoutOrder) -> PreparedRequest:
        return PreparedRequest(json.encode(order).decode())

    async def open_checkout(self, request: PreparedRequest, *, key: str) -> CheckoutSession:
        order = json.decode(request, type=CheckoutOrder)
        return await self.call("open checkout", self._keyed(key, request, lambda: self._opened(order)))

    async def checkout(self, session_id: str) -> CheckoutSession | None:
        return await self.call("look at checkout", lambda: self._seen(session_id), LOOK_DEADLINE_SECONDS)

    async def find_checkout(self, payment_id: PaymentId, customer_id: str) -> CheckoutSession | None:
        def act() -> CheckoutSession | None:
            newest_first = reversed(self._stripe.sessions.values())
            found = (session for session in newest_first if session.order.customer_id == customer_id)
            return next(
                (self._stripe.told(one, asked=True) for one in found if one.order.payment_id == payment_id), None
            )

        return await self.call("find checkout", act)

    async def expire_checkout(self, session_id: str) -> CheckoutSession | None:
        def act() -> CheckoutSession | None:
            session = self._stripe.sessions.get(session_id)
            if session is not None:
                self._stripe.expire(session)
            return self._seen(session_id)

        return await self.call("expire checkout", act)

    async def invoice(self, invoice_id: str) -> InvoiceDocuments:
        base = f"https://invoice.example/{invoice_id}"
        return await self.call("invoice", lambda: InvoiceDocuments(hosted_url=base, pdf_url=f"{base}/pdf"))

    async def refund(self, order: RefundOrder, *, key: str) -> Refund:
        def act() -> Refund:
            self._stripe.refunding(order)
            try:
                return self._stripe.charges.refund(order.payment_intent_id, order.amount_minor)
            except ValueError as error:
                raise ProviderRefused(str(error), code="charge_already_refunded") from error

        return await self.call("refund", self._keyed(key, json.encode(order).decode(), act))

    async def returns_of(self, payment_intent_id: str) -> Returns:
        return await self.call("returns", lambda: self._stripe.charges.returns_of(payment_intent_id))

    def _opened(self, order: CheckoutOrder) -> CheckoutSession:
        shortest, longest = CHECKOUT_BOUNDS
        if order.customer_id not in self._stripe.customers:
            raise CustomerUnknown(f"No such customer: {order.customer_id}", code="resource_missing")
        if self._stripe.refuses_first_currency and order.amount.currency == "mad":
            raise CurrencyRefused("Invalid currency: mad")
        if not shortest <= order.expires_at - self._stripe.now() <= longest:
            raise ProviderRefused("expires_at must be between 30 minutes and 24 hours from now")
        return self._stripe.told(self._stripe.opened(order))

    def _seen(self, session_id: str) -> CheckoutSession | None:
        session = self._stripe.sessions.get(session_id)
        return self._stripe.told(session, asked=True) if session is not None else None

    def _keyed(self, key: str, request: str, act: Callable[[], Answer]) -> Callable[[], Answer]:
        fails = self._chance.strikes(Fault.STRIPE_ERROR_KEPT)
        acts_all_the_same = fails and self._chance.occurs(0.5)

        return lambda: self._keys.once(key, request, act, fails=fails, acts_all_the_same=acts_all_the_same)

    async def call(self, what: str, act: Callable[[], Answer], deadline: float = DEADLINE_SECONDS) -> Answer:
        """Let Stripe act, and hear of it or not. Raises as the port says."""
        self._check(Fault.STRIPE_DOWN, what, self._stripe.is_away)
        await self._replica.message(what, 0.02, 0.4)
        self._check(Fault.STRIPE_BUSY, what)
        if self._chance.strikes(Fault.STRIPE_SLOW):
            return await self._slowly(what, act, self._chance.seconds(0.5, LATEST_SECONDS), deadline)
        answer = act()
        self._check(Fault.STRIPE_ANSWER_LOST, what)
        await self._replica.message(f"answer to {what}", 0.02, 0.4)
        return answer

    def _check(self, fault: Fault, what: str, always: bool = False) -> None:
        if always or self._chance.strikes(fault):
            self._replica.trace.note(self._replica.name, fault.name, what)
            raise ProviderUnavailable(fault.value)

    async def _slowly(self, what: str, act: Callable[[], Answer], seconds: float, deadline: float) -> Answer:
        """Let Stripe act later, whether or not anybody waits for it any more."""
        self._replica.trace.note(self._replica.name, "STRIPE_SLOW", f"{what}, {seconds:.1f} s")
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def late() -> None:
            try:
                answer = act()
            except (ProviderRefused, ProviderUnavailable) as refusal:
                if not done.done():
                    done.set_exception(refusal)
            else:
                if not done.done():
                    done.set_result(answer)

        done.get_loop().call_later(seconds, late)
        try:
            async with asyncio.timeout(deadline):
                answer = await done
        except TimeoutError as error:
            raise ProviderUnavailable("no answer in time") from error
        await self._replica.message(f"answer to {what}")
        return answer
