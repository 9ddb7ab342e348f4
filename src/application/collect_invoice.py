"""The provider makes its own invoice of a paid payment: keep where it can be read."""

from uuid import UUID

from application.ports.gateway import PaymentGateway
from application.ports.jobs import ClaimedJob
from application.ports.store import BeginWork
from domain.payment import PaymentId


class CollectInvoice:
    """Asks the provider for the links of one invoice and stores them."""

    def __init__(self, *, begin: BeginWork, gateway: PaymentGateway) -> None:
        self._begin = begin
        self._gateway = gateway

    async def __call__(self, job: ClaimedJob) -> None:
        """Ask and store. Raises ProviderUnavailable when it is to be tried later, Conflict when the numbering came between."""
        payment_id = PaymentId(UUID(job.subject))
        async with self._begin() as work:
            known = await work.invoices.of(payment_id)

        documents = None
        if known is not None and known.stripe_invoice_id is not None:
            documents = await self._gateway.invoice(known.stripe_invoice_id)

        async with self._begin() as work:
            invoice = await work.invoices.of(payment_id)
            if invoice is not None and documents is not None:
                work.invoices.save(invoice.documented(hosted_url=documents.hosted_url, pdf_url=documents.pdf_url))
            work.jobs.complete(job)
            await work.commit()
