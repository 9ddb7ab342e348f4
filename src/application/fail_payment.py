"""A delayed method failed for good: no money will come, and the member may start anew."""

from application.ports.gateway import CheckoutSession, SessionStatus
from application.ports.store import UnitOfWork
from domain.audit import Cause
from domain.payment import Payment


class FailPayment:
    """Makes a payment FAILED unless its money has arrived. A decline inside an open checkout is no such failure: it stays payable."""

    async def within(self, work: UnitOfWork, session: CheckoutSession, *, cause: Cause) -> Payment | None:
        """Fail the payment of a session, inside a unit of work. Null when the session is none of ours."""
        payment = await work.payments.of_session(session.id, session.names_payment)
        own = payment is not None and payment.checkout_session_id in (None, session.id)
        if payment is not None and own and session.status is not SessionStatus.OPEN:
            work.payments.save(payment.opened(session.id).failed(), cause)
        return payment
