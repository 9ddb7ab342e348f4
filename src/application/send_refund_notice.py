"""A member is told, once, that a payment was given back in full, and whether it was one too many."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from application.ports.jobs import ClaimedJob
from application.ports.mail import Letter, LetterWriter, RefundNotice
from application.ports.store import UnitOfWork
from application.send_letter import SendLetter
from domain.catalogue import Catalogue
from domain.payment import PaymentId, PaymentStatus


class SendRefundNotice:
    """Sends the notice of a payment that was refunded in full."""

    def __init__(self, *, send: SendLetter, letters: LetterWriter, catalogue: Catalogue, app_url: str) -> None:
        self._send = send
        self._letters = letters
        self._catalogue = catalogue
        self._app_url = app_url

    async def __call__(self, job: ClaimedJob) -> None:
        """Send. Raises MailUnavailable when it is to be tried later, MailRefused when nobody but an operator can help."""
        payment_id = PaymentId(UUID(job.subject.partition(":")[0]))

        async def worded(work: UnitOfWork) -> Callable[[], Letter] | None:
            return await self._worded(work, payment_id)

        await self._send(job, payment_id=payment_id, worded=worded)

    async def _worded(self, work: UnitOfWork, payment_id: PaymentId) -> Callable[[], Letter] | None:
        payment = await work.payments.get(payment_id)
        if payment is None or payment.status is not PaymentStatus.REFUNDED:
            return None  # the refund has failed meanwhile
        customer = await work.customers.of(payment.user_id)
        if customer is None or customer.email == "":
            return None  # a member who was erased has no address
        facts = RefundNotice(
            to=customer.email,
            name=customer.name,
            locale=customer.locale,
            plan_name=self._catalogue.plan_for(payment.user_type).name(customer.locale),
            amount=payment.received,
            duplicate=payment.duplicate,
            history_url=f"{self._app_url}/dashboard/billing",
        )
        return partial(self._letters.refund_notice, facts)
