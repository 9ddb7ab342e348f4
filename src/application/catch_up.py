"""What never reached us is looked up in the provider's own lists: events first, then what it holds and we do not."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from application.again import again
from application.confirm_payment import ConfirmPayment
from application.errors import ApplicationFault, InvalidEvent, ProviderUnavailable, TryAgain
from application.findings import Findings, Thing
from application.log_context import about
from application.ports.gateway import CheckoutSession, EventReader, ProviderEvent, installation_named_by
from application.ports.installation import InstallationId
from application.ports.records import Page, ProviderRecords
from application.ports.store import BeginWork
from application.ports.world import Clock
from application.receive_event import Outcome, ReceiveEvent
from application.record_returns import RecordReturns
from domain.audit import Cause
from domain.payment import ARRIVED
from domain.returns import Dispute, Refund

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Change = tuple[str, str] | None
"""What something was and what it is; null when nothing had to change."""

CAUSE: Final = Cause(why="found in the provider's lists")
CURSOR: Final = "caught_up"

MEMORY_OF_EVENTS: Final = timedelta(days=30)
"""How long the provider keeps events."""

OVERLAP: Final = timedelta(hours=1)
"""A run looks this far back behind the last one: clocks differ, and lists are not complete at once."""

CHECKOUT_DAY: Final = timedelta(hours=25)
"""A session may be paid for a day after it was opened."""

ON_ITS_WAY: Final = timedelta(minutes=2)
"""What is younger than this is left to its event."""

CALL_PAUSE_SECONDS: Final = 0.1


class CatchUp:
    """Goes through the provider's lists since the last complete run, and takes what is missing through the verbs that events use."""

    def __init__(
        self,
        *,
        begin: BeginWork,
        records: ProviderRecords,
        reader: EventReader,
        receive: ReceiveEvent,
        confirm: ConfirmPayment,
        returns: RecordReturns,
        clock: Clock,
    ) -> None:
        self._begin = begin
        self._records = records
        self._reader = reader
        self._receive = receive
        self._confirm = confirm
        self._returns = returns
        self._clock = clock

    async def __call__(self, findings: Findings, *, whatever_the_age: bool) -> None:
        """One run; as far back as the provider remembers events, whatever earlier runs have seen, when told so.

        Raises ProviderUnavailable when the provider stops answering: what was found stays found, and the next run begins where this
        one did. Raises TryAgain when the store is away.
        """
        began_at = self._clock.now()
        since = began_at - MEMORY_OF_EVENTS
        async with self._begin() as work:
            known = await work.cursors.of(CURSOR)
            ours = await work.installation.id()
        if known is not None and not whatever_the_age:
            since = max(since, known - OVERLAP)
        latest = began_at if whatever_the_age else began_at - ON_ITS_WAY
        await self._events(since, latest, ours, findings)
        async for session in self._all(
            lambda after: self._records.checkouts(since - CHECKOUT_DAY, after=after), findings
        ):
            if session.installation not in (None, ours):
                findings.foreign += 1
            elif session.settled and session.names_payment is not None:
                await self._repaired(
                    "checkout", session.id, lambda session: self._paid(session, latest), session, findings
                )
        async for refund in self._all(lambda after: self._records.refunds(since, after=after), findings):
            if refund.created_at <= latest:
                await self._repaired("refund", refund.id, self._refunded, refund, findings)
        async for dispute in self._all(lambda after: self._records.disputes(since, after=after), findings):
            if dispute.created_at <= latest:
                await self._repaired("dispute", dispute.id, self._disputed, dispute, findings)
        async with self._begin() as work:
            await work.cursors.of(CURSOR)
            work.cursors.save(CURSOR, began_at)
            await work.commit()

    async def _events(self, since: datetime, latest: datetime, ours: InstallationId, findings: Findings) -> None:
        unheard: list[ProviderEvent] = []
        async for page in self._pages(lambda after: self._records.events(since, after=after)):
            findings.checked += len(page)
            events = [event for body in page if (event := self._readable(body)) is not None]
            async with self._begin() as work:
                unknown = await work.inbox.unknown([event.id for event in events])
            unheard += [event for event in events if event.id in unknown]
        for event in sorted(unheard, key=lambda event: event.created):
            if installation_named_by(event.fact) not in (None, ours):
                findings.foreign += 1
            elif event.created <= latest:
                outcome = await self._receive.take(event)
                why = f"{event.type} never came"
                if outcome is not Outcome.REPEATED:
                    findings.note("event", event.id, "unknown", outcome, why, repaired=outcome is not Outcome.PARKED)

    def _readable(self, body: bytes) -> ProviderEvent | None:
        try:
            return self._reader.read(body)
        except InvalidEvent as fault:
            log.error("an event in the provider's list cannot be read: %s", fault)
            return None

    async def _repaired(
        self, what: Thing, id: str, repair: Callable[[Item], Awaitable[Change]], item: Item, findings: Findings
    ) -> None:
        """Repair one thing, and note what has changed, or why it could not."""
        with about():
            try:
                change = await again(lambda: repair(item), self._clock)
            except (ProviderUnavailable, TryAgain):
                raise
            except ApplicationFault as fault:
                findings.note(what, id, "unknown", "unknown", str(fault), repaired=False)
                return
            if change is not None:
                findings.note(what, id, *change, "nobody had told of it")

    async def _paid(self, session: CheckoutSession, latest: datetime) -> Change:
        async with self._begin() as work:
            known = await work.payments.of_session(session.id, session.names_payment)
            if known is None and session.payment_id is None:
                return None  # a session of another product
            own = known is not None and known.checkout_session_id == session.id
            if known is not None and ((own and known.status in ARRIVED) or known.created_at > latest):
                return None
            payment = await self._confirm.within(work, session, at=None, cause=CAUSE)
            await work.commit()
        return (known.status if known is not None else "unknown", payment.status) if payment is not None else None

    async def _refunded(self, refund: Refund) -> Change:
        async with self._begin() as work:
            known = {row.id: row for row in (await work.returns.of(refund.payment_intent_id)).refunds}
            before = known.get(refund.id)
            if before is not None and before.after(refund) == before:
                return None
            payment = await self._returns.refund(work, refund, cause=CAUSE)
            await work.commit()
        # Refunds of other products on the same account are kept and are no difference.
        return (before.status if before is not None else "unknown", refund.status) if payment is not None else None

    async def _disputed(self, dispute: Dispute) -> Change:
        async with self._begin() as work:
            known = {row.id: row for row in (await work.returns.of(dispute.payment_intent_id)).disputes}
            before = known.get(dispute.id)
            if before is not None and before.after(dispute, asked=True) == before:
                return None
            payment = await self._returns.dispute(work, dispute, cause=CAUSE, asked=True)
            await work.commit()
        return (before.stage if before is not None else "unknown", dispute.stage) if payment is not None else None

    async def _all(
        self, page_after: Callable[[str | None], Awaitable[Page[Item]]], findings: Findings
    ) -> AsyncIterator[Item]:
        async for page in self._pages(page_after):
            for item in page:
                findings.checked += 1
                yield item

    async def _pages(
        self, page_after: Callable[[str | None], Awaitable[Page[Item]]]
    ) -> AsyncIterator[tuple[Item, ...]]:
        """Page after page, with a pause before each: members come first."""
        after: str | None = None
        while True:
            await self._clock.sleep(CALL_PAUSE_SECONDS)
            page = await page_after(after)
            yield page.items
            after = page.next
            if after is None:
                return
