"""The sandbox's hosted page in a browser: filled in by hand, and every state that it can end in."""

import pytest

from domain.member import Locale
from journeys.pages.conftest import Comes
from journeys.pages.visitor import DESKTOP, NARROW, Look, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERY_LANGUAGE = pytest.mark.parametrize("locale", [Locale.FRENCH, Locale.ENGLISH])
"""Those that the page speaks, as Stripe's own does; it answers Arabic readers in English."""
CARD = "4242424242424242"
MISTYPED = "4242424242424241"


async def fill_in(visitor: Visitor, card: str) -> None:
    """Type what is on a card."""
    for name, value in {"card_number": card, "card_expiry": "12 / 40", "card_cvc": "123"}.items():
        await visitor.page.locator(f"input[name={name}]").fill(value)


@EVERY_LANGUAGE
async def test_a_mistyped_card_is_pointed_at_corrected_and_paid_with_the_keyboard(comes: Comes, locale: Locale) -> None:
    visitor = await comes(Look(locale=locale, size=DESKTOP))
    await visitor.goes_to_checkout()
    await fill_in(visitor, MISTYPED)
    await visitor.page.keyboard.press("Enter")
    await visitor.page.get_by_role("alert").wait_for()
    await visitor.looks_fine()
    focused = await visitor.page.evaluate("() => document.activeElement.name")
    await fill_in(visitor, CARD)
    await visitor.page.keyboard.press("Enter")
    await visitor.comes_back()

    assert "card_number" == focused


@EVERY_LANGUAGE
@pytest.mark.parametrize("verb", ["settle", "fail"])
async def test_the_bank_decides_on_the_page_itself(comes: Comes, locale: Locale, verb: str) -> None:
    visitor = await comes(Look(locale=locale, size=NARROW))
    await visitor.goes_to_checkout()
    hosted = visitor.page.url
    await visitor.presses("action", "delayed")
    await visitor.comes_back()
    await visitor.page.goto(hosted)
    await visitor.looks_fine()
    await visitor.presses("action", verb)
    await visitor.page.wait_for_url(lambda address: address != hosted)
    await visitor.page.goto(hosted)
    await visitor.looks_fine()

    assert 0 == await visitor.page.locator("form").count()


@EVERY_LANGUAGE
async def test_an_expired_session_leads_back_and_takes_no_money(comes: Comes, locale: Locale) -> None:
    visitor = await comes(Look(locale=locale, size=NARROW, dark=True))
    await visitor.goes_to_checkout()
    await visitor.presses("action", "expire")
    await visitor.page.locator("main a.button").wait_for()
    await visitor.looks_fine()
    forms = await visitor.page.locator("form").count()
    await visitor.page.locator("main a.button").click()
    await visitor.page.wait_for_url(f"{visitor.system.url}/payment/cancel**")

    assert 0 == forms


@EVERY_LANGUAGE
async def test_an_unknown_session_is_a_page_too(comes: Comes, locale: Locale) -> None:
    visitor = await comes(Look(locale=locale, size=NARROW))
    answer = await visitor.page.goto(f"{visitor.system.sandbox_url}/c/pay/cs_test_unknown")
    await visitor.looks_fine()

    assert answer is not None
    assert 404 == answer.status


@EVERY_LANGUAGE
async def test_a_payment_is_refunded_and_disputed_on_its_page_with_the_keyboard(comes: Comes, locale: Locale) -> None:
    visitor = await comes(Look(locale=locale, size=NARROW))
    await visitor.goes_to_checkout()
    await visitor.presses("test_card", CARD)
    await visitor.comes_back()
    await visitor.page.goto(visitor.system.sandbox_url)
    await visitor.page.locator("a[href^='/payments/']").first.press("Enter")
    await visitor.page.locator("#amount").fill("999999")
    await visitor.page.keyboard.press("Enter")
    await visitor.page.get_by_role("alert").wait_for()
    await visitor.looks_fine()
    await visitor.page.locator("#amount").fill("1,50")
    await visitor.page.keyboard.press("Enter")
    await visitor.page.locator("button[name=fail_refund]").press("Enter")
    await visitor.page.locator("button[name=fail_refund]").wait_for(state="detached")
    await visitor.page.locator("button[name=dispute][value=chargeback]").press("Enter")
    await visitor.page.locator("button[name=win_dispute]").wait_for()
    await visitor.looks_fine()
    await visitor.page.locator("button[name=win_dispute]").press("Enter")
    await visitor.page.locator("button[name=refund][value=all]").press("Enter")
    await visitor.page.locator("button[name=refund]").first.wait_for(state="detached")
    await visitor.looks_fine()

    assert 1 == await visitor.page.locator("button[name=fail_refund]").count()
    assert 0 == await visitor.page.locator("button[name=dispute]").count()
