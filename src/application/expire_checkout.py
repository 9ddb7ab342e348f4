"""A hosted checkout ended unpaid: the payment is over, and the member may start anew."""

from application.again import again
from application.ports.gateway import CheckoutSession
from application.ports.store import BeginWork, UnitOfWork
from application.ports.world import Clock
from domain.audit import Cause
from domain.payment import Payment, PaymentId


class ExpireCheckout:
    """Makes a PENDING payment EXPIRED. Late, repeated or overtaken by money, it changes nothing."""

    def __init__(self, *, begin: BeginWork, clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def __call__(self, payment_id: PaymentId, *, cause: Cause) -> Payment | None:
        """The payment, expired because the provider no longer knows its checkout. Null when there is no such payment."""

        async def once() -> Payment | None:
            async with self._begin() as work:
                payment = await work.payments.get(payment_id, lock=True)
                if payment is not None:
                    payment = payment.expired()
                    work.payments.save(payment, cause)
                await work.commit()
            return payment

        return await again(once, self._clock)

    async def within(self, work: UnitOfWork, session: CheckoutSession, *, cause: Cause) -> Payment | None:
        """Expire the payment of an ended session, inside a unit of work. Null when the session is none of ours.

        The end of a session that is not the payment's own (one that an earlier attempt left behind) says nothing about the payment.
        """
        payment = await work.payments.of_session(session.id, session.names_payment)
        if payment is not None and payment.checkout_session_id in (None, session.id):
            work.payments.save(payment.opened(session.id).expired(), cause)
        return payment
