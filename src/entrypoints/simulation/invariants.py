"""What must be true at every moment, looked at after every commit and every change at the providers."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from adapters.memory.store import Key, MemoryStore
from application.ports.gateway import RefundOrder, SessionStatus
from application.ports.jobs import ClaimedJob, JobKind
from application.ports.store import EventState, StoredEvent
from application.reconcile import Reconciliation
from domain import payment as payments
from domain import subscription as subscriptions
from domain.invoice import Invoice
from domain.payment import Figures, Payment, PaymentId, PaymentStatus
from domain.returns import DisputeStage, Refund, RefundStatus, Returns
from domain.subscription import Subscription, year_after
from entrypoints.simulation.mail import MailProvider
from entrypoints.simulation.stripe import Stripe
from entrypoints.simulation.trace import Trace
from entrypoints.simulation.wiring import ZONE

MOVES: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "payment": {str(before): frozenset(map(str, after)) for before, after in payments.MOVES.items()},
    "subscription": {str(before): frozenset(map(str, after)) for before, after in subscriptions.MOVES.items()},
}
"""The lifecycles, as they are declared; taken before anything is planted into them."""

COURSE_OF_A_REFUND: Final = (
    *(RefundStatus.PENDING, RefundStatus.REQUIRES_ACTION, RefundStatus.SUCCEEDED),
    *(RefundStatus.FAILED, RefundStatus.CANCELED),
)
"""Of two states that were both true of one refund, the later one stands later here."""

FORESEEN: Final = (
    *("Conflict", "TryAgain", "ProviderUnavailable", "ProviderRefused", "MailUnavailable", "MailRefused"),
    *("UnfitEvent", "PaidBeside", "TimeoutError"),
)
"""What work may fail of."""


PAID_BESIDE: Final = re.compile(r"was paid too, beside the one of payment ([0-9a-f-]{36})")

ON_ITS_WAY: Final = timedelta(seconds=100)
"""What is younger than this is left to its event."""

LOOKED_AT: Final = timedelta(minutes=3)
"""Longer than any work takes from a look at Stripe to what follows from it."""


class Violation(BaseException):
    """Something that must be true is not. `rule` names what."""

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(f"{rule}: {what}")
        self.rule = rule
        self.what = what


class Invariants:
    """Looks at the store and at the providers. `fail` is told of the first violation, which is raised as well."""

    def __init__(
        self,
        store: MemoryStore,
        stripe: Stripe,
        mail: MailProvider,
        trace: Trace,
        fail: Callable[[Violation], None],
    ) -> None:
        self._store = store
        self._stripe = stripe
        self._mail = mail
        self._trace = trace
        self._fail = fail
        self._audited = 0
        self._mailed = 0
        self._statuses: dict[tuple[str, str], str | None] = {}
        self._numbers: dict[PaymentId, str] = {}
        self._sequences: Counter[str] = Counter()
        self._refunds: dict[str, Refund] = {}
        self._applied: set[str] = set()
        self._paid: set[PaymentId] = set()
        self.operator_refunds: set[PaymentId] = set()
        self.moves: Counter[tuple[str, str, str]] = Counter()
        self.checks = 0

    def must(self, holds: bool, rule: str, what: object) -> None:
        """Raise the violation of a rule unless it holds."""
        if not holds:
            violation = Violation(rule, str(what))
            self._fail(violation)
            raise violation

    def committed(self, who: str, at: datetime, changed: dict[Key, object]) -> None:
        """Look at what a commit has changed; `at` is the time as its replica believes it to be (UTC)."""
        self.checks += 1
        self._look_at_audit(who)
        for value in changed.values():
            match value:
                case Payment():
                    self._look_at_payment(value, at)
                case Subscription():
                    self._look_at_subscription(value)
                case Invoice():
                    self._look_at_invoice(value)
                case StoredEvent():
                    self._look_at_event(value)
                case Refund():
                    self._look_at_refund(value)

    def failed(self, job: ClaimedJob, error: str) -> None:
        """Work may fail of what is foreseen alone."""
        self.must(error.startswith(FORESEEN), "nothing unforeseen", f"job {job.kind} of {job.subject} failed: {error}")
        told_of = PAID_BESIDE.search(error)
        if told_of is not None:
            payment = self._payment(PaymentId(UUID(told_of[1])))
            own = self._stripe.sessions[payment.checkout_session_id or ""]
            over = own.status is not SessionStatus.OPEN
            self.must(over, "I8 who has paid can pay by no other checkout", f"{own.id} is open: {error}")

    def reconciled(self, found: Reconciliation, at: datetime) -> None:
        """I17: what an event is just bringing is no difference; `at` is the time as the replica that looked believes it to be (UTC)."""
        for one in found.differences:
            event = self._store.rows.get((StoredEvent, one.id)) if one.what == "event" else None
            if event is not None and isinstance(event.value, StoredEvent):
                age = at - event.value.created_at
                self.must(age > ON_ITS_WAY, "I17 what is on its way is no difference", f"{one.id} is {age} old")

    def answered(self, event_id: str) -> None:
        """I10: a 2xx means durable."""
        self.must((StoredEvent, event_id) in self._store.rows, "I10 a 2xx means durable", f"event {event_id}")

    def provider_changed(self) -> None:
        """I8: never two checkouts that one member was sent to and could pay."""
        open_now = Counter(
            session.order.user_id
            for session in self._stripe.sessions.values()
            if session.offered and session.status is SessionStatus.OPEN
        )
        of_payments = Counter(
            str(session.order.payment_id)
            for session in self._stripe.sessions.values()
            if session.status is SessionStatus.OPEN
        )
        again = [payment_id for payment_id, count in of_payments.items() if count > 1]
        self.must(not again, "I8 one open checkout for each payment", again)
        twice = [user_id for user_id, count in open_now.items() if count > 1]
        self.must(not twice, "I8 one payable checkout", twice)

    def mailed(self) -> None:
        """I7: at most one mail of each kind for a payment, and none without its reason."""
        keys = Counter(sent.about for sent in self._mail.sent)
        for sent in self._mail.sent[self._mailed :]:
            self.must(keys[sent.about] == 1, "I7 one mail", f"{sent.about} was sent {keys[sent.about]} times")
        self._mailed = len(self._mail.sent)

    def refunding(self, order: RefundOrder) -> None:
        """We give back duplicates, and what an operator says, and nothing else."""
        payment = self._payment(order.payment_id)
        wanted = payment.duplicate or payment.id in self.operator_refunds
        self.must(wanted, "I12 only what must go back goes back", f"refund of {order.amount_minor} of {payment.id}")
        told, since = self._stripe.charges.returns_of(order.payment_intent_id), self._stripe.now() - LOOKED_AT
        lost = [one for one in told.disputes if one.stage is DisputeStage.LOST and (one.lost_at or since) < since]
        gone = sum(one.amount_minor for one in lost)
        left = (self._stripe.received_of(order.payment_intent_id).amount or 0) - gone
        self.must(order.amount_minor <= left, "I12 nothing goes back twice", f"{order} after {lost}")

    def _look_at_audit(self, who: str) -> None:
        """I4 and I9: the audit tells of every change of state, each along an edge of its lifecycle; I10: of each event once."""
        told_of = set()
        for row in self._store.audit[self._audited :]:
            where = row.entity, row.entity_id
            before = self._statuses.get(where, "NONE" if row.entity == "subscription" else None)
            move = f"{row.entity} {row.entity_id}: {row.from_status} -> {row.to_status}"
            self._trace.note(who, "commits", f"{move} ({row.cause.why})")
            self.must(row.from_status == before, "I4 an unbroken chain", f"{move}, after {before}")
            if before is not None and row.to_status != before:  # the same twice is a remark
                self.must(row.to_status in MOVES[row.entity][before], "I4 along the edges", move)
                self.moves[row.entity, before, row.to_status] += 1
            self._statuses[where] = row.to_status
            if row.cause.event_id is not None:
                told_of.add(row.cause.event_id)
        self.must(not told_of & self._applied, "I10 an event is applied once", told_of & self._applied)
        self._applied |= told_of
        self._audited = len(self._store.audit)

    def _look_at_payment(self, payment: Payment, at: datetime) -> None:
        audited = self._statuses.get(("payment", str(payment.id)))
        self.must(audited == payment.status, "I9 every change has its audit row", f"{payment.id} is {payment.status}")
        if payment.status is PaymentStatus.EXPIRED:
            self._look_at_checkouts_left(payment)
        ordered = self._has_job(JobKind.ISSUE_RECEIPT, str(payment.id))
        self.must(ordered == payment.is_paid, "I6 one receipt for each success", f"{payment.id} is {payment.status}")
        if payment.paid_at is not None:
            self.must(self._was_paid(payment), "I2 no service without money", payment.id)
            in_time = payment.id in self._paid or payment.paid_at <= max(at, payment.created_at)
            self.must(in_time, "I5 nothing is paid in the future", payment)
            self._paid.add(payment.id)
        if payment.refunded_minor:
            ever = self._stripe.charges.ever_refunded(payment.payment_intent_id or "")
            own = payment.charged.currency == payment.amount.currency
            self.must(payment.refunded_minor <= ever or not own, "I12 no refund but those that were made", payment.id)
        if payment.duplicate:
            self.must(not payment.renewal, "I12 only what must go back goes back", payment)
            self.must(self._has_job(JobKind.REFUND_DUPLICATE, str(payment.id)), "I12 duplicates go back", payment.id)

    def _look_at_checkouts_left(self, payment: Payment) -> None:
        """I8: who looks for the checkouts of a payment before it ends finds them, but those that Stripe is just opening."""
        before = self._stripe.now() - LOOKED_AT
        left = [
            session.id
            for session in self._stripe.sessions.values()
            if session.order.payment_id == payment.id
            and session.status is SessionStatus.OPEN
            and session.created_at < before
        ]
        self.must(not left, "I8 no checkout outlives its payment", f"{payment.id} expired, {left} can be paid")

    def _look_at_subscription(self, subscription: Subscription) -> None:
        audited = self._statuses.get(("subscription", subscription.user_id))
        self.must(audited == subscription.status, "I9 every change has its audit row", subscription)
        bought = Counter(period.payment_id for period in subscription.periods)
        self.must(max(bought.values(), default=1) == 1, "I3 money counted once", f"periods of {subscription.user_id}")
        earlier = None
        for period in subscription.periods:
            payment = self._payment(period.payment_id)
            self.must(payment.is_paid and not payment.duplicate, "I2 no access without money", period)
            touches = earlier is None or period.starts_at >= earlier.ends_at
            self.must(touches, "I5 periods never overlap", subscription)
            whole = period.ends_at == year_after(period.starts_at, ZONE)
            self.must(whole or period.taken_back_at is not None, "I5 a year is a year", period)
            dated = period.bought_at == payment.paid_at
            self.must(dated, "I5 a year is bought when it is paid", f"{payment}: {period}")
            at_once = period.starts_at == period.bought_at or payment.renewal or self._something_went_back(subscription)
            self.must(at_once, "I3 a second payment beside the first buys nothing", period)
            if period.taken_back_at is not None:
                self.must(self._went_back(payment), "I12 time is taken back with its money", period)
            earlier = period

    def _look_at_invoice(self, invoice: Invoice) -> None:
        """Receipt numbers: one for each payment, never another one, and no gap."""
        if invoice.number is None or self._numbers.get(invoice.payment_id) == invoice.number:
            return
        self.must(invoice.payment_id not in self._numbers, "I6 one receipt number", invoice.payment_id)
        year, _, sequence = invoice.number.partition("-")
        self._sequences[year] += 1
        self.must(int(sequence) == self._sequences[year], "I6 receipt numbers without a gap", invoice.number)
        self._numbers[invoice.payment_id] = invoice.number

    def _look_at_event(self, event: StoredEvent) -> None:
        if event.state is EventState.PARKED:
            self._trace.note("inbox", "parked", f"{event.id}: {event.error}")
            foreseen = (event.error or "").startswith(FORESEEN)
            self.must(foreseen, "nothing unforeseen", f"{event.id}: {event.error}")

    def _look_at_refund(self, refund: Refund) -> None:
        """What is known of a refund only goes on: older news changes nothing, not even until somebody asks."""
        before = self._refunds.get(refund.id, refund)
        goes_on = COURSE_OF_A_REFUND.index(refund.status) >= COURSE_OF_A_REFUND.index(before.status)
        self.must(goes_on, "I12 a refund only goes on", f"{refund.id} is {refund.status} after {before.status}")
        self._refunds[refund.id] = refund

    def _was_paid(self, payment: Payment) -> bool:
        """Whether the provider has the money that was asked for, or an operator took other money for it."""
        asked = Figures(payment.amount.amount_minor, payment.amount.currency)
        return any(
            session.settled
            and session.id == payment.checkout_session_id
            and ((session.received == asked and not session.misnamed) or payment.review)
            for session in self._stripe.sessions.values()
        )

    def _went_back(self, payment: Payment) -> bool:
        charge = payment.payment_intent_id or ""
        lost = any(dispute.lost_at is not None for dispute in self._stripe.charges.returns_of(charge).disputes)
        return lost or self._stripe.charges.ever_refunded(charge) >= (payment.charged.amount or 0)

    def _something_went_back(self, subscription: Subscription) -> bool:
        """Whether years may have moved: up, where one was taken back, and down, where its refund failed."""
        charges = [self._payment(period.payment_id).payment_intent_id for period in subscription.periods]
        return any(self._stripe.charges.returns_of(charge or "") != Returns() for charge in charges)

    def _has_job(self, kind: JobKind, subject: str) -> bool:
        return any(row.job.kind is kind and row.job.subject == subject for row in self._store.jobs.rows)

    def _payment(self, payment_id: PaymentId) -> Payment:
        value = self._store.rows[Payment, payment_id].value
        if not isinstance(value, Payment):
            raise TypeError(f"no payment: {value!r}")
        return value
