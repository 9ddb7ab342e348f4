"""The people at the platform: they refund in Stripe's dashboard and decide on money that does not match; and the members' banks."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Final

from application.ports.gateway import SessionStatus
from domain.payment import PaymentId
from entrypoints.simulation.chance import Chance, Fault, Theme
from entrypoints.simulation.charges import DAY
from entrypoints.simulation.members import Browser
from entrypoints.simulation.stripe import Session, Stripe

OPERATOR: Final = "staff"
SHARES: Final = ((1.0,), (0.3,), (0.3, 0.7), (0.5, 0.25), (0.5, 0.5, 0.5))
"""What is refunded of a charge, one after the other; the last of them asks for more than there is."""


class Office:
    """Acts on charges once they are paid. `wanted` is told of each payment that an operator gives back through us."""

    def __init__(
        self,
        browser: Browser,
        stripe: Stripe,
        chance: Chance,
        waiting: Callable[[], list[PaymentId]],
        wanted: Callable[[PaymentId], None],
    ) -> None:
        self._browser = browser
        self._stripe = stripe
        self._chance = chance
        self._waiting = waiting
        self._wanted = wanted
        self._tasks: set[asyncio.Task[None]] = set()

    def paid(self, session: Session) -> None:
        """A charge was made: perhaps somebody will do something about it."""
        at_once = self._chance.theme is Theme.AT_ONCE or (self._chance.theme is Theme.TOO_LATE and session.is_late)
        if session.received.amount and at_once:
            self._do(self._refund_at_once(session))
        elif self._chance.occurs(0.45) and session.received.amount:
            self._do(self._refund(session))
        # What a member did not agree to is disputed more often.
        agreed = session.received.amount == session.order.amount.amount_minor and not session.misnamed
        if self._chance.occurs(0.4 if agreed else 0.8) and session.received.amount:
            self._do(self._dispute(session))

    async def decide(self) -> None:
        """Look through what waits for a decision, and decide."""
        for payment_id in self._waiting():
            if self._chance.occurs(0.5):
                await self._accept(payment_id)
            else:
                await self._give_back(payment_id)

    async def _accept(self, payment_id: PaymentId) -> None:
        await self._browser.request(
            "accept", lambda verbs: verbs.review_payments().accept(payment_id, operator=OPERATOR)
        )

    async def _give_back(self, payment_id: PaymentId) -> None:
        self._wanted(payment_id)
        await self._browser.request(
            "give back", lambda verbs: verbs.review_payments().give_back(payment_id, operator=OPERATOR)
        )

    async def delete_a_customer(self) -> None:
        """Somebody tidies up in the dashboard: whatever the customer had open ends."""
        await asyncio.sleep(self._chance.one_of((20.0, 600.0, 3600.0)) * self._chance.seconds(0.1, 1.0))
        if self._chance.strikes(Fault.CUSTOMER_GONE) and self._stripe.customers:
            gone = self._chance.one_of(list(self._stripe.customers))
            del self._stripe.customers[gone]
            for session in self._stripe.sessions.values():
                if session.order.customer_id == gone and session.status is SessionStatus.OPEN:
                    self._stripe.expire(session)

    async def make_a_checkout(self) -> None:
        """Somebody helps a member who cannot find the way back to the hosted page."""
        await asyncio.sleep(self._chance.one_of((60.0, 900.0, 3600.0, DAY)) * self._chance.seconds(0.1, 1.0))
        offered = [session for session in self._stripe.sessions.values() if session.offered]
        if offered and self._chance.strikes(Fault.PAID_BESIDE):
            self._stripe.paid_beside(self._chance.one_of(offered))

    async def _refund(self, session: Session) -> None:
        pause = self._chance.one_of((0.01, 0.01, 1.0, 60.0, DAY, 30 * DAY)) * self._chance.seconds(0.1, 1.0)
        # Sometimes in the last days of the year that was paid for: what follows is heard of after its end.
        await asyncio.sleep(self._chance.one_of((pause, pause, pause, 364 * DAY)))
        charge, amount = session.payment_intent_id or "", session.received.amount or 0
        for share in self._chance.one_of(SHARES):
            wanted = int(amount * share)
            if 0 < wanted <= self._stripe.charges.left_of(charge):
                self._stripe.charges.refund(charge, wanted)
            await asyncio.sleep(self._chance.one_of((0.0, 0.02, 5.0, DAY)))

    async def _refund_at_once(self, session: Session) -> None:
        await asyncio.sleep(self._chance.one_of((0.0, 0.2, 0.5)) * self._chance.seconds(0.0, 1.0))
        charge = session.payment_intent_id or ""
        left = self._stripe.charges.left_of(charge)
        if left > 0:
            self._stripe.charges.refund(charge, left)

    async def _dispute(self, session: Session) -> None:
        await asyncio.sleep(self._chance.one_of((1.0, DAY, 30 * DAY)) * self._chance.seconds(0.1, 1.0))
        self._stripe.charges.dispute(session.payment_intent_id or "")

    def _do(self, coroutine: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
