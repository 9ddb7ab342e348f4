"""A member is told, once, that their payment has arrived and what it bought."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from application.errors import MailRefused, MailUnavailable
from application.ports.jobs import ClaimedJob
from application.ports.mail import LetterWriter, Mailer, PaymentConfirmation
from application.ports.store import BeginWork, Mail, UnitOfWork
from application.ports.world import Clock
from domain.catalogue import Catalogue
from domain.payment import PaymentId

MEMORY_OF_KEYS: Final = timedelta(hours=23)
"""How long a mail provider surely recognises a key (Resend keeps them for 24 hours)."""


class SendConfirmation:
    """Words the letter once, keeps it, and sends exactly those words under one key until the provider has taken them."""

    def __init__(
        self,
        *,
        begin: BeginWork,
        mailer: Mailer,
        letters: LetterWriter,
        catalogue: Catalogue,
        clock: Clock,
        app_url: str,
    ) -> None:
        self._begin = begin
        self._mailer = mailer
        self._letters = letters
        self._catalogue = catalogue
        self._clock = clock
        self._app_url = app_url

    async def __call__(self, job: ClaimedJob) -> None:
        """Send. Raises MailUnavailable when it is to be tried later, MailRefused when nobody but an operator can help."""
        payment_id = PaymentId(UUID(job.subject))
        key = f"confirmation/{payment_id}"
        async with self._begin() as work:
            mail = await work.mails.of(key) or await self._worded(work, payment_id, key)
            if mail is None or mail.sent_at is not None:
                work.jobs.complete(job)
                await work.commit()
                return
            now = self._clock.now()
            if mail.in_doubt_since is not None and now - mail.in_doubt_since > MEMORY_OF_KEYS:
                raise MailRefused(
                    "an earlier try may have sent this mail, and the provider has forgotten its key since"
                )
            # Noted before the try, not after it: the process may die in between.
            work.mails.save(replace(mail, in_doubt_since=mail.in_doubt_since or now))
            await work.commit()

        try:
            provider_id = await self._mailer.send(mail.letter, key=key)
        except (MailUnavailable, MailRefused) as fault:
            surely_not_sent = isinstance(fault, MailRefused) or not fault.in_doubt
            if surely_not_sent and mail.in_doubt_since is None:
                await self._lift_doubt(key)
            raise
        await self._sent(job, key, provider_id)

    async def _worded(self, work: UnitOfWork, payment_id: PaymentId, key: str) -> Mail | None:
        payment = await work.payments.get(payment_id)
        invoice = await work.invoices.of(payment_id)
        if payment is None or payment.paid_at is None or invoice is None or invoice.number is None:
            return None
        customer = await work.customers.of(payment.user_id)
        subscription = await work.subscriptions.of(payment.user_id)
        period = subscription.bought_by(payment_id)
        if customer is None or period is None:
            return None
        facts = PaymentConfirmation(
            to=customer.email,
            name=customer.name,
            locale=customer.locale,
            plan_name=self._catalogue.plan_for(payment.user_type).name(customer.locale),
            amount=payment.amount,
            paid_at=payment.paid_at,
            period_start=period.starts_at,
            period_end=period.ends_at,
            receipt_number=invoice.number,
            receipt_url=f"{self._app_url}/dashboard/billing/{payment_id}/receipt",
        )
        letter = self._letters.confirmation(facts)
        return Mail(key=key, payment_id=payment_id, letter=letter, written_at=self._clock.now())

    async def _lift_doubt(self, key: str) -> None:
        async with self._begin() as work:
            mail = await work.mails.of(key)
            if mail is not None:
                work.mails.save(replace(mail, in_doubt_since=None))
                await work.commit()

    async def _sent(self, job: ClaimedJob, key: str, provider_id: str) -> None:
        async with self._begin() as work:
            mail = await work.mails.of(key)
            if mail is not None and mail.sent_at is None:
                work.mails.save(replace(mail, in_doubt_since=None, sent_at=self._clock.now(), provider_id=provider_id))
            work.jobs.complete(job)
            await work.commit()
