"""Money that went back: refunds and disputes, kept as facts of their own, from which a payment's state is derived.

Such facts arrive late, twice, out of order and before the payment's own. Each therefore only ever goes on to a later stage, and all
that follows from them (what was refunded, which time was taken back) is a function of the facts that are known.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace


class RefundStatus(StrEnum):
    """Where a refund stands. Only one that has succeeded stands, and it may still fail days later."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class DisputeStage(StrEnum):
    """How far a dispute has come. An inquiry moves no money; it may become a dispute. One that was lost may be appealed."""

    INQUIRY = "inquiry"
    INQUIRY_CLOSED = "inquiry_closed"
    OPEN = "open"
    LOST = "lost"
    APPEALED = "appealed"
    WON = "won"
    PREVENTED = "prevented"


class DisputeStatus(StrEnum):
    """Where the disputes about a payment stand. It is kept beside the payment's status and does not change it."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


REFUND_RANK: Final[dict[RefundStatus, int]] = {
    RefundStatus.PENDING: 0,
    RefundStatus.REQUIRES_ACTION: 1,
    RefundStatus.SUCCEEDED: 2,
    RefundStatus.FAILED: 3,
    RefundStatus.CANCELED: 3,
}
"""The order in which a refund passes through its states; what ranks no higher than what is known is old news."""

DISPUTE_RANK: Final[dict[DisputeStage, int]] = {stage: rank for rank, stage in enumerate(DisputeStage)}
"""The same of a dispute: the stages are declared in their order."""

OPEN_REFUNDS: Final = frozenset({RefundStatus.PENDING, RefundStatus.REQUIRES_ACTION})
"""States from which a refund goes on for certain: the bank has not answered, or the member has something to do."""

OPEN_DISPUTES: Final = frozenset({DisputeStage.INQUIRY, DisputeStage.OPEN, DisputeStage.APPEALED})
"""The same of a dispute: nobody has decided yet."""

WHOLE_TENTHS: Final = 9
"""When banks took so many tenths of what refunds had left, all is gone: the amounts of disputes move with the rates of currencies."""

STATUS_OF_STAGE: Final[dict[DisputeStage, DisputeStatus]] = {
    DisputeStage.OPEN: DisputeStatus.OPEN,
    DisputeStage.APPEALED: DisputeStatus.OPEN,
    DisputeStage.LOST: DisputeStatus.LOST,
    DisputeStage.WON: DisputeStatus.WON,
}
"""What a stage means for the payment. Inquiries and prevented disputes are facts and no disputes."""


class Refund(Struct, frozen=True, kw_only=True):
    """Money on its way back to the member, by our hand or by somebody's at the provider.

    amount_minor, currency: of the charge that it gives back, in minor units.
    created_at: when it was made at the provider (UTC); the time that the payment bought ends then.
    """

    id: str
    payment_intent_id: str
    amount_minor: int
    currency: str
    status: RefundStatus
    created_at: datetime

    @property
    def stands(self) -> bool:
        """Whether the money counts as given back."""
        return self.status is RefundStatus.SUCCEEDED

    @property
    def is_over(self) -> bool:
        """Whether it came to nothing."""
        return self.status in (RefundStatus.FAILED, RefundStatus.CANCELED)

    def after(self, told: "Refund") -> "Refund":
        """The refund once `told` is known too, which may be older news."""
        return replace(self, status=told.status) if REFUND_RANK[told.status] > REFUND_RANK[self.status] else self


class Dispute(Struct, frozen=True, kw_only=True):
    """A cardholder's bank disputes a charge.

    amount_minor, currency: what is disputed, in minor units.
    lost_at: the earliest time at which anybody said that it is lost (UTC); kept when an appeal turns it.
    """

    id: str
    payment_intent_id: str
    amount_minor: int
    currency: str
    stage: DisputeStage
    created_at: datetime
    lost_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.stage is DisputeStage.LOST and self.lost_at is None:
            raise ValueError("a lost dispute was lost at some time")

    def after(self, told: "Dispute", *, asked: bool = False) -> "Dispute":
        """The dispute once `told` is known too, which may be older news, unless the provider was just asked for it.

        Only an answer can tell a loss after an appeal from the one before it.
        """
        newer = asked or DISPUTE_RANK[told.stage] > DISPUTE_RANK[self.stage]
        stage = told.stage if newer else self.stage
        lost = [at for at in (self.lost_at, told.lost_at) if at is not None]
        return replace(self, stage=stage, lost_at=min(lost, default=None))


class Returns(Struct, frozen=True, kw_only=True):
    """Everything that is known of money that went back from one charge."""

    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()

    def with_refund(self, told: Refund) -> "Returns":
        """With one more fact about a refund."""
        known = {refund.id: refund for refund in self.refunds}
        known[told.id] = known[told.id].after(told) if told.id in known else told
        return replace(self, refunds=tuple(known.values()))

    def with_dispute(self, told: Dispute, *, asked: bool = False) -> "Returns":
        """With one more fact about a dispute; `asked` when the provider has just answered with it."""
        known = {dispute.id: dispute for dispute in self.disputes}
        known[told.id] = known[told.id].after(told, asked=asked) if told.id in known else told
        return replace(self, disputes=tuple(known.values()))

    def refunded_minor(self, currency: str | None) -> int:
        """The sum of the refunds that stand, in minor units. One of another currency cannot be of this charge and does not count."""
        return sum(refund.amount_minor for refund in self.refunds if refund.stands and refund.currency == currency)

    def under_way_minor(self, currency: str | None) -> int:
        """The same with the refunds that may still come to stand: what must not be given back once more."""
        return sum(refund.amount_minor for refund in self.refunds if not refund.is_over and refund.currency == currency)

    def lost_minor(self, currency: str | None) -> int:
        """What the member's bank has taken back for good, in minor units."""
        lost = [dispute for dispute in self.disputes if dispute.stage is DisputeStage.LOST]
        return sum(dispute.amount_minor for dispute in lost if dispute.currency == currency)

    @property
    def dispute(self) -> DisputeStatus | None:
        """Where the disputes stand: lost as soon as one is, else open while one is."""
        found = {STATUS_OF_STAGE.get(dispute.stage) for dispute in self.disputes}
        return next(
            (status for status in (DisputeStatus.LOST, DisputeStatus.OPEN, DisputeStatus.WON) if status in found), None
        )

    def taken_back_at(self, charged_minor: int | None, currency: str | None) -> datetime | None:
        """Since when nothing of the charge is left (UTC); null while something is.

        Refunds that stand and lost disputes count together, in the order of their moments. Of what refunds left, a tenth or less that
        a bank did not take is nothing.
        """
        lost = [
            (one.lost_at, one) for one in self.disputes if one.stage is DisputeStage.LOST and one.lost_at is not None
        ]
        if not charged_minor:
            return min((moment for moment, _ in lost), default=None)
        shares = [
            (one.created_at, one.id, one.amount_minor, 0)
            for one in self.refunds
            if one.stands and one.currency == currency
        ]
        for moment, one in lost:
            # One of another currency cannot be compared with the charge: it counts as the whole of it.
            share = one.amount_minor if one.currency == currency else charged_minor
            shares.append((moment, one.id, 0, share))
        left, taken = charged_minor, 0
        for moment, _, refunded, lost_minor in sorted(shares):
            left, taken = left - refunded, taken + lost_minor
            if left <= 0 or (taken and taken * 10 >= left * WHOLE_TENTHS):
                return moment
        return None
