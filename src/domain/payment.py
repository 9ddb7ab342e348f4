"""A payment and the only ways in which it may change.

Facts about a payment arrive late, twice and out of order. Every state therefore has a rank: a fact moves the payment to a higher
rank or changes nothing, so that the same facts end in the same state whatever their order. Money has the highest rank: a payment
that the provider says is paid becomes SUCCEEDED from any state that comes before it.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.catalogue import PlanId
from domain.errors import IllegalMove
from domain.member import UserId, UserType
from domain.money import Money
from domain.returns import DisputeStatus, Returns

PaymentId = NewType("PaymentId", UUID)
"""Our id of a payment, a UUIDv7: ids order by the time of their making."""


class PaymentStatus(StrEnum):
    """Where a payment stands."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    REVIEW = "REVIEW"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"


S = PaymentStatus

MOVES: Final[dict[PaymentStatus, frozenset[PaymentStatus]]] = {
    S.PENDING: frozenset({S.EXPIRED, S.CANCELLED, S.PROCESSING, S.FAILED, S.REVIEW, S.SUCCEEDED}),
    S.EXPIRED: frozenset({S.CANCELLED, S.PROCESSING, S.FAILED, S.REVIEW, S.SUCCEEDED}),
    S.CANCELLED: frozenset({S.PROCESSING, S.FAILED, S.REVIEW, S.SUCCEEDED}),
    S.PROCESSING: frozenset({S.FAILED, S.REVIEW, S.SUCCEEDED}),
    S.FAILED: frozenset({S.REVIEW, S.SUCCEEDED}),
    S.REVIEW: frozenset({S.SUCCEEDED, S.REFUNDED}),
    S.SUCCEEDED: frozenset({S.PARTIALLY_REFUNDED, S.REFUNDED}),
    S.PARTIALLY_REFUNDED: frozenset({S.REFUNDED, S.SUCCEEDED}),
    S.REFUNDED: frozenset({S.PARTIALLY_REFUNDED, S.SUCCEEDED, S.REVIEW}),
}
"""The lifecycle. The moves back from a refund are for refunds that fail after they had succeeded: the status follows what stands.

Money under review that is given back makes the payment REFUNDED too; it was never paid then, and has no `paid_at`.
"""

RANK: Final[dict[PaymentStatus, int]] = {
    S.PENDING: 0,
    S.EXPIRED: 1,
    S.CANCELLED: 2,
    S.PROCESSING: 3,
    S.FAILED: 4,
    S.REVIEW: 5,
    S.SUCCEEDED: 6,
    S.PARTIALLY_REFUNDED: 6,
    S.REFUNDED: 6,
}
"""How far a fact about a checkout has come. One that ranks no higher than the present state is old news.

No two facts share a rank, or their order would decide: giving a checkout up ends it at the provider too, whose word of that may come
first or last.
"""

PAYABLE: Final = S.PENDING
"""The only state in which the member can still pay; a member has at most one payment in it."""

UNFINISHED: Final = frozenset({S.PENDING, S.PROCESSING})
"""States in which the money may still come without a new checkout."""

PAID: Final = frozenset({S.SUCCEEDED, S.PARTIALLY_REFUNDED})
"""States in which money that was asked for has arrived and is not all given back."""

ARRIVED: Final = PAID | {S.REFUNDED, S.REVIEW}
"""States in which money has arrived, whether or not it is what was asked for: what went back is counted from here on."""


class Figures(Struct, frozen=True):
    """An amount in minor units and its currency as somebody states them; null where they state none."""

    amount: int | None
    currency: str | None


class Review(Struct, frozen=True):
    """Money arrived that does not match: what the payment asked for and what the provider received."""

    expected: Figures
    received: Figures


class Payment(Struct, frozen=True, kw_only=True):
    """One try of one member to pay one fee.

    amount: the price it was started with; a later change of prices never touches it.
    renewal: started inside the renewal window, so that it extends the time already paid.
    refunded_minor: what was given back, in minor units of `amount`: the sum of the refunds that stand.
    dispute: where the disputes about it stand.
    duplicate: paid beside time already paid: it buys nothing and is given back.
    paid_at: when the money that was asked for arrived: the latest moment that the provider names; or when an operator took other
        money for it. Where the clock of the replica that started the payment was ahead, this lies before `created_at`.
    All times are UTC.
    """

    id: PaymentId
    user_id: UserId
    user_type: UserType
    plan: PlanId
    amount: Money
    created_at: datetime
    renewal: bool = False
    status: PaymentStatus = PaymentStatus.PENDING
    checkout_session_id: str | None = None
    payment_intent_id: str | None = None
    paid_at: datetime | None = None
    refunded_minor: int = 0
    dispute: DisputeStatus | None = None
    review: Review | None = None
    duplicate: bool = False

    def __post_init__(self) -> None:
        if self.status is S.REFUNDED:
            if self.paid_at is None and self.review is None:
                raise ValueError("a payment is refunded after it was paid or reviewed")
        elif (self.paid_at is not None) != (self.status in PAID):
            raise ValueError("a payment is dated exactly when its money has arrived")
        if not 0 <= self.refunded_minor <= self.amount.amount_minor:
            raise ValueError("no more can be refunded than was paid")
        if self.status is S.REVIEW and self.review is None:
            raise ValueError("a payment under review keeps both figures")

    @property
    def is_paid(self) -> bool:
        """Whether the money that was asked for has arrived, refunded since or not."""
        return self.paid_at is not None

    @property
    def charged(self) -> Figures:
        """What the member was charged: what was asked for, unless something else arrived."""
        return (
            self.review.received if self.review is not None else Figures(self.amount.amount_minor, self.amount.currency)
        )

    @property
    def is_charge_known(self) -> bool:
        """Whether anybody has told how much was charged, and in which currency."""
        return self.charged.amount is not None and self.charged.currency is not None

    @property
    def refunded(self) -> Money:
        """What was given back: the sum of the refunds that stand."""
        return Money(self.refunded_minor, self.amount.currency)

    @property
    def received(self) -> Money:
        """What arrived: the amount, unless an operator took something else for it or nothing else is known."""
        charged = self.charged
        if charged.amount is None or charged.currency is None:
            return self.amount
        return Money(charged.amount, charged.currency)

    def opened(self, checkout_session_id: str) -> "Payment":
        """The payment with its hosted checkout."""
        return replace(self, checkout_session_id=checkout_session_id)

    def processing(self) -> "Payment":
        """The member finished the checkout with a delayed method: the money may still come or fail."""
        return self._reached(S.PROCESSING)

    def expired(self) -> "Payment":
        """The checkout ended unpaid."""
        return self._reached(S.EXPIRED)

    def cancelled(self) -> "Payment":
        """The checkout was given up."""
        return self._reached(S.CANCELLED)

    def failed(self) -> "Payment":
        """The delayed method failed for good."""
        return self._reached(S.FAILED)

    def paid(self, received: Figures, *, at: datetime, payment_intent_id: str | None, meant: bool = True) -> "Payment":
        """The provider says that money was received at `at` (UTC): SUCCEEDED when it is what was asked for, else REVIEW.

        Told of one charge again, the latest moment counts: a charge that is asked about tells when it was made, and the event, which
        tells when its money arrived, may be heard before or after.

        meant: whether the money names this payment and its member. The figures of money that does not match are kept, whichever
        of two facts came first.
        """
        expected = Figures(self.amount.amount_minor, self.amount.currency)
        if received != expected or not meant:
            review = self.review or Review(expected=expected, received=received)
            if RANK[S.REVIEW] <= RANK[self.status]:
                return replace(self, review=review)
            return self._reached(S.REVIEW, review=review, payment_intent_id=payment_intent_id)
        if self.paid_at is not None and self.review is None and self.payment_intent_id == payment_intent_id:
            return replace(self, paid_at=max(at, self.paid_at))
        return self._reached(S.SUCCEEDED, paid_at=at, payment_intent_id=payment_intent_id)

    def accepted(self, at: datetime) -> "Payment":
        """An operator takes the money under review for what was asked: paid, at the time of the decision (UTC).

        Raises IllegalMove unless the payment is under review.
        """
        if self.status is not S.REVIEW:
            raise IllegalMove("payment", self.status, S.SUCCEEDED)
        return replace(self, status=S.SUCCEEDED, paid_at=at)

    def told_its_charge(self, received: Figures) -> "Payment":
        """The payment under review once it is known what was charged, where whoever told of the money had not said so."""
        if self.review is None or self.is_charge_known:
            return self
        return replace(self, review=replace(self.review, received=received))

    def let_go(self) -> "Payment":
        """An operator lets go of a payment under review with which no money came, so that there is none to give back.

        Raises IllegalMove unless it is such a one.
        """
        if self.status is not S.REVIEW or self.charged.amount != 0:
            raise IllegalMove("payment", self.status, S.REFUNDED)
        return replace(self, status=S.REFUNDED)

    def after_returns(self, returns: Returns) -> "Payment":
        """The payment as what went back leaves it. Derived anew each time, so that a refund that fails later counts no more.

        Before its money has arrived it stays as it is: the facts are kept and count then.
        """
        if self.status not in ARRIVED:
            return self
        charged, whole = self.charged, self.amount.amount_minor
        refunded = returns.refunded_minor(charged.currency)
        status = S.SUCCEEDED if self.is_paid else S.REVIEW
        if charged.amount is not None and refunded >= charged.amount > 0:
            status = S.REFUNDED
        elif charged.amount == 0 and self.status is S.REFUNDED:
            status = S.REFUNDED  # let go
        elif refunded and self.is_paid:
            status = S.PARTIALLY_REFUNDED
        if charged.amount and (charged.currency != self.amount.currency or charged.amount > whole):
            # Told as the same share of the price: all of it only when all of it went back.
            refunded = whole * refunded // charged.amount
        if status is not self.status and status not in MOVES[self.status]:
            raise IllegalMove("payment", self.status, status)
        return replace(self, status=status, refunded_minor=min(refunded, whole), dispute=returns.dispute)

    def taken_back_at(self, returns: Returns) -> datetime | None:
        """Since when the time that it bought is taken back (UTC); null while it stands."""
        return returns.taken_back_at(self.charged.amount, self.charged.currency)

    def _reached(self, status: PaymentStatus, **changes: object) -> "Payment":
        if RANK[status] <= RANK[self.status]:
            return self
        if status not in MOVES[self.status]:
            raise IllegalMove("payment", self.status, status)
        return replace(self, status=status, **changes)
