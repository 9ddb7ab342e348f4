"""Refunds, disputes and refunded charges as Stripe writes them: only the fields we need."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from adapters.stripe.sessions import AMOUNT_MAX, CURRENCY, INSTALLATION, Expanded, Metadata, id_of, instant, named
from application.ports.gateway import ChargeRefunded
from domain.returns import Dispute, DisputeStage, Refund, RefundStatus

STAGES: Final = {
    "warning_needs_response": DisputeStage.INQUIRY,
    "warning_under_review": DisputeStage.INQUIRY,
    "warning_closed": DisputeStage.INQUIRY_CLOSED,
    "needs_response": DisputeStage.OPEN,
    "under_review": DisputeStage.OPEN,
    "lost": DisputeStage.LOST,
    "appeal_needs_response": DisputeStage.APPEALED,
    "appeal_under_review": DisputeStage.APPEALED,
    "won": DisputeStage.WON,
    "prevented": DisputeStage.PREVENTED,
}
"""What each of Stripe's statuses of a dispute says. `warning_*` are inquiries, in which no money moves."""


class StripeRefund(Struct):
    """A refund. Old charges without a payment intent are none of ours."""

    id: str
    amount: int
    currency: str
    created: int
    status: str | None = None
    payment_intent: Expanded | str | None = None
    metadata: Metadata = None

    def understood(self) -> Refund | None:
        """The refund in the application's words, null for one of no payment intent. Raises ValueError for what cannot be true."""
        payment_intent_id = id_of(self.payment_intent)
        if payment_intent_id is None:
            return None
        check(self.id, payment_intent_id, self.amount, self.currency)
        return Refund(
            id=self.id,
            payment_intent_id=payment_intent_id,
            amount_minor=self.amount,
            currency=self.currency.lower(),
            # Versions before refunds could be pending tell no status: what they made had succeeded.
            status=RefundStatus(self.status or "succeeded"),
            created_at=instant(self.created),
        )


class RefundList(Struct):
    """A page of refunds."""

    data: list[StripeRefund]
    has_more: bool = False


class StripeDispute(Struct):
    """A dispute."""

    id: str
    amount: int
    currency: str
    created: int
    status: str
    payment_intent: Expanded | str | None = None

    def understood(self, told_at: datetime) -> Dispute | None:
        """The same for a dispute; `told_at` (UTC) is when Stripe said so."""
        payment_intent_id = id_of(self.payment_intent)
        if payment_intent_id is None:
            return None
        check(self.id, payment_intent_id, self.amount, self.currency)
        stage = STAGES.get(self.status)
        if stage is None:
            raise ValueError(f"no status of a dispute that is known: {self.status!r}")
        return Dispute(
            id=self.id,
            payment_intent_id=payment_intent_id,
            amount_minor=self.amount,
            currency=self.currency.lower(),
            stage=stage,
            created_at=instant(self.created),
            lost_at=told_at if stage is DisputeStage.LOST else None,
        )


class DisputeList(Struct):
    """A page of disputes."""

    data: list[StripeDispute]
    has_more: bool = False


class RefundedCharge(Struct):
    """A charge of which something went back. Newer versions no longer list its refunds."""

    id: str
    amount_refunded: int
    currency: str
    payment_intent: Expanded | str | None = None
    refunds: RefundList | None = None
    metadata: Metadata = None

    def understood(self) -> ChargeRefunded | None:
        """What went back of the charge, null for one of no payment intent. Raises ValueError for what cannot be true."""
        payment_intent_id = id_of(self.payment_intent)
        if payment_intent_id is None:
            return None
        check(self.id, payment_intent_id, self.amount_refunded, self.currency)
        listed = [refund.understood() for refund in (self.refunds.data if self.refunds is not None else [])]
        return ChargeRefunded(
            payment_intent_id=payment_intent_id,
            refunded_minor=self.amount_refunded,
            currency=self.currency.lower(),
            refunds=tuple(
                refund for refund in listed if refund is not None and refund.payment_intent_id == payment_intent_id
            ),
            installation=named(self.metadata, INSTALLATION),
        )


def check(id: str, payment_intent_id: str, amount: int, currency: str) -> None:
    """Raise ValueError for ids, amounts and currencies that cannot be Stripe's."""
    if any("\0" in found or not 0 < len(found) <= 255 for found in (id, payment_intent_id)):
        raise ValueError("an id of Stripe has 1 to 255 characters")
    if not 0 <= amount <= AMOUNT_MAX:
        raise ValueError("an amount of Stripe has at most 12 digits")
    if not CURRENCY.fullmatch(currency):
        raise ValueError("a currency of Stripe has three letters")
