"""A member is told, once, that their payment has arrived and what it bought."""

from collections.abc import Callable
from functools import partial
from typing import Final
from uuid import UUID

from application.ports.jobs import ClaimedJob
from application.ports.mail import Letter, LetterWriter, PaymentConfirmation
from application.ports.store import UnitOfWork
from application.send_letter import SendLetter
from domain.catalogue import Catalogue
from domain.payment import PaymentId

AFTER_ALL: Final = ":after all"
"""Ends the subject of a job for a payment that turned out to be no duplicate when its first job had found nothing to confirm."""


class SendConfirmation:
    """Sends the confirmation of a payment that bought time. One that was given back meanwhile is confirmed no more."""

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
        invoice = await work.invoices.of(payment_id)
        if payment is None or payment.paid_at is None:
            return None
        customer = await work.customers.of(payment.user_id)
        subscription = await work.subscriptions.of(payment.user_id)
        period = subscription.bought_by(payment_id)
        if invoice is None or invoice.number is None or period is None or not subscription.has_time_of(payment):
            return None
        if customer is None or customer.email == "":
            return None  # a member who was erased has no address
        facts = PaymentConfirmation(
            to=customer.email,
            name=customer.name,
            locale=customer.locale,
            plan_name=self._catalogue.plan_for(payment.user_type).name(customer.locale),
            amount=payment.received,
            paid_at=payment.paid_at,
            period_start=period.starts_at,
            period_end=period.ends_at,
            receipt_number=invoice.number,
            receipt_url=f"{self._app_url}/dashboard/billing/{payment_id}/receipt",
        )
        return partial(self._letters.confirmation, facts)
