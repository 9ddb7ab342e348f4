"""The provider says where a hosted checkout stands: follow it, and say yes once, however often we are told."""

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from application.again import again
from application.errors import UnfitEvent
from application.ports.gateway import CheckoutSession, SessionStatus
from application.ports.jobs import JobKind, NewJob
from application.ports.store import BeginWork, UnitOfWork
from application.ports.world import Clock
from domain.audit import Cause
from domain.invoice import Invoice
from domain.payment import Payment

log = logging.getLogger(__name__)


class ConfirmPayment:
    """Brings a payment to where its checkout is. Paid: SUCCEEDED, one period, invoice data and the job that numbers the receipt.

    The same verb serves the webhook, the landing page and every repair, in any order and with any repetition.
    """

    def __init__(self, *, begin: BeginWork, clock: Clock, zone: ZoneInfo) -> None:
        self._begin = begin
        self._clock = clock
        self._zone = zone

    async def __call__(self, session: CheckoutSession, *, cause: Cause) -> Payment | None:
        """Follow a session that was just fetched from the provider. Returns the payment, null when the session is none of ours.

        Raises UnfitEvent when the session carries an id of ours that does not fit what is stored.
        """

        async def once() -> Payment | None:
            async with self._begin() as work:
                payment = await self.within(work, session, at=self._clock.now(), cause=cause)
                await work.commit()
            return payment

        return await again(once, self._clock)

    async def within(self, work: UnitOfWork, session: CheckoutSession, *, at: datetime, cause: Cause) -> Payment | None:
        """The same inside a unit of work. `at` (UTC) is when the provider said so, for sessions that do not tell when they were paid."""
        known = await work.payments.of_session(session.id, session.payment_id)
        if known is None:
            if session.payment_id is None:
                return None
            raise UnfitEvent(f"checkout {session.id} names payment {session.payment_id}, which is not stored")
        if known.checkout_session_id not in (None, session.id):
            if session.settled:
                raise UnfitEvent(f"checkout {session.id} was paid, but payment {known.id} has another checkout")
            return known

        payment = followed(known.opened(session.id), session, at)
        if payment != known:
            work.payments.save(payment, cause)
        if payment.is_paid and not known.is_paid:
            await self._fulfil(work, payment, session, cause)
        return payment

    async def _fulfil(self, work: UnitOfWork, payment: Payment, session: CheckoutSession, cause: Cause) -> None:
        work.invoices.save(Invoice(payment_id=payment.id, stripe_invoice_id=session.invoice_id))
        work.jobs.enqueue(NewJob(kind=JobKind.ISSUE_RECEIPT, subject=str(payment.id)))
        if session.invoice_id is not None:
            work.jobs.enqueue(NewJob(kind=JobKind.COLLECT_INVOICE, subject=str(payment.id), delay_seconds=1))

        subscription = await work.subscriptions.of(payment.user_id)
        if subscription.has_time_for(payment, payment.paid_at or payment.created_at):
            work.subscriptions.save(subscription.extended(payment, self._zone), cause)
        else:
            log.error("payment %s was paid beside time already paid: it buys nothing and is to be refunded", payment.id)


def followed(payment: Payment, session: CheckoutSession, at: datetime) -> Payment:
    """The payment after what its session says. An event's name plays no part in it."""
    if session.settled:
        paid_at = session.paid_at or at
        return payment.paid(session.received, at=paid_at, payment_intent_id=session.payment_intent_id)
    match session.status:
        case SessionStatus.COMPLETE:
            return payment.processing()
        case SessionStatus.EXPIRED:
            return payment.expired()
        case SessionStatus.OPEN:
            return payment
