"""The provider says where a hosted checkout stands: follow it, and say yes once, however often we are told."""

import logging
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from application.again import again
from application.errors import PaidBeside, UnfitEvent
from application.foreign import is_foreign
from application.log_context import also_about
from application.ports.gateway import CheckoutSession, SessionStatus
from application.ports.jobs import FINISHED, JobKind, NewJob
from application.ports.store import BeginWork, UnitOfWork
from application.ports.world import Clock, NewId
from application.record_returns import WON, RecordReturns
from application.send_confirmation import AFTER_ALL
from domain.audit import Cause
from domain.invoice import Invoice
from domain.member import PSEUDONYM
from domain.payment import ARRIVED, Payment, PaymentId, PaymentStatus
from domain.returns import Returns
from domain.subscription import Subscription

log = logging.getLogger(__name__)

BESIDE_PAID_TIME: Final = "paid beside time already paid: buys nothing and is given back"


class ConfirmPayment:
    """Brings a payment to where its checkout is. Paid: SUCCEEDED, one period, invoice data and the job that numbers the receipt.

    The same verb serves the webhook, the landing page and every repair, in any order and with any repetition.
    """

    def __init__(
        self, *, begin: BeginWork, returns: RecordReturns, clock: Clock, new_id: NewId, zone: ZoneInfo
    ) -> None:
        self._begin = begin
        self._new_id = new_id
        self._returns = returns
        self._clock = clock
        self._zone = zone

    async def __call__(self, session: CheckoutSession, *, cause: Cause) -> Payment | None:
        """Follow a session that was just fetched from the provider. Returns the payment, null when the session is none of ours.

        Raises UnfitEvent when the session carries an id of ours that does not fit what is stored.
        """

        async def once() -> Payment | None:
            async with self._begin() as work:
                payment = await self.within(work, session, at=None, cause=cause)
                await work.commit()
            return payment

        return await again(once, self._clock)

    async def within(
        self, work: UnitOfWork, session: CheckoutSession, *, at: datetime | None, cause: Cause
    ) -> Payment | None:
        """The same inside a unit of work. `at` (UTC) is when the provider said so, where it did so by an event."""
        if await is_foreign(work, session.installation):
            return None
        known = await work.payments.of_session(session.id, session.names_payment)
        if known is None:
            if session.payment_id is None:
                return None
            way_out = f": `payments review adopt {session.id}` stores it" if session.settled else ""
            raise UnfitEvent(f"checkout {session.id} names payment {session.payment_id}, which is not stored{way_out}")
        own = known.checkout_session_id in (None, session.id)
        if not own and not session.settled:
            return known
        if known.checkout_session_id not in (None, session.id) and known.status is PaymentStatus.PENDING:
            # The payment's own checkout may still be payable: its state stays, and the event is kept. Its retry closes that checkout,
            # and then makes this money a payment of its own.
            raise PaidBeside(
                f"checkout {session.id} was paid too, beside the one of payment {known.id}",
                own_session_id=known.checkout_session_id,
            )

        moment = self.moment_of(session, at)
        named = await self._opened_for(work, known, session)
        if not own:
            known = self._beside(work, known, session, moment, cause)
        return await self.follow(work, known, session, moment, named=named, cause=cause)

    def moment_of(self, session: CheckoutSession, at: datetime | None = None) -> datetime:
        """When the money of a session arrived, as far as the provider has told (UTC).

        Our clock bounds the provider's: a year never begins in the future, nor is a receipt numbered in a year to come.
        """
        now = self._clock.now()
        return min(max((told for told in (at, session.paid_at) if told is not None), default=now), now)

    async def follow(
        self,
        work: UnitOfWork,
        known: Payment,
        session: CheckoutSession,
        moment: datetime,
        *,
        named: Payment | None = None,
        cause: Cause,
    ) -> Payment:
        """Bring a locked payment, or one that this work adds, to where a session of its own is, with all that follows.

        named: the payment that the session was opened for, where that is another one.
        """
        also_about(payment_id=known.id)
        payment = followed(known.opened(session.id), session, moment, named=named)
        if payment.status is PaymentStatus.REVIEW and known.status is not PaymentStatus.REVIEW:
            log.error(
                "payment %s is to be reviewed: the money of checkout %s does not match it", payment.id, session.id
            )
        if payment.is_paid and not known.is_paid:
            return await self.fulfil(work, payment, invoice_id=session.invoice_id, cause=cause)
        work.payments.save(payment, cause)
        if payment.paid_at is not None and payment.paid_at != known.paid_at:
            return await self._dated(work, payment, cause)
        if payment.status in ARRIVED and known.status not in ARRIVED:
            payment = await self._returns.settle(work, payment, await self._gone_back(work, payment), cause=cause)
        return payment

    async def _dated(self, work: UnitOfWork, payment: Payment, cause: Cause) -> Payment:
        """A paid payment whose money arrived later than was known: its year, and whether it is a duplicate, follow."""
        work.payments.remark(payment, replace(cause, why=f"{cause.why}: its money arrived at {payment.paid_at}"))
        returns = await self._gone_back(work, payment)
        payment = await self._returns.settle(work, payment, returns, cause=cause)
        if payment.duplicate and await self._is_being_given_back(work, payment):
            return payment
        return await self.reconsider(work, payment, cause=cause)

    async def _is_being_given_back(self, work: UnitOfWork, payment: Payment) -> bool:
        """Whether a worker has begun to give a duplicate back: its refund may be on its way. Before each try that worker judges anew."""
        for subject in (str(payment.id), f"{payment.id}{WON}"):
            job = await work.jobs.of(JobKind.REFUND_DUPLICATE, subject)
            if job is not None and job.attempts > 0 and job.state not in FINISHED:
                return True
        return False

    async def _opened_for(self, work: UnitOfWork, known: Payment, session: CheckoutSession) -> Payment:
        """The payment that a session was opened for: another one where its money became a payment of its own, which has no checkout."""
        if session.names_payment in (None, known.id) or await work.checkouts.of(known.id) is not None:
            return known
        return await work.payments.get(session.names_payment) or known

    def _beside(
        self, work: UnitOfWork, known: Payment, session: CheckoutSession, at: datetime, cause: Cause
    ) -> Payment:
        """A payment of its own for money that came through another checkout than the one of the payment that it names."""
        log.error("checkout %s was paid too, beside the one of payment %s", session.id, known.id)
        payment = Payment(
            id=PaymentId(self._new_id()),
            user_id=known.user_id,
            user_type=known.user_type,
            plan=known.plan,
            amount=known.amount,
            created_at=at,
            checkout_session_id=session.id,
        )
        work.payments.add(payment, replace(cause, why=f"{cause.why}; a second checkout of payment {known.id}"))
        return payment

    async def fulfil(self, work: UnitOfWork, payment: Payment, *, invoice_id: str | None, cause: Cause) -> Payment:
        """All that follows when a locked payment has just become paid, inside a unit of work. Returns it as what went back leaves it."""
        returns = await self._gone_back(work, payment)
        subscription = await work.subscriptions.of(payment.user_id)
        paid_at = payment.paid_at or payment.created_at
        if subscription.has_time_for(payment, paid_at, payment.taken_back_at(returns)):
            self._extend(work, subscription, payment, cause)
        else:
            log.warning("payment %s was paid beside time already paid: it buys nothing and is given back", payment.id)
            payment = replace(payment, duplicate=True)
            work.payments.save(payment, replace(cause, why=f"{cause.why}; {BESIDE_PAID_TIME}"))
            work.jobs.enqueue(NewJob(kind=JobKind.REFUND_DUPLICATE, subject=str(payment.id)))

        work.invoices.save(Invoice(payment_id=payment.id, stripe_invoice_id=invoice_id))
        work.jobs.enqueue(NewJob(kind=JobKind.ISSUE_RECEIPT, subject=str(payment.id)))
        if invoice_id is not None:
            work.jobs.enqueue(NewJob(kind=JobKind.COLLECT_INVOICE, subject=str(payment.id), delay_seconds=1))
        return await self._returns.settle(work, payment, returns, cause=cause) if returns != Returns() else payment

    async def reconsider(self, work: UnitOfWork, payment: Payment, *, cause: Cause) -> Payment:
        """A locked duplicate, once more is known of the time beside which it was paid: no duplicate where that went back before."""
        if not payment.duplicate or payment.paid_at is None:
            return payment
        returns = await self._gone_back(work, payment)
        subscription = await work.subscriptions.of(payment.user_id)
        if not subscription.has_time_for(payment, payment.paid_at, payment.taken_back_at(returns)):
            return payment
        payment = replace(payment, duplicate=False)
        work.payments.remark(
            payment, replace(cause, why="the time beside which it was paid had gone back: it buys a year")
        )
        self._extend(work, subscription, payment, cause)
        work.jobs.enqueue(NewJob(kind=JobKind.SEND_CONFIRMATION, subject=f"{payment.id}{AFTER_ALL}"))
        return await self._returns.settle(work, payment, returns, cause=cause)

    def _extend(self, work: UnitOfWork, subscription: Subscription, payment: Payment, cause: Cause) -> None:
        work.payments.save(payment, cause)
        # A year that has ended meanwhile is written down first: the audit tells both changes.
        subscription = subscription.written_down(max(payment.paid_at or payment.created_at, self._clock.now()))
        work.subscriptions.save(subscription, Cause(why="the paid time has ended"))
        work.subscriptions.save(subscription.extended(payment, self._zone), cause)

    async def _gone_back(self, work: UnitOfWork, payment: Payment) -> Returns:
        """What went back of the payment's charge before we heard of the payment itself."""
        intent = payment.payment_intent_id
        return await work.returns.of(intent) if intent is not None else Returns()


def followed(payment: Payment, session: CheckoutSession, at: datetime, *, named: Payment | None = None) -> Payment:
    """The payment after what its session says. An event's name plays no part in it.

    named: the payment that the session was opened for, where that is another one.
    """
    if session.settled:
        return payment.paid(
            session.received,
            at=at,
            payment_intent_id=session.payment_intent_id,
            meant=payment.checkout_session_id in (None, session.id) and is_named_by(named or payment, session),
        )
    match session.status:
        case SessionStatus.COMPLETE:
            return payment.processing()
        case SessionStatus.EXPIRED:
            return payment.expired()
        case SessionStatus.OPEN:
            return payment


def is_named_by(payment: Payment, session: CheckoutSession) -> bool:
    """Whether every name in the session is that of the payment and its member.

    A session that names nobody contradicts nothing, nor does one that still names a member who was erased since.
    """
    same_payment = all(name == str(payment.id) for name in session.payment_names)
    return same_payment and (session.user_name in (None, payment.user_id) or payment.user_id.startswith(PSEUDONYM))
