"""A paid payment gets its receipt number, moments after the money; the confirmation waits for it."""

from uuid import UUID
from zoneinfo import ZoneInfo

from application.ports.jobs import ClaimedJob, JobKind, NewJob
from application.ports.store import BeginWork
from application.ports.world import Clock
from domain.invoice import receipt_number, receipt_year
from domain.payment import PaymentId


class IssueReceipt:
    """Numbers the invoice of one payment, in one transaction with the end of its job: no number is skipped or given twice."""

    def __init__(self, *, begin: BeginWork, clock: Clock, zone: ZoneInfo) -> None:
        self._begin = begin
        self._clock = clock
        self._zone = zone

    async def __call__(self, job: ClaimedJob) -> None:
        """Give the number and order the confirmation. Raises Conflict when the job's lease was lost: then nothing is changed."""
        payment_id = PaymentId(UUID(job.subject))
        async with self._begin() as work:
            payment = await work.payments.get(payment_id)
            invoice = await work.invoices.of(payment_id)
            if payment is not None and invoice is not None and invoice.number is None:
                year = receipt_year(payment, self._zone)
                number = receipt_number(year, await work.invoices.next_sequence(year))
                work.invoices.save(invoice.numbered(number, self._clock.now()))
                work.jobs.enqueue(NewJob(kind=JobKind.SEND_CONFIRMATION, subject=str(payment_id)))
            work.jobs.complete(job)
            await work.commit()
