"""A member comes back from the hosted page, or looks again: where does the checkout stand, also when no event has told us yet?"""

import logging

from msgspec import Struct

from application.confirm_payment import ConfirmPayment, followed
from application.errors import Conflict, ProviderRefused, ProviderUnavailable, UnfitEvent
from application.ports.gateway import CheckoutSession, PaymentGateway, SessionStatus
from application.ports.store import BeginWork, UnitOfWork
from application.ports.world import Clock
from domain.audit import Cause
from domain.errors import NotFound
from domain.member import UserId
from domain.payment import Payment, PaymentId, PaymentStatus
from domain.subscription import Period

log = logging.getLogger(__name__)

CAUSE = "the member came back from the checkout"


class FollowedCheckout(Struct, frozen=True, kw_only=True):
    """What is true of a member's checkout, as far as anybody knows.

    period: the year that the payment bought; null while it has bought none.
    url: the hosted page, where the provider just said that it can still be used.
    certain: false when the payment could still be paid at the provider without our having been able to ask.
    """

    payment: Payment
    period: Period | None
    url: str | None
    certain: bool


class FollowCheckout:
    """Tells what is stored; and while no money is stored, asks the provider, which is confirmed at once if it says paid.

    However many pages ask and however often, the provider is asked about one checkout at a bounded rate.
    """

    def __init__(self, *, begin: BeginWork, gateway: PaymentGateway, confirm: ConfirmPayment, clock: Clock) -> None:
        self._begin = begin
        self._gateway = gateway
        self._confirm = confirm
        self._clock = clock

    async def of_session(self, user_id: UserId, session_id: str) -> FollowedCheckout:
        """The checkout of a session. Raises NotFound, without a call to the provider, unless it is one of the member's own."""
        async with self._begin() as work:
            payment = await work.payments.of_session(session_id, None)
            found = await self._owned(work, user_id, payment)
        return await self._followed(*found)

    async def of_payment(self, user_id: UserId, payment_id: PaymentId) -> FollowedCheckout:
        """The checkout of a payment. Raises NotFound unless it is one of the member's own."""
        async with self._begin() as work:
            payment = await work.payments.get(payment_id, lock=True)
            found = await self._owned(work, user_id, payment)
        return await self._followed(*found)

    async def _owned(self, work: UnitOfWork, user_id: UserId, payment: Payment | None) -> tuple[Payment, bool]:
        """The payment, and whether the provider is to be asked about it now."""
        if payment is None or payment.user_id != user_id:
            raise NotFound("There is no such checkout.")
        now = self._clock.now()
        checkout = await work.checkouts.of(payment.id)
        known = payment.is_paid or payment.status is PaymentStatus.REVIEW or payment.checkout_session_id is None
        if known or checkout is None or not checkout.may_be_asked_at(now):
            return payment, False
        work.checkouts.save(checkout.asked(now))
        try:
            await work.commit()
        except Conflict:
            # Somebody else changed it in this moment, most likely to ask.
            return payment, False
        return payment, True

    async def _followed(self, payment: Payment, ask: bool) -> FollowedCheckout:
        session = await self._asked(payment) if ask else None
        if session is not None:
            payment = await self._told(payment, session)
        async with self._begin() as work:
            subscription = await work.subscriptions.of(payment.user_id)
        payable = payment.status in (PaymentStatus.PENDING, PaymentStatus.PROCESSING)
        return FollowedCheckout(
            payment=payment,
            period=subscription.bought_by(payment.id),
            url=session.url if session is not None and session.status is SessionStatus.OPEN else None,
            certain=session is not None or not payable,
        )

    async def _asked(self, payment: Payment) -> CheckoutSession | None:
        try:
            return await self._gateway.checkout(payment.checkout_session_id or "")
        except (ProviderUnavailable, ProviderRefused) as fault:
            log.warning("where the checkout of payment %s stands is not known: %s", payment.id, fault)
            return None

    async def _told(self, payment: Payment, session: CheckoutSession) -> Payment:
        """The payment after what the provider said. A look at a page stores only that the member has finished, paid or still to be paid."""
        if not session.settled and session.status is not SessionStatus.COMPLETE:
            return followed(payment, session, self._clock.now())
        try:
            return await self._confirm(session, cause=Cause(why=CAUSE, actor=f"member:{payment.user_id}")) or payment
        except UnfitEvent as fault:
            log.error("the checkout of payment %s cannot be followed: %s", payment.id, fault)
            return payment
