"""Members of every type, and in every language, pay: from the price to the receipt and the mail."""

import pytest

from domain.member import Locale, UserType
from journeys.pages.conftest import Comes
from journeys.pages.visitor import DESKTOP, PHONE, Look
from journeys.parts import eventually
from journeys.system import System

pytestmark = pytest.mark.asyncio(loop_scope="module")

PRICES = {UserType.TALENT: "30000", UserType.PROFESSIONAL: "150000", UserType.COMPANY: "350000"}
THANKS = {
    Locale.FRENCH: "Merci, votre paiement est bien arriv\u00e9",
    Locale.ENGLISH: "Thank you, your payment has arrived",
    Locale.ARABIC: "\u0634\u0643\u0631\u064b\u0627 \u0644\u0643\u0645",
}


@pytest.mark.parametrize(
    ("user_type", "look"),
    [
        (UserType.TALENT, Look(locale=Locale.FRENCH, size=PHONE)),
        (UserType.PROFESSIONAL, Look(locale=Locale.ENGLISH, size=DESKTOP, dark=True)),
        (UserType.COMPANY, Look(locale=Locale.ARABIC, size=PHONE, dark=True)),
    ],
    ids=list(UserType),
)
async def test_a_member_pays_and_finds_receipt_and_mail(
    comes: Comes, system: System, user_type: UserType, look: Look
) -> None:
    visitor = await comes(look, user_type=user_type)
    await visitor.opens_payment_page()
    shown = await visitor.page.locator(".price").inner_text()
    await visitor.looks_fine()
    await visitor.goes_to_checkout()
    await visitor.pays()
    await visitor.comes_back()
    await visitor.reads(THANKS[look.locale])
    eventually("the mail was sent", lambda: system.mails(visitor.member.user_id))
    await visitor.follows(visitor.page.locator("main a.button").first)
    await visitor.reads("2026-")
    await visitor.looks_fine()
    await visitor.opens("/dashboard/billing")
    await visitor.reads("2026-")
    await visitor.opens_payment_page()
    await visitor.looks_fine()

    assert PRICES[user_type] == "".join(digit for digit in shown if digit.isdigit())
    assert 0 == await visitor.page.locator("main form").count()
    assert 1 == len(system.mails(visitor.member.user_id))


async def test_the_language_is_switched_on_any_page_and_stays(comes: Comes) -> None:
    visitor = await comes(Look(locale=Locale.FRENCH, size=DESKTOP))
    await visitor.opens("/dashboard/billing?starting_after=")
    await visitor.page.get_by_role("link", name="English").click()
    first = await visitor.heading()
    address = visitor.page.url
    await visitor.page.get_by_role("link", name="\u0627\u0644\u0639\u0631\u0628\u064a\u0629").click()
    await visitor.opens_payment_page()

    assert "Payments" == first
    assert address.endswith("/dashboard/billing?starting_after=")
    assert "rtl" == await visitor.page.locator("html").get_attribute("dir")


async def test_everything_can_be_done_with_the_keyboard_alone(comes: Comes) -> None:
    visitor = await comes(Look(locale=Locale.ENGLISH, size=DESKTOP))
    await visitor.opens_payment_page()
    focused = []
    for _ in range(20):
        await visitor.page.keyboard.press("Tab")
        found = await visitor.page.evaluate(
            "() => [document.activeElement.innerText, getComputedStyle(document.activeElement).outlineStyle]"
        )
        focused.append(found)
        if found[0].startswith("Pay "):
            break
    await visitor.page.keyboard.press("Enter")
    await visitor.page.wait_for_url(f"{visitor.system.sandbox_url}/**")

    assert "Skip to the content" == focused[0][0]
    assert {"solid"} == {style for _, style in focused}
