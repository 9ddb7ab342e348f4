"""Refunds and disputes whose end nobody has told are asked about by their charge: banks take days and months to decide."""

from datetime import datetime, timedelta
from typing import Final

from application.collect_returns import CollectReturns
from application.errors import ApplicationFault, ProviderUnavailable, TryAgain
from application.findings import Findings
from application.log_context import about
from application.ports.reads import OpenReturns
from application.ports.store import BeginWork
from application.ports.world import Clock
from domain.audit import Cause
from domain.returns import Dispute, Refund, Returns

CAUSE: Final = Cause(why="asked for the end of what went back")
CURSOR: Final = "open_returns"
PAGE_SIZE: Final = 100

LEFT_ALONE: Final = timedelta(hours=1)
"""What is younger than this stands in the provider's lists of what is new, which are read anyway."""

ASK_AGAIN: Final = timedelta(hours=1)
"""Between two walks through all of them: their events tell sooner, and this is for those that never come."""

CALL_PAUSE_SECONDS: Final = 0.2
"""Two questions for each charge, so at most ten a second: members come first."""

FAULTS_IN_A_ROW_MAX: Final = 3
"""A charge that cannot be asked about is passed over; after so many of them it is the provider that cannot be asked."""


class CheckReturns:
    """Goes through all refunds and disputes that are still open, and records what their charges say by now as events would."""

    def __init__(self, *, begin: BeginWork, open_returns: OpenReturns, collect: CollectReturns, clock: Clock) -> None:
        self._begin = begin
        self._open_returns = open_returns
        self._collect = collect
        self._clock = clock

    async def __call__(self, findings: Findings, *, whatever_the_age: bool) -> None:
        """One run, unless another one came to its end within the hour. What is young is left alone unless told otherwise.

        Raises ProviderUnavailable when the provider stops answering: the next run begins anew. Raises TryAgain when the store is away.
        """
        began_at = self._clock.now()
        async with self._begin() as work:
            known = await work.cursors.of(CURSOR)
        if known is not None and began_at - known < ASK_AGAIN and not whatever_the_age:
            return
        await self._walk(began_at if whatever_the_age else began_at - LEFT_ALONE, findings)
        async with self._begin() as work:
            await work.cursors.of(CURSOR)
            work.cursors.save(CURSOR, began_at)
            await work.commit()

    async def _walk(self, made_until: datetime, findings: Findings) -> None:
        asked: set[str] = set()
        last: Refund | Dispute | None = None
        faults = 0
        while page := await self._open_returns.page(made_until=made_until, after=last, limit=PAGE_SIZE):
            for last in page:
                if last.payment_intent_id in asked:
                    continue
                asked.add(last.payment_intent_id)
                with about(payment_intent_id=last.payment_intent_id):
                    fault = await self._checked(last.payment_intent_id, findings)
                faults = faults + 1 if fault is not None else 0
                if fault is not None and faults == FAULTS_IN_A_ROW_MAX:
                    raise fault

    async def _checked(self, payment_intent_id: str, findings: Findings) -> ProviderUnavailable | None:
        """Ask about one charge, and note what has changed; the fault where the provider does not tell."""
        await self._clock.sleep(CALL_PAUSE_SECONDS)
        findings.checked += 1
        async with self._begin() as work:
            before = await work.returns.of(payment_intent_id)
        try:
            _, after = await self._collect.of_charge(payment_intent_id, cause=CAUSE)
        except TryAgain:
            raise
        except ApplicationFault as fault:
            findings.note("charge", payment_intent_id, "open", "open", str(fault), repaired=False)
            return fault if isinstance(fault, ProviderUnavailable) else None
        note_changes(findings, before, after)
        return None


def note_changes(findings: Findings, before: Returns, after: Returns) -> None:
    """Keep as a difference each refund and each dispute that is not where it was known to be."""
    refunds = {refund.id: refund.status for refund in before.refunds}
    for refund in after.refunds:
        if refunds.get(refund.id) is not refund.status:
            was = refunds.get(refund.id, "unknown")
            findings.note("refund", refund.id, was, refund.status, "nobody had told of its end")
    disputes = {dispute.id: dispute.stage for dispute in before.disputes}
    for dispute in after.disputes:
        if disputes.get(dispute.id) is not dispute.stage:
            was = disputes.get(dispute.id, "unknown")
            findings.note("dispute", dispute.id, was, dispute.stage, "nobody had told of its end")
