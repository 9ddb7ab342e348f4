"""Every page in every language, in the light and in the dark, on the smallest phone: legible, accessible, nothing out of place."""

import asyncio

import pytest
from playwright.async_api import Route

from domain.member import Locale
from journeys.pages.conftest import Comes
from journeys.pages.guard import RULES_OF_MAILS
from journeys.pages.visitor import DESKTOP, NARROW, PHONE, Look, Visitor
from journeys.parts import eventually
from journeys.system import System

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERY_LANGUAGE = pytest.mark.parametrize("locale", list(Locale))
EVERY_SIZE = pytest.mark.parametrize("size", [NARROW, DESKTOP], ids=["narrow", "desktop"])

LONG_NAME = "Maximiliana-Alexandrina von Hohenstein-Schwarzenfels de la Montagne-Sainte-Genevieve " * 2
A_FORTUNE = "999\u202f999,99"


async def bought(visitor: Visitor) -> None:
    """The member pays, and the receipt has its number."""
    await visitor.goes_to_checkout()
    await visitor.pays()
    await visitor.comes_back()
    eventually("the receipt is numbered", lambda: visitor.system.mails(visitor.member.user_id))


@EVERY_LANGUAGE
async def test_the_main_pages_as_the_readme_shows_them(comes: Comes, locale: Locale) -> None:
    visitor = await comes(Look(locale=locale, size=PHONE))
    await visitor.opens_payment_page()
    await visitor.is_pictured("payment")
    await visitor.goes_to_checkout()
    await visitor.is_pictured("hosted")
    await visitor.pays()
    await visitor.comes_back()
    await visitor.is_pictured("paid")
    eventually("the receipt is numbered", lambda: visitor.system.mails(visitor.member.user_id))
    await visitor.opens("/dashboard/billing")
    await visitor.is_pictured("billing")
    await visitor.follows(visitor.page.locator(".papers a"))
    await visitor.is_pictured("receipt")
    (mail,) = visitor.system.mails(visitor.member.user_id)
    await visitor.page.goto("about:blank")
    await visitor.page.set_content(mail.html)
    await visitor.is_pictured("mail", rules=RULES_OF_MAILS)


@pytest.mark.parametrize(
    ("locale", "size"), [(Locale.FRENCH, NARROW), (Locale.ARABIC, NARROW), (Locale.ENGLISH, DESKTOP)]
)
async def test_pages_with_nothing_on_them_and_errors(comes: Comes, locale: Locale, size: tuple[int, int]) -> None:
    visitor = await comes(Look(locale=locale, size=size, dark=size is NARROW))
    statuses = []
    for path in ("/dashboard/billing", "/dashboard/nowhere", "/dev/sign-in", "/dev/outbox", "/payment/cancel"):
        statuses.append(await visitor.opens(path))
        await visitor.looks_fine()
    await visitor.context.clear_cookies()
    await visitor.opens("/dev/sign-in")
    await visitor.page.locator("#user_type").evaluate("field => field.form.noValidate = true")
    await visitor.page.locator(".fields button").click()
    await visitor.page.get_by_role("alert").wait_for()
    await visitor.looks_fine()

    assert [200, 404, 200, 200, 404] == statuses


@EVERY_SIZE
async def test_long_names_and_large_amounts_have_room(comes: Comes, size: tuple[int, int]) -> None:
    """A price that no catalogue of the tests has is put into the page on its way to the browser."""

    async def richer(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=(await answer.text()).replace("300,00", A_FORTUNE))

    visitor = await comes(Look(locale=Locale.FRENCH, size=size), name=LONG_NAME)
    await bought(visitor)
    await visitor.context.route(f"{visitor.system.url}/dashboard/**", richer)
    for path in ("/dashboard/billing", "/dashboard/talent/payment"):
        await visitor.opens(path)
        await visitor.looks_fine()
    await visitor.opens("/dashboard/billing")
    await visitor.reads(A_FORTUNE)
    await visitor.follows(visitor.page.locator(".papers a"))
    await visitor.reads(A_FORTUNE)
    await visitor.looks_fine()

    assert LONG_NAME[:80] in await visitor.page.locator("article").inner_text()


@EVERY_LANGUAGE
async def test_a_receipt_prints_on_one_sheet_of_a4(comes: Comes, locale: Locale) -> None:
    visitor = await comes(Look(locale=locale), name=LONG_NAME)
    await bought(visitor)
    await visitor.follows(visitor.page.locator("main a.button").first)
    await visitor.page.get_by_role("article").wait_for()
    printed = await visitor.page.pdf(prefer_css_page_size=True)

    assert 1 == printed.count(b"/Type /Page\n")
    assert b"/MediaBox [0 0 594.95996 841.91998]" in printed or b"/MediaBox [0 0 595" in printed


@EVERY_LANGUAGE
async def test_the_word_of_a_mail_and_of_its_page_are_the_same(comes: Comes, system: System, locale: Locale) -> None:
    """The receipt that the mail leads to has the number that the mail names."""
    visitor = await comes(Look(locale=locale))
    await bought(visitor)
    (mail,) = system.mails(visitor.member.user_id)
    rows = await asyncio.to_thread(
        system.rows,
        "SELECT number FROM invoices JOIN payments ON payment_id = id WHERE user_id = $1",
        visitor.member.user_id,
    )
    await visitor.page.goto(next(line for line in mail.text.splitlines() if line.startswith("http")))
    await visitor.reads(rows[0]["number"])

    assert rows[0]["number"] in mail.subject
