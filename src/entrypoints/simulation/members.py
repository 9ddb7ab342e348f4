"""Members as they are: impatient, with two tabs, at the last moment, and back a year later."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Protocol, TypeVar

from application.start_checkout import CheckoutWish, OfferedCheckout
from domain.member import Member
from domain.payment import PaymentId
from entrypoints.container import Container
from entrypoints.simulation.chance import Chance, Theme
from entrypoints.simulation.stripe import Stripe
from entrypoints.simulation.wiring import RENEWAL_WINDOW

Result = TypeVar("Result")

DAY: Final = 86_400.0


class Browser(Protocol):
    """How a member reaches the service."""

    async def request(self, what: str, verb: Callable[[Container], Awaitable[Result]]) -> Result | None:
        """The answer of some replica; null for an error, and for none at all."""
        ...

    def paid_until(self, member: Member) -> datetime | None:
        """The end of all time that the member has paid for."""
        ...

    def now(self) -> datetime:
        """The time."""
        ...


class Customer:
    """One member and what they do."""

    def __init__(self, member: Member, browser: Browser, stripe: Stripe, chance: Chance, *, years: int) -> None:
        """years: how often they come back for a renewal."""
        self.member = member
        self._browser = browser
        self._stripe = stripe
        self._chance = chance
        self._years = years
        self._gives_in = chance.theme is Theme.INTERRUPTED

    async def live(self) -> None:
        """Come once or a few times, and again when the year ends."""
        await asyncio.sleep(self._chance.seconds(0, 600))
        visits = (1,) if self._gives_in else (1, 1, 2, 3)
        for _ in range(self._chance.one_of(visits)):
            await self._visit()
            await asyncio.sleep(self._chance.one_of((1.0, 60.0, 3600.0, DAY)) * self._chance.seconds(0.1, 1.0))
        for _ in range(self._years):
            await self._wait_for_renewal()
            for _ in range(self._chance.one_of((1, 1, 2))):
                await self._visit()
                await asyncio.sleep(self._chance.seconds(0, 3600))

    async def _wait_for_renewal(self) -> None:
        end = self._browser.paid_until(self.member)
        if end is None:
            return
        window = RENEWAL_WINDOW.total_seconds()
        left = (end - self._browser.now()).total_seconds()
        await asyncio.sleep(max(0.0, left + self._chance.one_of((-window, -window / 2, -5.0, 1.0, DAY, 20 * DAY))))

    async def _visit(self) -> None:
        """Ask for a checkout, in some tabs and with some clicks, and do something with it."""
        tabs = 1 if self._gives_in else self._chance.one_of((1, 1, 1, 2))
        await asyncio.gather(*(self._tab() for _ in range(tabs)))

    async def _tab(self) -> None:
        await asyncio.sleep(self._chance.one_of((0.0, 0.05, 2.0)) * self._chance.seconds(0, 1))
        clicks = 1 if self._gives_in else self._chance.one_of((1, 1, 2, 3))
        offers = await asyncio.gather(*(self._start() for _ in range(clicks)))
        if self._chance.occurs(0.1):
            await asyncio.gather(self._start(), self._give_up_what_there_is())
        found = [offer for offer in offers if offer is not None]
        if not found and not self._gives_in and self._chance.occurs(0.5):
            await asyncio.sleep(self._chance.seconds(1, 30))
            found = [offer for offer in [await self._start()] if offer is not None]
        if not found and self._gives_in and self._chance.occurs(0.5):
            await asyncio.sleep(self._chance.seconds(300, 2400))
            found = [offer for offer in [await self._start()] if offer is not None]
        if found:
            await self._at_the_hosted_page(self._chance.one_of(found))

    async def _start(self) -> OfferedCheckout | None:
        wish = CheckoutWish(member=self.member)
        offer = await self._browser.request("start", lambda verbs: verbs.start_checkout()(wish))
        if offer is not None:
            self._stripe.offered(offer.session_id)
        return offer

    async def _at_the_hosted_page(self, offer: OfferedCheckout) -> None:
        choice = self._chance.dice.random() if self._chance.theme is not Theme.AT_ONCE else 1.0
        if self._chance.theme is Theme.TOO_LATE and self._chance.occurs(0.8):
            await self._start_again_at_the_end(offer)
            return
        if choice < 0.12:
            return
        if choice < 0.22:
            await self._give_up(offer, self._chance.one_of((0.0, 1.0, 600.0, 3599.9)))
            return
        if choice < 0.3:
            await self._come_back(offer)
            return
        if choice < 0.42:
            await self._start_again_at_the_end(offer)
            return
        if choice < 0.48:
            # Paying in one tab, giving up in another.
            await asyncio.gather(self._pay(offer), self._give_up(offer, self._chance.seconds(0, 40)))
            return
        await self._pay(offer)

    async def _start_again_at_the_end(self, offer: OfferedCheckout) -> None:
        """Come back to the fee when the page has no time left, and pay on the new page or on the old one."""
        left = (offer.expires_at - self._browser.now()).total_seconds()
        await asyncio.sleep(max(0.0, left - self._chance.one_of((100.0, 20.0, 2.0))))
        again = await self._start()
        await self._pay(self._chance.one_of((again or offer, offer)))

    async def _pay(self, offer: OfferedCheckout) -> None:
        session, at_once = self._stripe.sessions[offer.session_id], self._chance.theme is Theme.AT_ONCE
        left = (offer.expires_at - self._browser.now()).total_seconds()
        moments = (2.0, 20.0, 20.0, 300.0, left - 0.01, left - 1.0, left)
        wait = self._chance.one_of(moments[:3] if at_once else moments)
        await asyncio.sleep(max(0.0, wait * self._chance.one_of((0.5, 1.0, 1.0))))
        if self._stripe.pay(session, delayed=self._chance.occurs(0.35) and not at_once) or self._chance.occurs(0.2):
            await self._come_back(offer)

    async def _come_back(self, offer: OfferedCheckout) -> None:
        """Land on the page after paying, or without having paid, and reload it."""
        user_id = self.member.user_id
        for _ in range(self._chance.one_of((0, 1, 1, 3))):
            await self._browser.request(
                "land", lambda verbs: verbs.follow_checkout().of_session(user_id, offer.session_id)
            )
            await asyncio.sleep(self._chance.one_of((0.1, 3.0, 40.0)))
        if self._chance.occurs(0.3):
            await self._browser.request(
                "look", lambda verbs: verbs.follow_checkout().of_payment(user_id, offer.payment.id)
            )

    async def _give_up_what_there_is(self) -> None:
        """From the list of payments, perhaps while a checkout is just being opened."""
        await asyncio.sleep(self._chance.one_of((0.1, 1.0, 16.0)) * self._chance.seconds(0.1, 1.0))
        user_id = self.member.user_id
        page = await self._browser.request("list", lambda verbs: verbs.list_payments()(user_id, limit=1))
        if page is not None and page.records:
            await self._cancel(page.records[0].payment.id)

    async def _give_up(self, offer: OfferedCheckout, wait: float) -> None:
        await asyncio.sleep(wait)
        await self._cancel(offer.payment.id)

    async def _cancel(self, payment_id: PaymentId) -> None:
        user_id = self.member.user_id
        await self._browser.request("give up", lambda verbs: verbs.cancel_checkout()(user_id, payment_id))
