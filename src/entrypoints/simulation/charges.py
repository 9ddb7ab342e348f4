"""What goes back of Stripe's charges: refunds that arrive at once, later or not at all, and disputes with all their courses."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from application.ports.gateway import ChargeRefunded, DisputeTold, ProviderFact, RefundTold
from domain.payment import Figures
from domain.returns import OPEN_DISPUTES, OPEN_REFUNDS, Dispute, DisputeStage, Refund, RefundStatus, Returns
from entrypoints.simulation.chance import Chance, Fault, Theme
from entrypoints.simulation.trace import Trace

DAY: Final = 86_400.0

COURSES: Final = (
    (DisputeStage.OPEN, DisputeStage.WON),
    (DisputeStage.OPEN, DisputeStage.LOST),
    (DisputeStage.OPEN, DisputeStage.LOST, DisputeStage.APPEALED, DisputeStage.WON),
    (DisputeStage.OPEN, DisputeStage.LOST, DisputeStage.APPEALED, DisputeStage.WON),
    (DisputeStage.INQUIRY, DisputeStage.INQUIRY_CLOSED),
    (DisputeStage.INQUIRY, DisputeStage.OPEN, DisputeStage.LOST),
)
"""The stages through which disputes go; the longest comes twice as often."""

PARTS: Final = (1.0, 0.6, 1.0, 0.4, 0.95)
"""What is disputed of a charge: all of it, a part, or what the rates of currencies make of the whole."""

Emit = Callable[[ProviderFact, str], None]
"""Makes an event of a fact, under a name that Stripe gives it."""


class Charges:
    """The refunds and disputes of one account. `received_of` tells what a charge brought."""

    def __init__(
        self,
        chance: Chance,
        trace: Trace,
        now: Callable[[], datetime],
        emit: Emit,
        received_of: Callable[[str], Figures],
        changed: Callable[[], None],
    ) -> None:
        self._chance = chance
        self._trace = trace
        self._now = now
        self._emit = emit
        self._received_of = received_of
        self._changed = changed
        self.refunds: dict[str, Refund] = {}
        self.disputes: dict[str, Dispute] = {}
        self._stood: dict[str, datetime] = {}

    def refund(self, payment_intent_id: str, amount_minor: int) -> Refund:
        """Give back a part of a charge. Raises ValueError when that is more than is left."""
        if not 0 < amount_minor <= self.left_of(payment_intent_id):
            raise ValueError("more than is left of the charge")
        made = Refund(
            id=f"re_{len(self.refunds) + 1}",
            payment_intent_id=payment_intent_id,
            amount_minor=amount_minor,
            currency=self._received_of(payment_intent_id).currency or "",
            status=RefundStatus.PENDING if self._chance.occurs(0.3) else RefundStatus.SUCCEEDED,
            created_at=whole_seconds(self._now()),
        )
        self._set_refund(made, "refund.created")
        if not made.stands:
            after(self._a_while(), lambda: self._arrives(made))
        else:
            self._may_fail(made)
        return made

    def dispute(self, payment_intent_id: str) -> None:
        """The member's bank disputes a charge; what becomes of it is up to chance."""
        received = self._received_of(payment_intent_id)
        share = self._chance.one_of(PARTS)
        first, *later = self._chance.one_of(COURSES)
        opened = Dispute(
            id=f"du_{len(self.disputes) + 1}",
            payment_intent_id=payment_intent_id,
            amount_minor=int((received.amount or 0) * share),
            currency=received.currency or "",
            stage=first,
            created_at=whole_seconds(self._now()),
        )
        self._set_dispute(opened, "charge.dispute.created")
        pause = 0.0
        for stage in later:
            pause += self._a_while()
            after(pause, lambda stage=stage: self._goes_on(opened.id, stage))  # type: ignore[misc] # mypy infers no type for a default

    def left_of(self, payment_intent_id: str) -> int:
        """What can still be refunded of a charge, in minor units: nothing once its dispute is lost."""
        known = self.returns_of(payment_intent_id)
        if any(dispute.stage is DisputeStage.LOST for dispute in known.disputes):
            return 0
        received = self._received_of(payment_intent_id)
        return (received.amount or 0) - known.under_way_minor(received.currency)

    def ever_refunded(self, payment_intent_id: str) -> int:
        """What was ever refunded of a charge, failed since or not, in minor units."""
        refunds = self.returns_of(payment_intent_id).refunds
        return sum(refund.amount_minor for refund in refunds if refund.id in self._stood)

    def has_stood(self, refund_id: str, by: datetime | None = None) -> bool:
        """Whether a refund was ever told as succeeded; before some time (UTC), where one is given."""
        since = self._stood.get(refund_id)
        return since is not None and (by is None or since < by)

    def returns_of(self, payment_intent_id: str) -> Returns:
        """Everything that went back of a charge."""
        return Returns(
            refunds=tuple(found for found in self.refunds.values() if found.payment_intent_id == payment_intent_id),
            disputes=tuple(found for found in self.disputes.values() if found.payment_intent_id == payment_intent_id),
        )

    def _a_while(self) -> float:
        """How long a bank takes, in seconds: also so short that its words overtake each other."""
        return self._chance.one_of([1.0, 60.0, 3600.0, 2 * DAY]) * self._chance.seconds(0.2, 1.0)

    def _arrives(self, refund: Refund) -> None:
        if self._chance.strikes(Fault.REFUND_FAILS):
            ended = self._chance.one_of((RefundStatus.FAILED, RefundStatus.CANCELED))
            self._set_refund(replace(refund, status=ended), "refund.failed")
            return
        arrived = replace(refund, status=RefundStatus.SUCCEEDED)
        self._set_refund(arrived, "refund.updated")
        self._may_fail(arrived)

    def _may_fail(self, refund: Refund) -> None:
        if self._chance.strikes(Fault.REFUND_FAILS):
            failed = replace(refund, status=RefundStatus.FAILED)
            after(self._a_while() * self._chance.one_of([1, 15]), lambda: self._set_refund(failed, "refund.failed"))

    def _goes_on(self, dispute_id: str, stage: DisputeStage) -> None:
        known = self.disputes[dispute_id]
        lost_at = whole_seconds(self._now()) if stage is DisputeStage.LOST else known.lost_at
        self._set_dispute(replace(known, stage=stage, lost_at=lost_at), "charge.dispute.closed")

    def _set_refund(self, refund: Refund, event_type: str) -> None:
        self._trace.note("stripe", event_type, f"{refund.id} of {refund.payment_intent_id}: {refund.amount_minor}")
        before = self.refunds.get(refund.id)
        self.refunds[refund.id] = refund
        told = self._is_told(before is None, before is not None and before.status in OPEN_REFUNDS)
        if told:
            self._emit(RefundTold(refund), event_type)
        if refund.stands:
            self._stood.setdefault(refund.id, self._now())
            refunded = self.returns_of(refund.payment_intent_id).refunded_minor(refund.currency)
            if told and self._chance.theme is not Theme.AT_ONCE:
                self._emit(ChargeRefunded(refund.payment_intent_id, refunded, refund.currency), "charge.refunded")
        self._changed()

    def _set_dispute(self, dispute: Dispute, event_type: str) -> None:
        self._trace.note("stripe", event_type, f"{dispute.id} of {dispute.payment_intent_id}: {dispute.stage}")
        before = self.disputes.get(dispute.id)
        self.disputes[dispute.id] = dispute
        if self._is_told(before is None, before is not None and before.stage in OPEN_DISPUTES):
            self._emit(DisputeTold(dispute), event_type)
        self._changed()

    def _is_told(self, is_new: bool, was_open: bool) -> bool:
        """Whether there is an event. There may be none of what stands in another list, or is asked about until it has ended."""
        unlisted = is_new and self._chance.strikes(Fault.EVENT_UNLISTED)
        return not unlisted and not (was_open and self._chance.strikes(Fault.EVENT_NEVER_MADE))


def after(seconds: float, act: Callable[[], None]) -> None:
    """Do something later."""
    asyncio.get_running_loop().call_later(max(seconds, 0.0), act)


def whole_seconds(instant: datetime) -> datetime:
    """As Stripe writes times."""
    return instant - timedelta(microseconds=instant.microsecond)
