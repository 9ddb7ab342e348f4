"""Bugs in what looks for interrupted work and unheard news, and in the rules that only few courses of events ever reach."""

from datetime import timedelta

from application import catch_up, confirm_payment
from application.catch_up import CatchUp
from application.check_unfinished import CheckUnfinished
from application.confirm_payment import ConfirmPayment
from application.finish_customers import FinishCustomers
from application.ports.gateway import CheckoutSession
from application.ports.jobs import ClaimedJob
from application.ports.store import UnitOfWork
from application.record_returns import RecordReturns
from application.refund_payment import RefundPayment
from application.retry_event import RetryEvent
from domain import returns as facts
from domain.audit import Cause
from domain.payment import Payment
from domain.returns import Returns
from domain.subscription import Subscription
from entrypoints.simulation.mutants.kit import Patch, does_nothing, mutant

_has_time_for = Subscription.has_time_for

mutant(
    "names_not_compared",
    "Money pays a fee, although it names another payment or another member.",
    Patch(confirm_payment, "is_named_by", lambda payment, session: True),
)

mutant(
    "refund_after_the_bank",
    "What the member's bank has taken back already is given back once more.",
    Patch(
        RefundPayment,
        "_left",
        lambda self, payment, returns: (
            (payment.charged.amount or 0) - returns.under_way_minor(payment.charged.currency)
        ),
    ),
)


async def _never_reconsidered(self: ConfirmPayment, work: UnitOfWork, payment: Payment, *, cause: Cause) -> Payment:
    return payment


mutant(
    "duplicate_for_ever",
    "A duplicate stays one, although the time beside which it was paid had gone back before.",
    Patch(ConfirmPayment, "reconsider", _never_reconsidered),
)

mutant(
    "own_refund_overlooked",
    "A payment that went back before the next year began counts as paid beside it.",
    Patch(
        Subscription,
        "has_time_for",
        lambda self, payment, paid_at, taken_back_at=None: _has_time_for(self, payment, paid_at),
    ),
)


async def _known_sessions_only(
    self: CheckUnfinished, payment: Payment, customer_id: str | None
) -> CheckoutSession | None:
    if payment.checkout_session_id is None:
        return None
    return await self._gateway.checkout(payment.checkout_session_id)


mutant(
    "lost_checkout_not_looked_for",
    "A checkout whose opening was answered to nobody is left behind, open, when its payment ends.",
    Patch(CheckUnfinished, "_session", _known_sessions_only),
)


mutant(
    "customers_left_behind",
    "A customer whose making was answered to nobody is never looked for.",
    Patch(FinishCustomers, "__call__", does_nothing),
)


async def _only_applied(self: RetryEvent, job: ClaimedJob) -> None:
    await self._applied(job)


mutant(
    "own_checkout_left_payable",
    "Who has paid by one checkout can go on and pay by the other one as well.",
    Patch(RetryEvent, "__call__", _only_applied),
)


async def _not_once_more(
    self: RecordReturns,
    work: UnitOfWork,
    payment: Payment | None,
    payment_intent_id: str,
    what: str,
    returns: Returns,
    cause: Cause,
) -> Payment | None:
    return await self.settle(work, payment, returns, cause=cause) if payment is not None else None


mutant(
    "early_refund_not_looked_at_again",
    "A refund that comes in the moment in which its payment is confirmed is seen by neither work.",
    Patch(RecordReturns, "_followed", _not_once_more),
)

mutant(
    "half_is_all",
    "A bank that took half of the money back takes all of the time.",
    Patch(facts, "WHOLE_TENTHS", 5),
)


mutant(
    "list_of_events_unread",
    "What no event told and only the list of events tells stays unknown.",
    Patch(CatchUp, "_events", does_nothing),
)

mutant(
    "list_of_checkouts_unread",
    "Money that no event told of, through a checkout that had ended here, stays unknown.",
    Patch(CatchUp, "_paid", does_nothing),
)

mutant(
    "list_of_refunds_unread",
    "Refunds that no event told of stay unknown.",
    Patch(CatchUp, "_refunded", does_nothing),
)

mutant(
    "list_of_disputes_unread",
    "Disputes that no event told of stay unknown.",
    Patch(CatchUp, "_disputed", does_nothing),
)

mutant(
    "runs_without_overlap",
    "What was too young for one run is too old for the next one.",
    Patch(catch_up, "OVERLAP", timedelta()),
)

mutant(
    "nothing_is_on_its_way",
    "What an event is just bringing is told as a difference.",
    Patch(catch_up, "ON_ITS_WAY", timedelta()),
)
