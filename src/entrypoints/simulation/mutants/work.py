"""Bugs in how events, jobs, receipts and mails are worked on, and in what the store is asked to guard."""

from collections.abc import Sequence
from itertools import count
from typing import Any
from uuid import UUID

from adapters.memory.store import Key
from adapters.memory.transaction import MemoryTransaction
from adapters.memory.unit_of_work import MemoryPayments
from application import send_letter
from application.catch_up import CatchUp
from application.check_returns import CheckReturns
from application.check_unfinished import CheckUnfinished
from application.confirm_payment import ConfirmPayment
from application.errors import TryAgain
from application.issue_receipt import IssueReceipt
from application.ports.gateway import ProviderEvent
from application.ports.jobs import ClaimedJob, JobKind, NewJob
from application.ports.mail import Letter
from application.receive_event import Outcome, ReceiveEvent, Taken
from application.send_letter import SendLetter
from domain.audit import Cause
from domain.invoice import receipt_number, receipt_year
from domain.payment import Payment, PaymentId
from entrypoints.simulation.mail import SimulatedMailer
from entrypoints.simulation.mutants.kit import Patch, does_nothing, mutant

_numbers = count(1)
_take_event = ReceiveEvent._take
_check_version = MemoryTransaction._check_version


async def _not_kept(self: ReceiveEvent, event: ProviderEvent) -> Outcome:
    async with self._begin() as work:
        await self._handle.within(work, event)
        await work.commit()
    return Outcome.HANDLED


mutant(
    "no_inbox",
    "Events are applied and not kept.",
    Patch(ReceiveEvent, "_take", _not_kept),
)


async def _always_taken(self: ReceiveEvent, event: ProviderEvent) -> Outcome:
    try:
        return await _take_event(self, event)
    except TryAgain:
        return Outcome.HANDLED


mutant(
    "answer_without_commit",
    "An event is answered with a 2xx, although nothing of it could be stored.",
    Patch(ReceiveEvent, "_take", _always_taken),
)


async def _together_without_commit(self: ReceiveEvent, events: Sequence[ProviderEvent]) -> list[Taken | None]:
    async with self._begin() as work:
        await work.foresee(events)
    return [Taken(Outcome.HANDLED) for _ in events]


mutant(
    "together_without_commit",
    "Events that wait at the same moment are answered with a 2xx before anything of them is stored.",
    Patch(ReceiveEvent, "_together", _together_without_commit),
)


async def _thrown_away(self: ReceiveEvent, event: ProviderEvent, error: str) -> Outcome:
    return Outcome.PARKED


mutant(
    "unfit_event_thrown_away",
    "An event that cannot be handled is answered with a 2xx and forgotten.",
    Patch(ReceiveEvent, "_park", _thrown_away),
)


async def _parked_for_ever(self: ReceiveEvent, event: ProviderEvent, error: str) -> Outcome:
    async with self._begin() as work:
        await work.inbox.park(event, error)
        await work.commit()
    return Outcome.PARKED


mutant(
    "parked_for_ever",
    "An event that cannot be handled now is kept, and never tried again.",
    Patch(ReceiveEvent, "_park", _parked_for_ever),
)


mutant(
    "no_reconciler",
    "Nobody asks Stripe for what no event told.",
    Patch(CheckUnfinished, "__call__", does_nothing),
    Patch(CatchUp, "__call__", does_nothing),
)

mutant(
    "open_returns_forgotten",
    "Nobody asks how a refund or a dispute ended that was known to be open.",
    Patch(CheckReturns, "__call__", does_nothing),
)

mutant(
    "no_catch_up",
    "Nobody reads Stripe's lists: what no event told of refunds and disputes stays unknown.",
    Patch(CatchUp, "__call__", does_nothing),
)


async def _two_works(self: IssueReceipt, job: ClaimedJob) -> None:
    payment_id = PaymentId(UUID(job.subject))
    async with self._begin() as work:
        payment, invoice = await work.payments.get(payment_id), await work.invoices.of(payment_id)
        if payment is not None and invoice is not None and invoice.number is None:
            year = receipt_year(payment, self._zone)
            number = receipt_number(year, await work.invoices.next_sequence(year))
            work.invoices.save(invoice.numbered(number, self._clock.now()))
        work.jobs.complete(job)
        await work.commit()
    async with self._begin() as work:
        work.jobs.enqueue(NewJob(kind=JobKind.SEND_CONFIRMATION, subject=str(payment_id)))
        await work.commit()


mutant(
    "mail_outside_the_transaction",
    "The confirmation is ordered after the number was committed, in a work of its own.",
    Patch(IssueReceipt, "__call__", _two_works),
)


async def _number_first(self: IssueReceipt, job: ClaimedJob) -> None:
    payment_id = PaymentId(UUID(job.subject))
    async with self._begin() as work:
        payment = await work.payments.get(payment_id)
        year = receipt_year(payment, self._zone) if payment is not None else 0
        number = receipt_number(year, await work.invoices.next_sequence(year))
        await work.commit()
    async with self._begin() as work:
        invoice = await work.invoices.of(payment_id)
        if invoice is not None and invoice.number is None:
            work.invoices.save(invoice.numbered(number, self._clock.now()))
            work.jobs.enqueue(NewJob(kind=JobKind.SEND_CONFIRMATION, subject=str(payment_id)))
        work.jobs.complete(job)
        await work.commit()


mutant(
    "number_taken_before",
    "A receipt number is taken in a work of its own, and lost when the next one fails.",
    Patch(IssueReceipt, "__call__", _number_first),
)


async def _done_first(self: IssueReceipt, job: ClaimedJob) -> None:
    async with self._begin() as work:
        work.jobs.complete(job)
        await work.commit()
    payment_id = PaymentId(UUID(job.subject))
    async with self._begin() as work:
        payment, invoice = await work.payments.get(payment_id), await work.invoices.of(payment_id)
        if payment is not None and invoice is not None and invoice.number is None:
            year = receipt_year(payment, self._zone)
            number = receipt_number(year, await work.invoices.next_sequence(year))
            work.invoices.save(invoice.numbered(number, self._clock.now()))
            work.jobs.enqueue(NewJob(kind=JobKind.SEND_CONFIRMATION, subject=str(payment_id)))
            await work.commit()


mutant(
    "done_before_the_work",
    "A job is done before its work is: at most once instead of at least once.",
    Patch(IssueReceipt, "__call__", _done_first),
)


async def _without_jobs(
    self: ConfirmPayment,
    work: Any,
    payment: Payment,
    *,
    invoice_id: str | None,
    cause: Cause,  # Any: a unit of work
) -> Payment:
    jobs, work.jobs = work.jobs, _NoJobs()
    try:
        return await _fulfil(self, work, payment, invoice_id=invoice_id, cause=cause)
    finally:
        work.jobs = jobs


class _NoJobs:
    """Forgets what is to be done."""

    def enqueue(self, job: NewJob) -> None:
        """Forget it."""


_fulfil = ConfirmPayment.fulfil
mutant(
    "receipt_not_ordered",
    "A payment succeeds without the job that numbers its receipt.",
    Patch(ConfirmPayment, "fulfil", _without_jobs),
)


async def _without_key(self: SimulatedMailer, letter: Letter, *, key: str) -> str:
    return await _send(self, letter, key=f"{key}#{next(_numbers)}")


_send = SimulatedMailer.send
mutant(
    "mail_without_key",
    "Every try to send a mail is a new one to the provider.",
    Patch(SimulatedMailer, "send", _without_key),
)

mutant(
    "doubt_forgotten",
    "A mail that may have been sent is sent again after the provider has forgotten its key.",
    Patch(send_letter, "MEMORY_OF_KEYS", send_letter.MEMORY_OF_KEYS * 1000),
)


async def _not_noted(self: SendLetter, job: ClaimedJob, key: str, provider_id: str) -> None:
    async with self._begin() as work:
        await work.commit()


mutant(
    "sent_not_noted",
    "A mail is sent and its job is not done.",
    Patch(SendLetter, "_sent", _not_noted),
)


async def _unlocked(self: MemoryPayments, id: PaymentId, *, lock: bool = False) -> Payment | None:
    return self._known(await self._work.read_again(Payment, id))


def _newer_or_not(self: MemoryTransaction, key: Key) -> None:
    if key not in self._seen:
        _check_version(self, key)


mutant(
    "no_version_compared",
    "Whoever writes last wins: nobody looks whether a value is still the one that was read.",
    Patch(MemoryPayments, "get", _unlocked),
    Patch(MemoryTransaction, "_check_version", _newer_or_not),
)

mutant(
    "moves_not_audited",
    "Changes of state leave no audit row.",
    Patch(MemoryTransaction, "note_move", lambda self, *arguments: None),
)
