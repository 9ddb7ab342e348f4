"""Money that does not match is decided on by an operator: taken for what was asked, or given back."""

from application.again import again
from application.confirm_payment import ConfirmPayment
from application.ports.gateway import RefundReason
from application.ports.reads import UnderReview
from application.ports.store import BeginWork
from application.ports.world import Clock
from application.refund_payment import RefundPayment
from domain.audit import Cause
from domain.errors import NotFound, NothingToDecide, NothingToRefund, TimeAlreadyPaid
from domain.payment import Payment, PaymentId, PaymentStatus
from domain.returns import DisputeStage, DisputeStatus


class ReviewPayments:
    """Lists what waits for a decision, and carries the decision out."""

    def __init__(
        self,
        *,
        begin: BeginWork,
        under_review: UnderReview,
        confirm: ConfirmPayment,
        refund: RefundPayment,
        clock: Clock,
    ) -> None:
        self._begin = begin
        self._under_review = under_review
        self._confirm = confirm
        self._refund = refund
        self._clock = clock

    async def waiting(self) -> list[Payment]:
        """The payments whose money does not match, and the duplicates that are not given back; oldest first."""
        return await self._under_review.all()

    async def accept(self, payment_id: PaymentId, *, operator: str) -> Payment:
        """Take the money for what was asked: the payment is paid and its year begins now. What was accepted before stays as it is.

        Raises NotFound, IllegalMove when the payment never was under review, and TimeAlreadyPaid when the member has paid otherwise
        meanwhile: to take the money would be to give it back a moment later.
        """
        cause = Cause(why="the money under review was accepted", actor=f"operator:{operator}")

        async def once() -> Payment:
            async with self._begin() as work:
                payment = await work.payments.get(payment_id, lock=True)
                if payment is None:
                    raise NotFound("There is no such payment.")
                if payment.is_paid and payment.review is not None:
                    return payment
                payment = await self._confirm.fulfil(
                    work, payment.accepted(self._clock.now()), invoice_id=None, cause=cause
                )
                if payment.duplicate:
                    raise TimeAlreadyPaid(
                        "The member has paid for this time already: this money can only be given back."
                    )
                await work.commit()
            return payment

        return await again(once, self._clock)

    async def give_back(self, payment_id: PaymentId, *, operator: str, even_if_in_order: bool = False) -> Payment:
        """Give all of it back. What is on its way back already is not sent again.

        even_if_in_order: also a payment about which nothing is to be decided; the time that it bought ends.

        Raises NotFound, NothingToDecide, NothingToRefund, also where the member's bank has taken the money, ProviderUnavailable and
        ProviderRefused.
        """
        await self._check_decidable(payment_id, even_if_in_order=even_if_in_order)
        cause = Cause(why="given back after review", actor=f"operator:{operator}")
        payment = await self._refund(payment_id, reason=RefundReason.REQUESTED, cause=cause)
        if payment.status is not PaymentStatus.REFUNDED and payment.dispute is DisputeStatus.LOST:
            async with self._begin() as work:
                returns = await work.returns.of(payment.payment_intent_id or "")
            if payment.taken_back_at(returns) is not None and not returns.under_way_minor(payment.charged.currency):
                lost = ", ".join(one.id for one in returns.disputes if one.stage is DisputeStage.LOST)
                raise NothingToRefund(
                    f"The member's bank has taken this money back (dispute {lost}, lost): none is left to give back, and nothing "
                    "is left to decide."
                )
        return payment

    async def _check_decidable(self, payment_id: PaymentId, *, even_if_in_order: bool) -> None:
        """An id that was mistyped or copied from the wrong line must not take a good year from somebody."""
        async with self._begin() as work:
            payment = await work.payments.get(payment_id)
        if payment is None:
            raise NotFound("There is no such payment.")
        if payment.is_paid and payment.review is None and not payment.duplicate and not even_if_in_order:
            raise NothingToDecide(
                f"The payment of {payment.user_id} is in order ({payment.status}): nothing of it waits for a decision. "
                "Say --even-if-in-order to give it back all the same, which ends the time that it bought."
            )
