"""A payment is given back in full: by itself when it was a duplicate, by an operator when it does not match."""

import logging
from uuid import UUID

from msgspec.structs import replace

from application.collect_returns import CollectReturns
from application.confirm_payment import ConfirmPayment
from application.errors import ProviderRefused, ProviderUnavailable
from application.log_context import also_about
from application.ports.gateway import PaymentGateway, RefundOrder, RefundReason
from application.ports.jobs import ClaimedJob
from application.ports.store import BeginWork
from domain.audit import Cause
from domain.errors import NothingToRefund
from domain.payment import ARRIVED, Payment, PaymentId, PaymentStatus
from domain.returns import Returns

log = logging.getLogger(__name__)


class RefundPayment:
    """Gives back what is left of a charge, once, however often and from however many sides it is asked to.

    The provider is asked first what has gone back already: a lost answer, a crash or somebody's hand in the dashboard then leaves
    nothing to give back. Two callers at the same moment see the same refunds and so send one key.
    """

    def __init__(self, *, begin: BeginWork, gateway: PaymentGateway, collect: CollectReturns) -> None:
        self._begin = begin
        self._gateway = gateway
        self._collect = collect

    async def __call__(
        self, payment_id: PaymentId, *, reason: RefundReason, cause: Cause, after_failure: bool = True
    ) -> Payment:
        """The payment once its money is on its way back.

        after_failure: whether to try anew where an earlier refund came to nothing.

        Raises NothingToRefund when no money of it has arrived or nobody can tell how much, ProviderUnavailable and ProviderRefused.
        """
        also_about(payment_id=payment_id)
        async with self._begin() as work:
            payment = await work.payments.get(payment_id, lock=True)
            if payment is not None and payment.status is PaymentStatus.REVIEW and payment.charged.amount == 0:
                payment = payment.let_go()
                work.payments.save(payment, cause)
                await work.commit()
                return payment
        if payment is None or payment.status not in ARRIVED or payment.payment_intent_id is None:
            raise NothingToRefund("No money of this payment has arrived, so that none can be given back.")
        if not payment.is_charge_known:
            await self._ask_what_was_charged(payment, cause)
            return await self(payment_id, reason=reason, cause=cause, after_failure=after_failure)
        known, returns = await self._collect.of_charge(payment.payment_intent_id, cause=cause)
        left = self._left(payment, returns)
        if left <= 0:
            return known or payment
        if not after_failure and any(refund.is_over and refund.amount_minor >= left for refund in returns.refunds):
            log.error("a refund of payment %s came to nothing: it needs an operator", payment_id)
            return known or payment
        # The same whoever orders it: Stripe refuses the same key with another reason.
        reason = RefundReason.DUPLICATE if (known or payment).duplicate else reason
        async with self._begin() as work:
            order = RefundOrder(
                payment_intent_id=payment.payment_intent_id,
                payment_id=payment_id,
                amount_minor=left,
                reason=reason,
                installation=await work.installation.id(),
            )
            present = await work.payments.get(payment_id, lock=True) or payment
            work.payments.remark(present, replace(cause, why=f"{cause.why}: a refund of {left} is ordered"))
            await work.commit()
        try:
            await self._gateway.refund(order, key=f"refund:{payment_id}:{len(returns.refunds) + 1}")
        except ProviderRefused as refusal:
            # Somebody may have been faster, in the dashboard: where nothing is left, that is what was wanted.
            known, returns = await self._collect.of_charge(payment.payment_intent_id, cause=cause)
            still_left = self._left(payment, returns)
            if still_left == left:
                raise
            if still_left > 0:
                raise ProviderUnavailable(
                    "a part was given back meanwhile: the rest is to be ordered anew"
                ) from refusal
        else:
            known, _ = await self._collect.of_charge(payment.payment_intent_id, cause=cause)
        return known or payment

    async def _ask_what_was_charged(self, payment: Payment, cause: Cause) -> None:
        """Ask the provider what was charged, and keep it: whoever told of the money had not said so.

        Raises NothingToRefund where the provider does not tell either.
        """
        session_id = payment.checkout_session_id
        session = await self._gateway.checkout(session_id) if session_id is not None else None
        if session is None or session.received.amount is None or session.received.currency is None:
            raise NothingToRefund(
                "The payment provider does not tell how much was charged, so that it cannot be given back from here: "
                f"give it back in the provider's dashboard ({payment.payment_intent_id})."
            )
        async with self._begin() as work:
            payment = (await work.payments.get(payment.id, lock=True) or payment).told_its_charge(session.received)
            work.payments.save(payment, cause)
            charged = f"{session.received.amount} {session.received.currency}"
            work.payments.remark(payment, replace(cause, why=f"{cause.why}: the provider says that {charged} came"))
            await work.commit()

    def _left(self, payment: Payment, returns: Returns) -> int:
        """What can still be given back, in minor units: nothing of what the member's bank has taken back already."""
        currency = payment.charged.currency
        if payment.taken_back_at(returns) is not None:
            return 0
        return (payment.charged.amount or 0) - returns.under_way_minor(currency) - returns.lost_minor(currency)


class RefundDuplicate:
    """Gives back, by itself and once, what was paid beside time already paid.

    That time may have gone back without our knowing of it yet, so that nothing was beside the payment: the provider is asked first.
    """

    def __init__(
        self, *, begin: BeginWork, confirm: ConfirmPayment, collect: CollectReturns, refund: RefundPayment
    ) -> None:
        self._begin = begin
        self._confirm = confirm
        self._collect = collect
        self._refund = refund

    async def __call__(self, job: ClaimedJob) -> None:
        """The job of a payment. Raises ProviderUnavailable when it is to be tried later, ProviderRefused for an operator."""
        payment_id = PaymentId(UUID(job.subject.partition(":")[0]))
        cause = Cause(why="a duplicate is given back")
        for payment_intent_id in await self._beside(payment_id):
            await self._collect.of_charge(payment_intent_id, cause=Cause(why="asked beside which time it was paid"))
        if await self._is_duplicate(payment_id):
            await self._refund(payment_id, reason=RefundReason.DUPLICATE, cause=cause, after_failure=False)
        async with self._begin() as work:
            work.jobs.complete(job)
            await work.commit()

    async def _beside(self, payment_id: PaymentId) -> list[str]:
        """The charge of the payment, and those of the paid time that it was made beside."""
        async with self._begin() as work:
            payment = await work.payments.get(payment_id)
            if payment is None or payment.paid_at is None or not payment.duplicate:
                return []
            periods = (await work.subscriptions.of(payment.user_id)).periods
            beside = [
                await work.payments.get(period.payment_id) for period in periods if period.ends_at > payment.paid_at
            ]
        charges = [payment, *beside]
        return [one.payment_intent_id for one in charges if one is not None and one.payment_intent_id is not None]

    async def _is_duplicate(self, payment_id: PaymentId) -> bool:
        async with self._begin() as work:
            payment = await work.payments.get(payment_id, lock=True)
            if payment is not None:
                payment = await self._confirm.reconsider(work, payment, cause=Cause(why="no duplicate after all"))
                await work.commit()
        return payment is not None and payment.duplicate
