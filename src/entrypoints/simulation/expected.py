"""What a payment must have become, worked out from Stripe's facts alone: none of our own rules plays a part in it."""

from datetime import datetime

from domain.payment import Figures, PaymentStatus
from domain.returns import Dispute, DisputeStage, DisputeStatus, Refund, RefundStatus


def standing(refunds: tuple[Refund, ...], charged: Figures) -> list[Refund]:
    """The refunds that count, oldest first."""
    counting = [one for one in refunds if one.status is RefundStatus.SUCCEEDED and one.currency == charged.currency]
    return sorted(counting, key=lambda one: (one.created_at, one.id))


def expected_status(refunds: tuple[Refund, ...], charged: Figures, *, paid: bool) -> PaymentStatus:
    """Paid, or under review, or as much of it given back as was."""
    refunded = sum(one.amount_minor for one in standing(refunds, charged))
    if charged.amount and refunded >= charged.amount:
        return PaymentStatus.REFUNDED
    if not paid:
        return PaymentStatus.REVIEW
    return PaymentStatus.PARTIALLY_REFUNDED if refunded else PaymentStatus.SUCCEEDED


def expected_dispute(disputes: tuple[Dispute, ...]) -> DisputeStatus | None:
    """The worst that is known of its disputes."""
    stages = {dispute.stage for dispute in disputes}
    if DisputeStage.LOST in stages:
        return DisputeStatus.LOST
    if stages & {DisputeStage.OPEN, DisputeStage.APPEALED}:
        return DisputeStatus.OPEN
    return DisputeStatus.WON if DisputeStage.WON in stages else None


def expected_end(refunds: tuple[Refund, ...], disputes: tuple[Dispute, ...], charged: Figures) -> datetime | None:
    """Since when nothing is left of the money (UTC), or a bank took all but a tenth of what refunds had left; null while more is."""
    lost = [one for one in disputes if one.stage is DisputeStage.LOST]
    moments = [one.created_at for one in standing(refunds, charged)] + [one.lost_at for one in lost if one.lost_at]
    for moment in sorted(moments):
        refunded = sum(one.amount_minor for one in standing(refunds, charged) if one.created_at <= moment)
        taken = sum(one.amount_minor for one in lost if one.lost_at is not None and one.lost_at <= moment)
        left = (charged.amount or 0) - refunded
        if charged.amount and (left <= 0 or (taken and left - taken <= left * 0.1)):
            return moment
    return None
