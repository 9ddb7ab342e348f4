"""Money went back: keep the fact, whoever's hand it was, and let the payment and the time it bought follow all that is known."""

import logging
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from application.log_context import also_about
from application.ports.gateway import ChargeRefunded
from application.ports.jobs import JobKind, NewJob
from application.ports.store import UnitOfWork
from application.ports.world import Clock
from domain.audit import Cause
from domain.payment import Payment, PaymentStatus
from domain.returns import Dispute, DisputeStage, DisputeStatus, Refund, Returns
from domain.subscription import Subscription

log = logging.getLogger(__name__)

LONGER_THAN_ANY_WORK: Final = 60.0
"""In seconds. A work that was confirming the payment when a fact about it came is surely over by then."""

WON: Final = ":won"
"""Ends the subject of a job that gives a duplicate back once the dispute about it is won."""


class RecordReturns:
    """Keeps refunds and disputes as facts, also of charges that are not known yet, and derives what follows from them."""

    def __init__(self, *, clock: Clock, zone: ZoneInfo) -> None:
        self._clock = clock
        self._zone = zone

    async def refund(self, work: UnitOfWork, told: Refund, *, cause: Cause) -> Payment | None:
        """Keep where a refund stands, inside a unit of work. Null when the charge is of no payment that is known (yet)."""
        payment = await work.payments.of_intent(told.payment_intent_id)
        returns = (await work.returns.of(told.payment_intent_id)).with_refund(told)
        work.returns.save_refund(next(refund for refund in returns.refunds if refund.id == told.id))
        return await self._followed(work, payment, told.payment_intent_id, f"{told.id}:{told.status}", returns, cause)

    async def dispute(self, work: UnitOfWork, told: Dispute, *, cause: Cause, asked: bool = False) -> Payment | None:
        """Keep where a dispute stands, in the same way; `asked` when the provider has just answered with it."""
        payment = await work.payments.of_intent(told.payment_intent_id)
        returns = (await work.returns.of(told.payment_intent_id)).with_dispute(told, asked=asked)
        stored = next(dispute for dispute in returns.disputes if dispute.id == told.id)
        work.returns.save_dispute(stored)
        if stored.stage is DisputeStage.APPEALED and told.lost_at is not None:
            # The loss that was appealed, told late, or the loss after the appeal: only the provider can tell.
            subject = f"{told.payment_intent_id}:{told.id}:{told.lost_at:%Y%m%d%H%M%S}"
            work.jobs.enqueue(NewJob(kind=JobKind.COLLECT_RETURNS, subject=subject, delay_seconds=5))
        return await self._followed(work, payment, told.payment_intent_id, f"{told.id}:{told.stage}", returns, cause)

    async def charge(self, work: UnitOfWork, told: ChargeRefunded, *, cause: Cause) -> Payment | None:
        """A charge says how much of it went back: keep the refunds that it lists, and ask for those that nobody has told of."""
        payment = await work.payments.of_intent(told.payment_intent_id)
        returns = await work.returns.of(told.payment_intent_id)
        for refund in told.refunds:
            returns = returns.with_refund(refund)
        for refund in returns.refunds:
            work.returns.save_refund(refund)
        if returns.under_way_minor(told.currency) < told.refunded_minor:
            subject = f"{told.payment_intent_id}:{told.refunded_minor}"
            work.jobs.enqueue(NewJob(kind=JobKind.COLLECT_RETURNS, subject=subject, delay_seconds=5))
        return await self._followed(
            work, payment, told.payment_intent_id, f"{told.refunded_minor} told", returns, cause
        )

    async def settle(self, work: UnitOfWork, payment: Payment, returns: Returns, *, cause: Cause) -> Payment:
        """Bring a locked payment, and the time it bought, to where all that is known of its charge leaves them."""
        also_about(payment_id=payment.id)
        was_told_of_time = (await work.subscriptions.of(payment.user_id)).has_time_of(payment)
        after = payment.after_returns(returns)
        if returns.refunded_minor(payment.charged.currency) > (payment.charged.amount or 0):
            log.error("more went back of payment %s than was charged", payment.id)
        work.payments.save(after, cause)
        if after.status is PaymentStatus.REFUNDED and payment.status is not PaymentStatus.REFUNDED:
            # The job of a refund that came to nothing may have found nothing to tell.
            anew = any(refund.is_over for refund in returns.refunds)
            subject = self._anew(payment) if anew else str(payment.id)
            work.jobs.enqueue(NewJob(kind=JobKind.SEND_REFUND_NOTICE, subject=subject))
        won = after.dispute is DisputeStatus.WON and payment.dispute is not DisputeStatus.WON
        if after.duplicate and won and after.status is not PaymentStatus.REFUNDED:
            # While it was disputed it could not be given back, or the bank had taken it.
            work.jobs.enqueue(NewJob(kind=JobKind.REFUND_DUPLICATE, subject=f"{payment.id}{WON}"))
        if payment.status is PaymentStatus.REFUNDED and after.status is not PaymentStatus.REFUNDED:
            log.error("a refund of payment %s failed after it had succeeded: the money is with us again", payment.id)
        if after.paid_at is not None:
            await self._take_back(work, after, after.paid_at, returns, cause)
        if not was_told_of_time and (await work.subscriptions.of(payment.user_id)).has_time_of(after):
            # Its confirmation may have found nothing to confirm while the money seemed gone.
            work.jobs.enqueue(NewJob(kind=JobKind.SEND_CONFIRMATION, subject=self._anew(payment)))
        return after

    def _anew(self, payment: Payment) -> str:
        """The subject of a job that tells of a payment once more. Whatever was sent already is not sent again: the letter's key is one."""
        return f"{payment.id}:{self._clock.now():%Y%m%d%H%M%S%f}"

    async def _followed(
        self,
        work: UnitOfWork,
        payment: Payment | None,
        payment_intent_id: str,
        what: str,
        returns: Returns,
        cause: Cause,
    ) -> Payment | None:
        if payment is not None:
            return await self.settle(work, payment, returns, cause=cause)
        # Its payment may be confirmed at this very moment, by a work that cannot see this fact: look once more when that is over.
        subject = f"{payment_intent_id}:{what}"
        work.jobs.enqueue(NewJob(kind=JobKind.COLLECT_RETURNS, subject=subject, delay_seconds=LONGER_THAN_ANY_WORK))
        return None

    async def _take_back(
        self, work: UnitOfWork, payment: Payment, paid_at: datetime, returns: Returns, cause: Cause
    ) -> None:
        subscription = await work.subscriptions.of(payment.user_id)
        period = subscription.bought_by(payment.id)
        taken_back_at = payment.taken_back_at(returns)
        if period is None or (period.bought_at, period.taken_back_at) == (paid_at, taken_back_at):
            return
        now = self._clock.now()
        subscription = subscription.written_down(now)
        work.subscriptions.save(subscription, Cause(why="the paid time has ended"))
        after = subscription.taken_back(payment.id, taken_back_at, bought_at=paid_at, now=now, zone=self._zone)
        work.subscriptions.save(after.held_by(await self._newest(work, after, payment)), cause)

    async def _newest(self, work: UnitOfWork, subscription: Subscription, payment: Payment) -> Payment:
        """The payment that bought the newest year that is left, or the newest of all: it may be one for another plan."""
        newest = subscription.newest or subscription.periods[-1]
        if newest.payment_id == payment.id:
            return payment
        return await work.payments.get(newest.payment_id) or payment
