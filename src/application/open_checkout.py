"""Opening the hosted checkout of a payment, in phases that any crash can be resumed from.

1. The customer: its exact request is stored; made at the provider under its own key; its id is stored.
2. The request that opens the checkout is stored, then sent under the attempt's key.
3. The session is stored.

Whoever comes after a crash sends the same bytes under the same key and gets the same customer and the same session. No call to
the provider is made inside a unit of work.
"""

import logging
from datetime import timedelta
from typing import Final, NamedTuple

from msgspec.structs import replace

from application.again import again
from application.confirm_payment import followed
from application.errors import CurrencyRefused, CustomerUnknown, ProviderRefused, ProviderUnavailable
from application.ports.gateway import CheckoutOrder, CheckoutSession, PaymentGateway, PreparedRequest
from application.ports.store import BeginWork, Customer, UnitOfWork
from application.ports.world import Clock
from domain.audit import Cause
from domain.catalogue import Plan
from domain.checkout import FAILURES_MAX, Checkout
from domain.member import Member
from domain.payment import Payment, PaymentId, PaymentStatus

log = logging.getLogger(__name__)

MEMORY_OF_KEYS: Final = timedelta(hours=23)
"""How long the provider surely recognises an idempotency key (Stripe keeps them for at least 24 hours)."""


class _Known(NamedTuple):
    """A member whom the provider knows by an id."""

    provider_id: str
    record: Customer


class OpenCheckout:
    """Brings a noted payment to an open hosted checkout. Its caller holds the claim on the attempt."""

    def __init__(self, *, begin: BeginWork, gateway: PaymentGateway, clock: Clock, checkout_minutes: int) -> None:
        self._begin = begin
        self._gateway = gateway
        self._clock = clock
        self._lifetime = timedelta(minutes=checkout_minutes)

    async def __call__(self, payment: Payment, plan: Plan, member: Member) -> None:
        """Open, or resume the opening.

        Raises ProviderUnavailable when the same may be tried again at once, ProviderRefused (and CurrencyRefused, which is
        remembered) when the payment had to be given up. Returns without a session when a new attempt is due: ask again.
        """
        try:
            customer = await self._customer(payment.id, member)
            checkout, request = await self._prepared(payment, plan, member, customer.provider_id)
            session = await self._session(checkout, request, customer)
        except ProviderUnavailable as fault:
            await release(self._begin, self._clock, payment.id, answered=fault.answered)
            raise
        except ProviderRefused as refusal:
            await self._give_up(payment, member, refusal)
            raise
        if session is not None:
            await self._note(payment.id, session)

    async def _customer(self, payment_id: PaymentId, member: Member) -> "_Known":
        """The member as the provider knows them, found or made once."""

        async def once() -> tuple[Customer, PreparedRequest, Checkout]:
            async with self._begin() as work:
                checkout = await work.checkouts.of(payment_id) or Checkout(payment_id=payment_id)
                customer = await work.customers.of(member.user_id)
                request = customer.request if customer is not None else None
                if customer is None or request is None:
                    request = self._gateway.prepare_customer(member, await work.installation.id())
                    customer = with_request(customer, member, request, self._clock)
                    work.customers.save(customer)
                    await work.commit()
            return customer, request, checkout

        customer, request, checkout = await again(once, self._clock)
        if customer.provider_id is not None:
            return _Known(customer.provider_id, customer)

        found: str | None = None
        # As with the checkout itself: errors are replayed under a key, and keys are forgotten. Look before making a second one.
        replayed = checkout.failures >= FAILURES_MAX
        if replayed or self._clock.now() - (customer.prepared_at or self._clock.now()) > MEMORY_OF_KEYS:
            found = await self._gateway.find_customer(request)
        if replayed and found is None:
            await self._forget_customer(customer, checkout)
            raise ProviderUnavailable("the payment provider kept failing; a new attempt is due", retry_after_seconds=1)
        made = found or await self._gateway.create_customer(request, key=customer.idempotency_key)

        async def store() -> _Known:
            async with self._begin() as work:
                stored = await work.customers.of(member.user_id) or customer
                if stored.provider_id is None:
                    stored = replace(stored, provider_id=made)
                    work.customers.save(stored)
                    await work.commit()
            return _Known(stored.provider_id or made, stored)

        return await again(store, self._clock)

    async def _prepared(
        self, payment: Payment, plan: Plan, member: Member, customer_id: str
    ) -> tuple[Checkout, PreparedRequest]:
        """The attempt with the exact request that it sends, stored before it is sent."""

        async def once() -> tuple[Checkout, PreparedRequest]:
            async with self._begin() as work:
                checkout = await work.checkouts.of(payment.id) or Checkout(payment_id=payment.id)
                if checkout.request is not None:
                    return checkout, PreparedRequest(checkout.request)
                order = CheckoutOrder(
                    payment_id=payment.id,
                    user_id=payment.user_id,
                    customer_id=customer_id,
                    plan=payment.plan,
                    plan_name=plan.name(member.locale),
                    amount=payment.amount,
                    locale=member.locale,
                    expires_at=self._clock.now() + self._lifetime,
                    installation=await work.installation.id(),
                )
                request = self._gateway.prepare_checkout(order)
                checkout = checkout.prepared(request, self._clock.now())
                work.checkouts.save(checkout)
                await work.commit()
            return checkout, request

        return await again(once, self._clock)

    async def _session(
        self, checkout: Checkout, request: PreparedRequest, customer: "_Known"
    ) -> CheckoutSession | None:
        """The session of an attempt; null where a new attempt has to be made instead."""
        stale = checkout.is_stale_at(self._clock.now())
        try:
            return await self._opened(checkout, request, customer.provider_id, stale=stale)
        except CustomerUnknown:
            # Not by the member's id, which may be an address: the log's context names whoever asks, in a form that may be logged.
            log.error("the payment provider no longer knows the member's customer: a new one is made")
            await self._forget_customer(customer.record, checkout)
        except ProviderRefused as refusal:
            if not stale or isinstance(refusal, CurrencyRefused):
                raise
            await self._renew(checkout)
        return None

    async def _opened(
        self, checkout: Checkout, request: PreparedRequest, customer_id: str, *, stale: bool
    ) -> CheckoutSession:
        if stale or checkout.failures >= FAILURES_MAX:
            # The provider replays its own errors under a key, and forgets keys after a day. The checkout may exist all the same:
            # look before sending anything that could make a second one.
            found = await self._gateway.find_checkout(checkout.payment_id, customer_id)
            if found is not None:
                return found
        if checkout.failures >= FAILURES_MAX:
            await self._renew(checkout)
            raise ProviderUnavailable("the payment provider kept failing; a new attempt is due", retry_after_seconds=1)
        return await self._gateway.open_checkout(request, key=checkout.idempotency_key)

    async def _note(self, payment_id: PaymentId, session: CheckoutSession) -> None:
        async def once() -> bool:
            async with self._begin() as work:
                payment = await work.payments.get(payment_id, lock=True)
                checkout = await work.checkouts.of(payment_id)
                if payment is None or checkout is None:
                    return False
                given_up = payment.status in (PaymentStatus.CANCELLED, PaymentStatus.EXPIRED)
                if payment.checkout_session_id not in (None, session.id) or (given_up and not session.settled):
                    return False
                work.checkouts.save(checkout.opened(url=session.url, expires_at=session.expires_at))
                if payment.checkout_session_id is None:
                    opened = payment.opened(session.id)
                    # Money is left to ConfirmPayment: it has more to do than to name the state.
                    opened = opened if session.settled else followed(opened, session, self._clock.now())
                    work.payments.save(opened, Cause(why="checkout opened"))
                await work.commit()
            return True

        if not await again(once, self._clock):
            # Another caller opened a session of its own, or the member gave the payment up meanwhile: two must never be payable.
            log.error(
                "checkout %s is not the one of payment %s, or no longer wanted, and is closed", session.id, payment_id
            )
            await self._gateway.expire_checkout(session.id)

    async def _renew(self, tried: Checkout) -> None:
        async def once() -> None:
            async with self._begin() as work:
                await self._renew_in(work, tried)
                await work.commit()

        await again(once, self._clock)

    async def _forget_customer(self, tried: Customer, on: Checkout) -> None:
        async def once() -> None:
            async with self._begin() as work:
                customer = await work.customers.of(tried.user_id)
                if customer is not None and customer.attempt == tried.attempt:
                    work.customers.save(unmade(customer))
                await self._renew_in(work, on)
                await work.commit()

        await again(once, self._clock)

    async def _renew_in(self, work: UnitOfWork, tried: Checkout) -> None:
        """Let the next attempt follow on this one, once: clocks differ, so that two may work on one attempt and fail together."""
        checkout = await work.checkouts.of(tried.payment_id)
        if checkout is not None and checkout.attempt == tried.attempt:
            work.checkouts.save(checkout.renewed())

    async def _give_up(self, payment: Payment, member: Member, refusal: ProviderRefused) -> None:
        """The provider will not open this checkout: nothing can be paid, so the payment ends here and the next start begins anew."""
        log.error("the payment provider refused the checkout of payment %s: %s", payment.id, refusal)

        async def once() -> None:
            async with self._begin() as work:
                known = await work.payments.get(payment.id, lock=True)
                if known is not None:
                    work.payments.save(known.cancelled(), Cause(why=f"the provider refused the checkout: {refusal}"))
                if isinstance(refusal, CurrencyRefused):
                    work.refused_currencies.add(payment.amount.currency, str(refusal), self._clock.now())
                await self._clear_customer_request(work, member)
                await work.commit()

        await again(once, self._clock)

    async def _clear_customer_request(self, work: UnitOfWork, member: Member) -> None:
        customer = await work.customers.of(member.user_id)
        if customer is not None and customer.provider_id is None:
            work.customers.save(unmade(customer))


async def release(begin: BeginWork, clock: Clock, payment_id: PaymentId, *, answered: bool) -> None:
    """Let the next caller go on with an attempt; `answered` when the provider itself answered it with an error."""

    async def once() -> None:
        async with begin() as work:
            checkout = await work.checkouts.of(payment_id)
            if checkout is not None:
                work.checkouts.save(checkout.released(answered=answered))
                await work.commit()

    await again(once, clock)


def with_request(customer: Customer | None, member: Member, request: PreparedRequest, clock: Clock) -> Customer:
    """The member's record with the request that makes them known to the provider."""
    known = customer or Customer(user_id=member.user_id, email=member.email, name=member.name, locale=member.locale)
    return replace(known, request=request, prepared_at=clock.now())


def unmade(customer: Customer) -> Customer:
    """The record of a customer that is to be made again, under a new key and with a request yet to be prepared."""
    return replace(customer, provider_id=None, request=None, prepared_at=None, attempt=customer.attempt + 1)
