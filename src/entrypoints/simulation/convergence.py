"""What must be true once nothing fails any more and time enough has passed: all of it agrees with what Stripe knows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from adapters.memory.store import MemoryStore
from application.ports.gateway import SessionStatus
from application.ports.jobs import JobKind
from application.ports.store import Customer, EventState, Mail
from domain.invoice import Invoice
from domain.payment import ARRIVED, UNFINISHED, Payment, PaymentId, PaymentStatus
from domain.returns import DisputeStage
from domain.subscription import Period, Subscription
from entrypoints.simulation.expected import expected_dispute, expected_end, expected_status, standing
from entrypoints.simulation.mail import MailProvider
from entrypoints.simulation.stripe import Session, Stripe

CLOSE: Final = timedelta(seconds=5)
"""Two moments so close to each other may be told in either order."""

Must = Callable[[bool, str, object], None]
"""Raises the violation of a rule unless it holds."""

IN_DOUBT: Final = "MailRefused: an earlier try may have sent this mail"
"""How a letter ends that may have been sent, and whose key the mail provider has forgotten since: an operator decides."""


class Convergence:
    """Compares the store with Stripe and with the mail provider."""

    def __init__(self, store: MemoryStore, stripe: Stripe, mail: MailProvider, must: Must, *, skew: timedelta) -> None:
        """skew: by how much replicas' clocks differ, none of which lets a payment lie in its future."""
        self._store = store
        self._stripe = stripe
        self._mail = mail
        self._must = must
        self._skew = skew
        self._payments = {payment.id: payment for payment in store.payments()}
        self._of_session = {payment.checkout_session_id: payment for payment in store.payments()}
        self._periods = {
            period.payment_id: period for subscription in store.subscriptions() for period in subscription.periods
        }

    def check_money(self, before: datetime) -> None:
        """I1: all money that had arrived before some time is known, and has bought its time.

        Money that came after the end of its checkout is told by its event alone, which may be days late: that comes later.
        """
        for session in self._stripe.sessions.values():
            if session.paid_at is not None and session.paid_at < before and not session.is_late:
                self._check_paid(session)

    def check_customers(self, since: datetime) -> None:
        """I17: customers that Stripe has made since some time are known, whoever heard its answer."""
        made = {member.user_id: customer_id for customer_id, member in self._stripe.customers.items()}
        for row in self._store.rows.values():
            one = row.value
            if isinstance(one, Customer) and one.provider_id is None and (one.prepared_at or since) > since:
                self._must(one.user_id not in made, "I17 customers as at Stripe", f"{made.get(one.user_id)} of {one}")

    def check_all(self) -> None:
        """I1, I6, I7, I11 and I17: everything is done, and says the same as the providers."""
        for session in self._stripe.sessions.values():
            if session.settled:
                self._check_paid(session)
                self._check_dated(session)
        for payment in self._payments.values():
            self._check_payment(payment)
            if payment.payment_intent_id is not None:
                self._check_returns(payment)
            if payment.is_paid:
                self._check_fulfilled(payment)
        self._check_sessions()
        self._check_work()

    def _check_paid(self, session: Session) -> None:
        payment = self._of_session.get(session.id) or self._payments.get(session.order.payment_id)
        if payment is None:
            self._must(False, "I1 no money without service", f"{session.id} was paid, and its payment is not stored")
            return
        known = payment.status in ARRIVED and payment.payment_intent_id == session.payment_intent_id
        self._must(known, "I1 no money without service", f"{session.id} was paid, {payment.id} is {payment.status}")
        bought = payment.id in self._periods
        wanted = payment.is_paid and not payment.duplicate
        self._must(bought == wanted, "I1 one period for each success", f"{payment.id}: {payment.status}, {bought}")

    def _check_dated(self, session: Session) -> None:
        """The event tells when the money arrived, once it can be read."""
        payment = self._of_session.get(session.id)
        told = payment.paid_at if payment is not None and payment.review is None else None
        if told is not None and session.paid_at is not None:
            dated = abs(told - session.paid_at) <= self._skew
            self._must(dated, "I5 paid when the money arrived", f"{payment}: {session.paid_at}")

    def _check_payment(self, payment: Payment) -> None:
        over = payment.status not in UNFINISHED
        self._must(over, "I11 nothing stays unfinished", f"{payment.id} is {payment.status}")
        own = self._stripe.sessions.get(payment.checkout_session_id or "")
        if payment.status in ARRIVED:
            self._must(own is not None and own.settled, "I17 paid at Stripe", f"{payment.id} is {payment.status}")
        elif own is not None and own.failed:
            self._must(payment.status is PaymentStatus.FAILED, "I17 failed at Stripe", f"{payment.id} {payment.status}")

    def _check_returns(self, payment: Payment) -> None:
        """I17: refunds and disputes are known as Stripe has them, and the payment and its time are what follows from them."""
        told = self._stripe.charges.returns_of(payment.payment_intent_id or "")
        known = [row.value for row in self._store.rows.values()]
        for fact in (*told.refunds, *told.disputes):
            self._must(fact in known, "I17 refunds and disputes as at Stripe", f"{payment.id}: {fact}")
        charged = self._stripe.received_of(payment.payment_intent_id or "")
        status = expected_status(told.refunds, charged, paid=payment.is_paid)
        if payment.charged.amount == 0 and payment.status is PaymentStatus.REFUNDED:
            return  # an operator has let go of a checkout for which nothing was charged
        self._must(payment.status is status, "I17 the status follows what went back", f"{payment}: {status}")
        dispute = expected_dispute(told.disputes)
        self._must(payment.dispute is dispute, "I17 disputes are shown", f"{payment}: {dispute}")
        if charged.currency == payment.amount.currency:
            refunded = sum(refund.amount_minor for refund in standing(told.refunds, charged))
            as_told = payment.refunded_minor == min(refunded, payment.amount.amount_minor)
            self._must(as_told, "I12 what was refunded is the sum of the refunds", f"{payment}: {refunded}")
        period = self._periods.get(payment.id)
        if period is not None:
            end = expected_end(told.refunds, told.disputes, charged)
            self._must(period.taken_back_at == end, "I12 time follows money", f"{payment.id}: {period}, {end}")
        if payment.duplicate:
            lost = self._stripe.charges.left_of(payment.payment_intent_id or "") == 0
            failed = any(refund.is_over for refund in told.refunds)
            self._must(lost or failed, "I12 a duplicate goes back", payment)

    def _check_fulfilled(self, payment: Payment) -> None:
        invoice = self._store.rows.get((Invoice, payment.id))
        numbered = isinstance(invoice and invoice.value, Invoice)
        self._must(numbered, "I6 invoice data for each success", payment.id)
        if invoice is not None and isinstance(invoice.value, Invoice):
            value = invoice.value
            self._must(value.number is not None, "I6 a receipt number for each success", payment.id)
            collected = value.stripe_invoice_id is None or value.pdf_url is not None
            self._must(collected, "I11 no lost work", f"the invoice of {payment.id} was not collected")
        told = self._stripe.charges.returns_of(payment.payment_intent_id or "")
        gone = any(not refund.is_over for refund in told.refunds) or any(
            dispute.stage is DisputeStage.LOST for dispute in told.disputes
        )
        if not payment.duplicate and not gone:
            self._check_mailed(f"confirmation/{payment.id}")
        if payment.status is PaymentStatus.REFUNDED:
            self._check_mailed(f"refund/{payment.id}")

    def _check_mailed(self, key: str) -> None:
        sent = sum(mail.key == key for mail in self._mail.sent)
        row = self._store.rows.get((Mail, key))
        in_doubt = isinstance(row and row.value, Mail) and any(
            (job.last_error or "").startswith(IN_DOUBT)
            and job.state == "dead"
            and job.job.subject.partition(":")[0] in key
            for job in self._store.jobs.rows
        )
        self._must(sent == 1 or (sent == 0 and in_doubt), "I7 one mail", f"{sent} of {key}")

    def _check_sessions(self) -> None:
        for session in self._stripe.sessions.values():
            over = session.status is not SessionStatus.OPEN
            self._must(over, "I8 no checkout stays open", session.id)

    def _check_work(self) -> None:
        for row in self._store.jobs.rows:
            error = row.last_error or ""
            named = f"{row.job.kind} of {row.job.subject} is {row.state}: {error}"
            dead_for_a_reason = row.state == "dead" and (
                error.startswith(IN_DOUBT)
                or (row.job.kind is JobKind.REFUND_DUPLICATE and self._was_lost_in_part(row.job.subject))
            )
            self._must(row.state == "done" or dead_for_a_reason, "I11 no lost work", named)
        for event in self._store.events():
            kept = event.state is not EventState.PARKED
            self._must(kept, "I11 no lost work", f"{event.id} is parked: {event.error}")
        for subscription in self._store.subscriptions():
            self._check_words(subscription)
            self._check_beside(subscription)
            self._check_duplicates(subscription)

    def _was_lost_in_part(self, subject: str) -> bool:
        """Whether Stripe gives nothing back of the charge of a payment any more, although its bank took a part of it only."""
        payment = self._payments[PaymentId(UUID(subject.partition(":")[0]))]
        told = self._stripe.charges.returns_of(payment.payment_intent_id or "")
        return any(dispute.lost_at is not None for dispute in told.disputes)

    def _check_words(self, subscription: Subscription) -> None:
        """The plan is that of the newest year that is left."""
        newest = subscription.newest
        if newest is not None:
            plan = self._payments[newest.payment_id].plan
            self._must(subscription.plan == plan, "I5 the plan of the newest year", subscription)

    def _check_beside(self, subscription: Subscription) -> None:
        """I3: a year that was bought in the middle of another stands only where the money of one of them had gone back for a time.

        A renewal is never beside: where its money is told of late, the year that was bought after it moves on.

        Whether the member then has two years for two payments, or one of each, depends on what was heard first: both are fair.
        """
        for n, period in enumerate(subscription.periods):
            if period.starts_at - period.bought_at <= self._skew or period.is_empty:
                continue
            itself = self._went_back_for_a_time(period, self._stripe.now())
            allowed = (
                self._payments[period.payment_id].renewal
                or itself
                or any(
                    self._went_back_for_a_time(earlier, period.bought_at + self._skew)
                    or (self._payments[earlier.payment_id].renewal and earlier.ends_at > period.bought_at)
                    for earlier in subscription.periods[:n]
                )
            )
            self._must(allowed, "I3 a second payment beside the first buys nothing", f"{period} of {subscription}")

    def _check_duplicates(self, subscription: Subscription) -> None:
        """I3: a duplicate was paid beside another year, unless Stripe could not yet tell that the money of one of them goes back."""
        for payment in self._payments.values():
            own = self._stripe.sessions.get(payment.checkout_session_id or "")
            if not payment.duplicate or payment.user_id != subscription.user_id or own is None or own.paid_at is None:
                continue
            others = [period for period in subscription.periods if not period.is_empty]
            close = self._skew + CLOSE
            told = self._stripe.charges.returns_of(own.payment_intent_id or "")
            end = expected_end(told.refunds, told.disputes, own.received)
            later = [period for period in others if period.ends_at > own.paid_at - close]
            beside = any(end is None or period.starts_at < end + close for period in later)
            moments = [own.paid_at + close, *(period.starts_at for period in subscription.periods)]
            judged = [own.paid_at + close, *(refund.created_at + close for refund in told.refunds)]
            unsure = any(self._is_unsure(payment, at) for at in moments if at >= own.paid_at) or any(
                self._is_unsure(self._payments[period.payment_id], at)
                for period in subscription.periods
                for at in judged
            )
            seemed = any(
                self._seemed_paid_by(period.payment_id, own.paid_at + close) for period in subscription.periods
            )
            fair = beside or unsure or seemed
            self._must(fair, "I3 what was paid beside no other year stays", f"{payment}: {others}")

    def _seemed_paid_by(self, payment_id: PaymentId, at: datetime) -> bool:
        """Whether Stripe, asked at some time (UTC), could tell that a charge was made, while its money came later: its event says so."""
        session = self._stripe.sessions.get(self._payments[payment_id].checkout_session_id or "")
        if session is None or session.charged_at is None or session.paid_at is None:
            return False
        return session.charged_at <= at < session.paid_at

    def _is_unsure(self, payment: Payment, at: datetime) -> bool:
        """Whether a refund of it was under way at some time (UTC), or what went back of it came again."""
        charges = self._stripe.charges
        told = charges.returns_of(payment.payment_intent_id or "")
        on_its_way = any(one.created_at <= at and not charges.has_stood(one.id, by=at) for one in told.refunds)
        again = any(one.lost_at is not None and one.stage is not DisputeStage.LOST for one in told.disputes)
        return on_its_way or again or any(one.is_over for one in told.refunds)

    def _went_back_for_a_time(self, period: Period, until: datetime) -> bool:
        """Whether all or a part of its money went back until then (UTC), and stands again."""
        charges = self._stripe.charges
        told = charges.returns_of(self._payments[period.payment_id].payment_intent_id or "")
        failed = [one for one in told.refunds if one.is_over and charges.has_stood(one.id) and one.created_at <= until]
        won = [one for one in told.disputes if one.lost_at is not None and one.stage is not DisputeStage.LOST]
        return bool(failed) or any(one.lost_at is not None and one.lost_at <= until for one in won)
