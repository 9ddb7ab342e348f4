"""A member at a browser: signed in, on our pages and on the hosted one."""

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct
from playwright.async_api import Browser, BrowserContext, Locator, Page

from domain.member import Locale, Member, UserId, UserType
from entrypoints.http.identity import TOKEN_COOKIE
from entrypoints.http.tokens import sign_token
from journeys.pages.guard import RULES, RULES_OF_COLOURS, Guard, faults_of
from journeys.shopper import LIFETIME
from journeys.system import Json, System

PHONE: Final = (390, 844)
DESKTOP: Final = (1280, 900)
NARROW: Final = (320, 640)

SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")

PICTURES: Final = "PAYMENTS_PICTURES"
"""Names the folder that pictures are kept in; none are kept without it."""

_numbers = count(1)


class Look(Struct, frozen=True, kw_only=True):
    """How a page is looked at. The browser's language is the member's own."""

    locale: Locale = Locale.FRENCH
    size: tuple[int, int] = PHONE
    dark: bool = False
    scripts: bool = True


class Visitor:
    """One member with a browser of their own."""

    def __init__(self, system: System, context: BrowserContext, page: Page, member: Member, look: Look) -> None:
        self.system = system
        self.context = context
        self.page = page
        self.member = member
        self.look = look
        self.guard = Guard(context, system.url, system.sandbox_url)

    async def sign_in(self) -> None:
        """Get the token of the platform as a cookie."""
        token = sign_token(self.system.secrets.jwt_secret, self.member, scope="", lifetime=LIFETIME)
        await self.context.add_cookies([{"name": TOKEN_COOKIE, "value": token, "url": self.system.url}])

    async def opens(self, path: str) -> int:
        """Go to a page of ours, and its status."""
        answer = await self.page.goto(f"{self.system.url}{path}")
        return answer.status if answer is not None else 0

    async def opens_payment_page(self) -> None:
        """Go to the page on which this member pays."""
        await self.opens(f"/dashboard/{self.member.user_type.value}/payment")

    async def goes_to_checkout(self) -> Json:
        """From the payment page to the hosted one; the checkout as our API knows it."""
        await self.opens_payment_page()
        await self.page.locator("main form button").first.click()
        await self.page.wait_for_url(f"{self.system.sandbox_url}/**")
        path = urlsplit(self.page.url).path
        return {"checkout_session_id": path.rpartition("/")[2]}

    async def follows(self, link: Locator) -> None:
        """Press what leads to another page, and wait until that page is there."""
        async with self.page.expect_navigation():
            await link.click()

    async def presses(self, name: str, value: str) -> None:
        """Press a button of the hosted page."""
        await self.page.locator(f"button[name={name}][value='{value}']").first.click()

    async def pays(self, card: str = "4242424242424242") -> None:
        """Pay with one of the test cards, one click away."""
        await self.presses("test_card", card)

    async def comes_back(self) -> None:
        """Wait for the landing page."""
        await self.page.wait_for_url(f"{self.system.url}/payment/success**")

    async def reads(self, words: str) -> None:
        """Wait until some text stands on the page."""
        await self.page.locator("main", has_text=words).wait_for()

    async def heading(self) -> str:
        """The main heading."""
        return (await self.page.locator("h1").inner_text()).replace("\n", " ")

    async def looks_fine(self, rules: Sequence[str] = RULES) -> None:
        """Nothing is wrong with the page as it stands."""
        faults = await faults_of(self.page, rules)

        assert [] == [f"{self.page.url}: {fault}" for fault in faults]

    async def is_pictured(self, name: str, rules: Sequence[str] = RULES) -> None:
        """The page looks fine in the light and in the dark. Its pictures are kept where that is asked for."""
        folder = os.environ.get(PICTURES)
        for scheme in SCHEMES:
            await self.page.emulate_media(color_scheme=scheme)
            await self.looks_fine(rules if scheme == "light" else RULES_OF_COLOURS)
            if folder:
                path = Path(folder) / f"{name}-{self.look.locale}-{scheme}.png"
                await self.page.screenshot(path=path, full_page=True)


async def a_visitor(browser: Browser, system: System, look: Look, **member: Any) -> Visitor:  # Any: fields of a member
    """A member who has never paid before, with a fresh browser, signed in."""
    user_id = f"visitor-{os.getpid()}-{next(_numbers)}"
    values = {"user_type": UserType.TALENT, "name": "Salma Bennani", "email": f"{user_id}@members.example.org"} | member
    context = await browser.new_context(
        locale={"fr": "fr-MA", "ar": "ar-MA", "en": "en-GB"}[look.locale],
        timezone_id="Africa/Casablanca",
        viewport={"width": look.size[0], "height": look.size[1]},
        color_scheme="dark" if look.dark else "light",
        java_script_enabled=look.scripts,
        has_touch=look.size in (PHONE, NARROW),
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    person = Member(user_id=UserId(user_id), locale=look.locale, **values)
    visitor = Visitor(system, context, await context.new_page(), person, look)
    await visitor.sign_in()
    return visitor
