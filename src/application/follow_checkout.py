"""A member comes back from the hosted page, or looks again: where does the checkout stand, also when no event has told us yet?"""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from msgspec import Struct

from application.confirm_payment import ConfirmPayment, followed
from application.errors import Conflict, ProviderRefused, ProviderUnavailable, UnfitEvent
from application.log_context import also_about
from application.ports.gateway import CheckoutSession, PaymentGateway, SessionStatus
from application.ports.store import BeginWork, UnitOfWork
from application.ports.world import Clock
from domain.audit import Cause
from domain.checkout import Checkout
from domain.errors import NotFound
from domain.member import UserId
from domain.payment import UNFINISHED, Payment, PaymentId, PaymentStatus
from domain.subscription import Period

log = logging.getLogger(__name__)

CAUSE = "the member came back from the checkout"

LANDING_PAUSE: Final = timedelta(seconds=2)
"""Between two questions for a member who lands after paying: whoever comes back has always one of their own."""

LOOK_PAUSE: Final = timedelta(seconds=5)
"""Between two questions for a member who looks at other pages."""


class FollowedCheckout(Struct, frozen=True, kw_only=True):
    """What is true of a member's checkout, as far as anybody knows.

    period: the year that the payment bought; null while it has bought none.
    period_over: whether that year has ended.
    certain: false when the payment could still be paid at the provider without our having been able to ask.
    """

    payment: Payment
    period: Period | None
    period_over: bool
    certain: bool


class FollowCheckout:
    """Tells what is stored; and while no money is stored, asks the provider, which is confirmed at once if it says paid.

    However many pages ask and however often, the provider is asked about one checkout at a bounded rate; about one whose bank is
    still at work more and more rarely, since its event will tell.
    """

    def __init__(self, *, begin: BeginWork, gateway: PaymentGateway, confirm: ConfirmPayment, clock: Clock) -> None:
        self._begin = begin
        self._gateway = gateway
        self._confirm = confirm
        self._clock = clock

    async def of_session(self, user_id: UserId, session_id: str) -> FollowedCheckout:
        """The checkout that a member lands from. Raises NotFound, without a call to the provider, unless it is one of their own."""
        async with self._begin() as work:
            payment = _own(await work.payments.of_session(session_id, None), user_id)
            ask = await self._may_ask(work, payment, LANDING_PAUSE)
        # Before landing the member may have paid: what was said earlier counts for nothing here.
        return await self._followed(payment, ask=ask, told_open=False)

    async def of_payment(self, user_id: UserId, payment_id: PaymentId) -> FollowedCheckout:
        """The checkout of a payment that a member looks at. Raises NotFound unless it is one of their own."""
        async with self._begin() as work:
            payment = _own(await work.payments.get(payment_id, lock=True), user_id)
            checkout = await work.checkouts.of(payment.id)
            told_open = checkout is not None and checkout.was_open_lately(self._clock.now())
            ask = await self._may_ask(work, payment, LOOK_PAUSE)
        return await self._followed(payment, ask=ask, told_open=told_open)

    async def _may_ask(self, work: UnitOfWork, payment: Payment, pause: timedelta) -> bool:
        """Whether the provider is to be asked about a payment now; noted, so that nobody else asks too."""
        if payment.is_paid or payment.status is PaymentStatus.REVIEW or payment.checkout_session_id is None:
            return False
        now = self._clock.now()
        checkout = await work.checkouts.of(payment.id)
        shortest = None if payment.status is PaymentStatus.PROCESSING else pause
        if checkout is None or not checkout.may_be_asked_at(now, shortest):
            return False
        work.checkouts.save(checkout.asked(now))
        try:
            await work.commit()
        except Conflict:
            return False  # somebody else changed it in this moment, most likely to ask
        return True

    async def _followed(self, payment: Payment, *, ask: bool, told_open: bool) -> FollowedCheckout:
        also_about(payment_id=payment.id)
        session = await self._asked(payment) if ask else None
        if session is not None:
            payment = await self._told(payment, session)
        async with self._begin() as work:
            subscription = await work.subscriptions.of(payment.user_id)
        period = subscription.bought_by(payment.id)
        return FollowedCheckout(
            payment=payment,
            period=period,
            period_over=period is not None and period.ends_at <= self._clock.now(),
            # Without a session nobody was ever sent to pay.
            certain=session is not None
            or told_open
            or payment.status not in UNFINISHED
            or payment.checkout_session_id is None,
        )

    async def _asked(self, payment: Payment) -> CheckoutSession | None:
        try:
            return await self._gateway.checkout(payment.checkout_session_id or "")
        except (ProviderUnavailable, ProviderRefused) as fault:
            log.warning("where the checkout of payment %s stands is not known: %s", payment.id, fault)
            return None

    async def _told(self, payment: Payment, session: CheckoutSession) -> Payment:
        """The payment after what the provider said. A look at a page stores only that the member has finished, paid or still to be paid."""
        if session.status is SessionStatus.OPEN and not session.settled:
            await self._note(payment.id, lambda checkout: checkout.told_open(self._clock.now()))
            return payment
        if not session.settled and session.status is not SessionStatus.COMPLETE:
            await self._note(payment.id, Checkout.closed)
            return followed(payment, session, self._clock.now())
        try:
            return await self._confirm(session, cause=Cause(why=CAUSE, actor=f"member:{payment.user_id}")) or payment
        except UnfitEvent as fault:
            log.error("the checkout of payment %s cannot be followed: %s", payment.id, fault)
            return payment

    async def _note(self, payment_id: PaymentId, change: Callable[[Checkout], Checkout]) -> None:
        async with self._begin() as work:
            checkout = await work.checkouts.of(payment_id)
            if checkout is not None:
                work.checkouts.save(change(checkout))
                with suppress(Conflict):  # then the next look asks anew
                    await work.commit()


def _own(payment: Payment | None, user_id: UserId) -> Payment:
    if payment is None or payment.user_id != user_id:
        raise NotFound("There is no such checkout.")
    return payment
