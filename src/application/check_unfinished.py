"""Every payment whose money may still come is held against the provider, and repaired."""

from datetime import timedelta
from typing import Final

from application.confirm_payment import ConfirmPayment
from application.errors import ApplicationFault, Conflict, ProviderUnavailable, TryAgain
from application.expire_checkout import ExpireCheckout
from application.findings import Findings
from application.log_context import about
from application.open_checkout import release
from application.ports.gateway import CheckoutSession, PaymentGateway, SessionStatus
from application.ports.reads import Unfinished
from application.ports.store import BeginWork
from application.ports.world import Clock
from domain.audit import Cause
from domain.payment import UNFINISHED, Payment, PaymentId, PaymentStatus

CAUSE: Final = Cause(why="reconciled with the provider")
PAGE_SIZE: Final = 100

LEFT_ALONE: Final = timedelta(minutes=2)
"""A payment younger than this is left to its events."""

CALL_PAUSE_SECONDS: Final = 0.1
"""At most ten questions a second, a tenth of what the provider allows: members come first."""


class CheckUnfinished:
    """Goes through all unfinished payments, however many replicas do so at once, and repairs through the verbs that events use."""

    def __init__(
        self,
        *,
        begin: BeginWork,
        unfinished: Unfinished,
        gateway: PaymentGateway,
        confirm: ConfirmPayment,
        expire: ExpireCheckout,
        clock: Clock,
        checkout_minutes: int,
    ) -> None:
        self._begin = begin
        self._unfinished = unfinished
        self._gateway = gateway
        self._confirm = confirm
        self._expire = expire
        self._clock = clock
        self._lifetime = timedelta(minutes=checkout_minutes)

    async def __call__(self, findings: Findings, *, whatever_the_age: bool) -> None:
        """One run. Payments that are young, or were asked about just now, are left for later unless told otherwise.

        Raises ProviderUnavailable when the provider stops answering, TryAgain when the store is away.
        """
        last: Payment | None = None
        while page := await self._unfinished.page(after=last, limit=PAGE_SIZE):
            for payment in page:
                last = payment
                with about(payment_id=payment.id):
                    findings.checked += await self._checked(payment.id, whatever_the_age, findings)

    async def _checked(self, payment_id: PaymentId, whatever_the_age: bool, findings: Findings) -> bool:
        """Whether the provider was asked about a payment."""
        claimed = await self._claimed(payment_id, whatever_the_age)
        if claimed is None:
            return False
        payment, customer_id = claimed
        await self._clock.sleep(CALL_PAUSE_SECONDS)
        try:
            session = await self._session(payment, customer_id)
            why, after = await self._repaired(payment, session)
        except (ProviderUnavailable, TryAgain):
            raise
        except ApplicationFault as fault:
            findings.note("payment", str(payment.id), payment.status, payment.status, str(fault), repaired=False)
            return True
        finally:
            if payment.checkout_session_id is None:
                # Only looked at: the member's next start goes on with it.
                await release(self._begin, self._clock, payment.id, answered=False)
        if after is not payment.status:
            findings.note("payment", str(payment.id), payment.status, after, why)
        return True

    async def _claimed(self, payment_id: PaymentId, whatever_the_age: bool) -> tuple[Payment, str | None] | None:
        """The payment and who its member is to the provider; null when it is not to be asked about now."""
        now = self._clock.now()
        try:
            async with self._begin() as work:
                payment = await work.payments.get(payment_id, lock=True)
                checkout = await work.checkouts.of(payment_id)
                if payment is None or payment.status not in UNFINISHED or checkout is None:
                    return None
                young = now - payment.created_at < LEFT_ALONE or not checkout.may_be_asked_at(now)
                if checkout.is_claimed_at(now) or (young and not whatever_the_age):
                    return None
                customer = await work.customers.of(payment.user_id)
                checkout = checkout.asked(now)
                work.checkouts.save(checkout if payment.checkout_session_id is not None else checkout.claimed(now))
                await work.commit()
        except Conflict:
            return None  # somebody else is at work on it
        return payment, customer.provider_id if customer is not None else None

    async def _session(self, payment: Payment, customer_id: str | None) -> CheckoutSession | None:
        if payment.checkout_session_id is not None:
            return await self._gateway.checkout(payment.checkout_session_id)
        # Interrupted between the provider's answer and its storing, or before any request was sent.
        found = await self._gateway.find_checkout(payment.id, customer_id) if customer_id is not None else None
        if found is not None and found.status is SessionStatus.OPEN and self._is_over(payment):
            return await self._gateway.expire_checkout(found.id)
        return found

    async def _repaired(self, payment: Payment, session: CheckoutSession | None) -> tuple[str, PaymentStatus]:
        """What was done, and the status that the payment has then."""
        if session is None:
            if payment.checkout_session_id is None and not self._is_over(payment):
                return "", payment.status  # the member's next start resumes it
            expired = await self._expire(payment.id, cause=CAUSE)
            return "the provider knows no checkout of it", expired.status if expired is not None else payment.status
        if session.status is SessionStatus.OPEN:
            return "", payment.status
        confirmed = await self._confirm(session, cause=CAUSE)
        words = "its money has arrived" if session.settled else f"its checkout is {session.status}"
        return words, confirmed.status if confirmed is not None else payment.status

    def _is_over(self, payment: Payment) -> bool:
        return self._clock.now() - payment.created_at > self._lifetime
