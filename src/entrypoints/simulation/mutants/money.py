"""Bugs in how checkouts are opened and payments are followed."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from application import confirm_payment, open_checkout
from application.cancel_checkout import CancelCheckout
from application.check_unfinished import CheckUnfinished
from application.confirm_payment import ConfirmPayment
from application.follow_checkout import FollowCheckout
from application.ports.gateway import CheckoutSession, SessionStatus
from application.ports.store import UnitOfWork
from application.start_checkout import StartCheckout
from domain import payment as payments
from domain import subscription as subscriptions
from domain.audit import Cause
from domain.checkout import Checkout
from domain.payment import Figures, Payment, PaymentId, PaymentStatus
from domain.subscription import Subscription
from entrypoints.simulation.mutants.kit import Patch, mutant

_numbers = count(1)
_paid, _expired, _failed = Payment.paid, Payment.expired, Payment.failed
_within = ConfirmPayment.within


def _reached_from_anywhere(self: Payment, status: PaymentStatus, **changes: object) -> Payment:
    return replace(self, status=status, **changes)


mutant(
    "no_status_guard",
    "The last fact about a payment wins, whatever was known before.",
    Patch(Payment, "_reached", _reached_from_anywhere),
)


def _expired_whatever_it_is(self: Payment) -> Payment:
    return replace(self, status=PaymentStatus.EXPIRED, paid_at=None)


mutant(
    "expired_beats_paid",
    "The end of a checkout takes a payment that was made through it back.",
    Patch(Payment, "expired", _expired_whatever_it_is),
)


def _failed_whatever_it_is(self: Payment) -> Payment:
    return replace(self, status=PaymentStatus.FAILED, paid_at=None)


mutant(
    "failed_beats_paid",
    "A failure that is heard of late takes a payment back.",
    Patch(Payment, "failed", _failed_whatever_it_is),
)

mutant(
    "failed_is_final",
    "A payment that failed stays so, also when its money comes after all.",
    Patch(payments, "RANK", {**payments.RANK, PaymentStatus.FAILED: 9}),
)

mutant(
    "expired_is_final",
    "A payment that expired stays so, also when its money comes after all.",
    Patch(payments, "RANK", {**payments.RANK, PaymentStatus.EXPIRED: 9}),
)


def _completed_is_paid(
    payment: Payment, session: CheckoutSession, at: datetime, *, named: Payment | None = None
) -> Payment:
    settled = session.status is SessionStatus.COMPLETE
    intent = session.payment_intent_id or (f"pi_{next(_numbers)}" if settled else None)
    return _followed(
        payment, replace(session, settled=settled or session.settled, payment_intent_id=intent), at, named=named
    )


_followed = confirm_payment.followed
mutant(
    "trust_completed",
    "A completed checkout counts as paid, although a delayed payment may still fail.",
    Patch(confirm_payment, "followed", _completed_is_paid),
)


def _paid_whatever_came(
    self: Payment, received: Figures, *, at: datetime, payment_intent_id: str | None, meant: bool = True
) -> Payment:
    asked = Figures(self.amount.amount_minor, self.amount.currency)
    return _paid(self, asked, at=at, payment_intent_id=payment_intent_id, meant=meant)


mutant(
    "amount_not_compared",
    "Any amount in any currency pays any fee.",
    Patch(Payment, "paid", _paid_whatever_came),
)


async def _landing_proves_it(self: FollowCheckout, payment: Payment) -> CheckoutSession | None:
    session = await _asked(self, payment)
    if session is None or session.settled:
        return session
    return replace(session, settled=True, status=SessionStatus.COMPLETE, payment_intent_id=f"pi_{next(_numbers)}")


_asked = FollowCheckout._asked
mutant(
    "landing_is_paying",
    "Whoever comes back from the hosted page has paid.",
    Patch(FollowCheckout, "_asked", _landing_proves_it),
)


def _new_key(self: Checkout) -> str:
    return f"checkout:{self.payment_id}:{self.attempt}:{next(_numbers)}"


mutant(
    "new_key_each_time",
    "Every try to open a checkout has a key of its own, so that a lost answer leaves a second one behind.",
    Patch(Checkout, "idempotency_key", property(_new_key)),
)


async def _left_open(self: StartCheckout, payment_id: PaymentId, session_id: str) -> None:
    await self._expire(payment_id, cause=Cause(why="replaced by a new checkout"))


mutant(
    "old_checkout_left_open",
    "A new checkout is opened without closing the old one.",
    Patch(StartCheckout, "_close", _left_open),
)


async def _not_closed(self: CancelCheckout, payment: Payment, customer_id: str | None) -> CheckoutSession | None:
    return None


mutant(
    "given_up_here_only",
    "A checkout that is given up stays open at Stripe.",
    Patch(CancelCheckout, "_closed", _not_closed),
)


async def _not_looked_at(self: CheckUnfinished, payment: Payment, customer_id: str | None) -> CheckoutSession | None:
    return None


mutant(
    "expired_by_our_clock",
    "A payment expires when we think that it is time, without asking Stripe.",
    Patch(CheckUnfinished, "_session", _not_looked_at),
    Patch(CheckUnfinished, "_is_over", lambda self, payment: True),
)


async def _no_look(
    self: open_checkout.OpenCheckout,
    checkout: Checkout,
    request: Any,
    customer_id: str,
    *,
    stale: bool,  # Any: an opaque request
) -> CheckoutSession:
    if stale:
        await self._renew(checkout)
    return await self._gateway.open_checkout(request, key=f"{checkout.idempotency_key}:{stale}")


mutant(
    "stale_attempt_not_looked_for",
    "An old attempt is made anew without looking whether it has left a checkout behind.",
    Patch(open_checkout.OpenCheckout, "_opened", _no_look),
)


def _more_days(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant + timedelta(days=365)


mutant(
    "year_of_365_days",
    "A year is 365 days, also when it has a leap day or the clock changes.",
    Patch(subscriptions, "year_after", _more_days),
)

mutant(
    "renewal_is_a_duplicate",
    "A renewal before the end of the year is taken for a payment too many.",
    Patch(
        Subscription,
        "has_time_for",
        lambda self, payment, paid_at, taken_back_at=None: not self.periods or self.periods[-1].ends_at <= paid_at,
    ),
)

mutant(
    "duplicate_buys_time",
    "A second payment beside the first one buys a second year instead of going back.",
    Patch(Subscription, "has_time_for", lambda self, payment, paid_at, taken_back_at=None: True),
)


async def _money_of_anyone(
    self: ConfirmPayment, work: UnitOfWork, session: CheckoutSession, *, at: datetime, cause: Cause
) -> Payment | None:
    if session.settled and session.payment_id is not None:
        known = await work.payments.get(session.payment_id, lock=True)
        if known is not None and not known.is_paid:
            at = session.paid_at or at + timedelta(minutes=10)
            payment = followed_without_bound(known, session, at)
            if payment.is_paid:
                return await self.fulfil(work, payment, invoice_id=session.invoice_id, cause=cause)
    return await _within(self, work, session, at=at, cause=cause)


def followed_without_bound(payment: Payment, session: CheckoutSession, at: datetime) -> Payment:
    """The payment after its money came at a time that nobody has looked at."""
    return _followed(payment.opened(payment.checkout_session_id or session.id), session, at)


mutant(
    "other_clock_believed",
    "A year may begin in the future, as another clock has it.",
    Patch(ConfirmPayment, "within", _money_of_anyone),
)


def _dated_once(
    self: Payment, received: Figures, *, at: datetime, payment_intent_id: str | None, meant: bool = True
) -> Payment:
    after = _paid(self, received, at=at, payment_intent_id=payment_intent_id, meant=meant)
    return replace(after, paid_at=self.paid_at or after.paid_at)


mutant(
    "first_word_dates",
    "Whoever is heard first, the event or whoever was asked, says when a payment was paid.",
    Patch(Payment, "paid", _dated_once),
)
