"""Bugs in how refunds and disputes are followed, and duplicates given back."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from application.confirm_payment import ConfirmPayment
from application.ports.jobs import JobKind, NewJob
from application.ports.store import UnitOfWork
from application.record_returns import RecordReturns
from domain import returns as facts
from domain.audit import Cause
from domain.payment import Payment
from domain.returns import Dispute, DisputeStage, Refund, RefundStatus, Returns
from entrypoints.simulation.mutants.kit import Patch, mutant

_after_returns, _with_refund, _fulfil = Payment.after_returns, Returns.with_refund, ConfirmPayment.fulfil


def _added_again(self: Returns, told: Refund) -> Returns:
    return replace(self, refunds=(*self.refunds, told))


mutant(
    "refund_counted_twice",
    "A refund that is told of twice counts twice.",
    Patch(Returns, "with_refund", _added_again),
)

mutant(
    "failed_refund_counts",
    "A refund that failed after it had succeeded still counts.",
    Patch(Refund, "stands", property(lambda self: self.status in (RefundStatus.SUCCEEDED, RefundStatus.FAILED))),
)

mutant(
    "pending_refund_counts",
    "A refund counts before it has succeeded.",
    Patch(Refund, "stands", property(lambda self: not self.is_over)),
)

mutant(
    "last_word_counts",
    "The last word on a refund or a dispute counts, also when it is older news.",
    Patch(Refund, "after", lambda self, told: replace(self, status=told.status)),
    Patch(Dispute, "after", lambda self, told, *, asked=False: told),
)


def _dispute_ignored(self: Payment, returns: Returns) -> Payment:
    return _after_returns(self, replace(returns, disputes=()))


mutant(
    "dispute_ignored",
    "Nobody is told that a payment is disputed.",
    Patch(Payment, "after_returns", _dispute_ignored),
)


def _lost_ignored(self: Payment, returns: Returns) -> Any:  # Any: as the method has it
    return _taken_back_at(self, replace(returns, disputes=()))


_taken_back_at = Payment.taken_back_at
mutant(
    "lost_dispute_keeps_time",
    "Time stays, although a lost dispute took its money.",
    Patch(Payment, "taken_back_at", _lost_ignored),
)

mutant(
    "appeal_ignored",
    "A dispute that was lost stays lost, whatever comes of its appeal.",
    Patch(facts, "DISPUTE_RANK", {**facts.DISPUTE_RANK, DisputeStage.LOST: 99}),
)


async def _time_stays(
    self: RecordReturns, work: UnitOfWork, payment: Payment, paid_at: datetime, returns: Returns, cause: Cause
) -> None:
    return None


mutant(
    "time_not_taken_back",
    "Time stays, although its money went back.",
    Patch(RecordReturns, "_take_back", _time_stays),
)


async def _nothing_went_back(self: ConfirmPayment, work: UnitOfWork, payment: Payment) -> Returns:
    return Returns()


async def _not_looked_at_again(
    self: RecordReturns,
    work: UnitOfWork,
    payment: Payment | None,
    payment_intent_id: str,
    told_id: str,
    returns: Returns,
    cause: Cause,
) -> Payment | None:
    return await self.settle(work, payment, returns, cause=cause) if payment is not None else None


mutant(
    "early_refund_forgotten",
    "A refund that is told of before its payment counts never.",
    Patch(ConfirmPayment, "_gone_back", _nothing_went_back),
    Patch(RecordReturns, "_followed", _not_looked_at_again),
)


class _AllButDuplicates:
    """Forgets to give duplicates back."""

    def __init__(self, jobs: Any) -> None:  # Any: the port Jobs, and more
        self._jobs = jobs

    def enqueue(self, job: NewJob) -> None:
        """Note a job of any other kind."""
        if job.kind is not JobKind.REFUND_DUPLICATE:
            self._jobs.enqueue(job)


async def _kept(
    self: ConfirmPayment, work: Any, payment: Payment, *, invoice_id: str | None, cause: Cause
) -> Payment:  # Any: a unit of work
    jobs = work.jobs
    work.jobs = _AllButDuplicates(jobs)
    try:
        return await _fulfil(self, work, payment, invoice_id=invoice_id, cause=cause)
    finally:
        work.jobs = jobs


mutant(
    "duplicate_kept",
    "A payment too many is marked, and its money is kept.",
    Patch(ConfirmPayment, "fulfil", _kept),
)

mutant(
    "told_at_first_or_never",
    "What a letter had no reason to say when it was first looked at is never said.",
    Patch(RecordReturns, "_anew", lambda self, payment: str(payment.id)),
)
