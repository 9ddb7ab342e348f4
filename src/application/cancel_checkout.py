"""A member gives a checkout up: it is closed at the provider, so that it can never be paid, and the payment is CANCELLED."""

from typing import Final

from application.again import again
from application.confirm_payment import ConfirmPayment
from application.errors import ProviderUnavailable
from application.log_context import also_about
from application.ports.gateway import CheckoutSession, PaymentGateway, SessionStatus
from application.ports.store import BeginWork, UnitOfWork
from application.ports.world import Clock
from domain.audit import Cause
from domain.errors import NotFound
from domain.member import UserId
from domain.payment import PAYABLE, Payment, PaymentId

CAUSE: Final = "the member gave the checkout up"

ROUNDS_MAX: Final = 3
"""How often a session that a start has stored meanwhile is closed too, before the member is asked to come back."""


class CancelCheckout:
    """Gives up what can still be paid. Where the member's money was faster, the money counts; what is over stays as it is."""

    def __init__(self, *, begin: BeginWork, gateway: PaymentGateway, confirm: ConfirmPayment, clock: Clock) -> None:
        self._begin = begin
        self._gateway = gateway
        self._confirm = confirm
        self._clock = clock

    async def __call__(self, user_id: UserId, payment_id: PaymentId) -> Payment:
        """The payment as it then is.

        Raises NotFound for a payment that is not the member's own, ProviderUnavailable when the checkout could not be closed.
        """
        cause = Cause(why=CAUSE, actor=f"member:{user_id}")
        for _ in range(ROUNDS_MAX):
            payment, customer_id = await self._claimed(user_id, payment_id)
            also_about(payment_id=payment.id)
            if payment.status is not PAYABLE:
                return payment
            session = await self._closed(payment, customer_id)
            if session is not None and session.status is SessionStatus.COMPLETE:
                return await self._confirm(session, cause=cause) or payment
            closed_id = session.id if session is not None else payment.checkout_session_id
            cancelled = await self._stored(user_id, payment_id, closed_id, cause)
            if cancelled is not None:
                return cancelled
        raise ProviderUnavailable("the checkout is being opened just now", retry_after_seconds=2)

    async def _stored(
        self, user_id: UserId, payment_id: PaymentId, closed_id: str | None, cause: Cause
    ) -> Payment | None:
        """The payment once it is CANCELLED; null when it got a session meanwhile, which has to be closed first."""

        async def once() -> Payment | None:
            async with self._begin() as work:
                known = await _own(work, user_id, payment_id)
                if known.checkout_session_id not in (None, closed_id):
                    # A claim ends by the clock: a start that was slow, or whose clock differs from ours, has stored its session.
                    return None
                cancelled = known.cancelled()
                work.payments.save(cancelled, cause)
                await work.commit()
            return cancelled

        return await again(once, self._clock)

    async def _claimed(self, user_id: UserId, payment_id: PaymentId) -> tuple[Payment, str | None]:
        """The payment, and who the member is to the provider; where no session is stored, nobody else opens one meanwhile."""
        now = self._clock.now()

        async def once() -> tuple[Payment, str | None]:
            async with self._begin() as work:
                payment = await _own(work, user_id, payment_id)
                checkout = await work.checkouts.of(payment_id)
                customer = await work.customers.of(user_id)
                if payment.status is PAYABLE and payment.checkout_session_id is None and checkout is not None:
                    if checkout.is_claimed_at(now):
                        raise ProviderUnavailable("the checkout is being opened just now", retry_after_seconds=2)
                    work.checkouts.save(checkout.claimed(now))
                    await work.commit()
                elif payment.status is PAYABLE and checkout is not None:
                    # Noted before the provider is told: from here on no start sends anybody there.
                    work.checkouts.save(checkout.closed())
                    await work.commit()
            return payment, customer.provider_id if customer is not None else None

        return await again(once, self._clock)

    async def _closed(self, payment: Payment, customer_id: str | None) -> CheckoutSession | None:
        """The session after it was closed; null when there is none."""
        session_id = payment.checkout_session_id
        if session_id is None and customer_id is not None:
            # A start may have died between the provider's answer and its storing.
            left_behind = await self._gateway.find_checkout(payment.id, customer_id)
            session_id = left_behind.id if left_behind is not None else None
        if session_id is None:
            return None
        session = await self._gateway.expire_checkout(session_id)
        if session is not None and session.status is SessionStatus.OPEN:
            raise ProviderUnavailable("the payment provider did not close the checkout", retry_after_seconds=2)
        return session


async def _own(work: UnitOfWork, user_id: UserId, payment_id: PaymentId) -> Payment:
    payment = await work.payments.get(payment_id, lock=True)
    if payment is None or payment.user_id != user_id:
        raise NotFound("There is no such checkout.")
    return payment
