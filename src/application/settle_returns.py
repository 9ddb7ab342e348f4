"""What is stored of a payment is held against the facts that are stored of its charge, and brought to what follows from them."""

from typing import Final

from application.again import again
from application.findings import Findings
from application.log_context import about
from application.ports.reads import ReturnedCharges
from application.ports.store import BeginWork
from application.ports.world import Clock
from application.record_returns import RecordReturns
from domain.audit import Cause
from domain.payment import Payment
from domain.subscription import Subscription

CAUSE: Final = Cause(why="derived anew from what went back")
PAGE_SIZE: Final = 500


class SettleReturns:
    """Goes through all charges of which something went back. It asks nobody, and is done only when everything is to be healed.

    Work never leaves a payment other than its facts say. One that is so tells of a mistake, or of a rule that has changed since: the
    audit names it, and a person has it mended, rather than that it goes by unseen.
    """

    def __init__(self, *, begin: BeginWork, charges: ReturnedCharges, record: RecordReturns, clock: Clock) -> None:
        self._begin = begin
        self._charges = charges
        self._record = record
        self._clock = clock

    async def __call__(self, findings: Findings, *, whatever_the_age: bool) -> None:
        """One run, where it is asked for. Raises TryAgain when the store is away."""
        last: str | None = None
        while whatever_the_age and (page := await self._charges.page(after=last, limit=PAGE_SIZE)):
            for last in page:
                with about(payment_intent_id=last):
                    findings.checked += await self._checked(last, findings)

    async def _checked(self, payment_intent_id: str, findings: Findings) -> bool:
        """Whether the charge is one of ours."""

        async def once() -> tuple[Payment, str, str] | None:
            async with self._begin() as work:
                payment = await work.payments.of_intent(payment_intent_id)
                if payment is None:
                    return None
                subscription = await work.subscriptions.of(payment.user_id)
                returns = await work.returns.of(payment_intent_id)
                after = await self._record.settle(work, payment, returns, cause=CAUSE)
                was = shown(payment, subscription)
                now = shown(after, await work.subscriptions.of(payment.user_id))
                if now != was:
                    if after.status is payment.status:
                        work.payments.remark(after, CAUSE)
                    await work.commit()
            return payment, was, now

        found = await again(once, self._clock)
        if found is None:
            return False
        payment, was, now = found
        if now != was:
            findings.note("payment", str(payment.id), was, now, "it did not follow from what went back")
        return True


def shown(payment: Payment, subscription: Subscription) -> str:
    """All that follows from what went back of a payment, in words."""
    words = [payment.status.value, f"{payment.refunded_minor} refunded"]
    if payment.dispute is not None:
        words.append(f"dispute {payment.dispute}")
    period = subscription.bought_by(payment.id)
    if period is not None:
        words.append(f"time from {period.starts_at:%Y-%m-%d %H:%M:%S} to {period.ends_at:%Y-%m-%d %H:%M:%S}")
    return ", ".join(words)
