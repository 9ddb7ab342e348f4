"""What can happen between the price and the receipt, as the member sees it."""

import asyncio
from urllib.parse import urlsplit

import pytest

from domain.member import Locale
from journeys.pages.conftest import Comes
from journeys.pages.visitor import Look, Visitor
from journeys.parts import eventually
from journeys.system import System

pytestmark = pytest.mark.asyncio(loop_scope="module")

ENGLISH = Look(locale=Locale.ENGLISH)
DECLINED = "4000000000000002"
ASKING = "4000002760003184"


async def statuses(system: System, visitor: Visitor) -> list[str]:
    """The states of a member's payments, oldest first."""
    query = "SELECT status FROM payments WHERE user_id = $1 ORDER BY id"
    rows = await asyncio.to_thread(system.rows, query, visitor.member.user_id)
    return [row["status"] for row in rows]


async def test_declined_and_then_paid(comes: Comes) -> None:
    visitor = await comes(ENGLISH)
    await visitor.goes_to_checkout()
    await visitor.pays(DECLINED)
    await visitor.page.get_by_role("alert").wait_for()
    await visitor.looks_fine()
    await visitor.pays()
    await visitor.comes_back()

    await visitor.reads("Thank you")


async def test_the_bank_asks_first(comes: Comes) -> None:
    visitor = await comes(ENGLISH)
    await visitor.goes_to_checkout()
    await visitor.pays(ASKING)
    await visitor.page.locator("button[value=authenticate]").wait_for()
    await visitor.looks_fine()
    await visitor.presses("action", "authenticate")
    await visitor.comes_back()

    await visitor.reads("Thank you")


@pytest.mark.parametrize(("verb", "words"), [("settle", "Thank you"), ("fail", "The bank did not make this payment")])
async def test_a_delayed_method_is_told_as_such_until_the_page_tells_the_end_by_itself(
    comes: Comes, system: System, verb: str, words: str
) -> None:
    visitor = await comes(ENGLISH)
    checkout = await visitor.goes_to_checkout()
    await visitor.presses("action", "delayed")
    await visitor.opens(f"/payment/success?session_id={checkout['checkout_session_id']}")
    await visitor.reads("Your payment is being processed")
    await visitor.looks_fine()
    await visitor.page.evaluate("() => { window.same = true }")
    system.sandbox_told("POST", f"sessions/{checkout['checkout_session_id']}/{verb}")
    await visitor.reads(words)
    await visitor.looks_fine()

    assert await visitor.page.evaluate("() => window.same")
    assert words in await visitor.page.title()


async def test_a_delayed_method_without_scripts(comes: Comes, system: System) -> None:
    visitor = await comes(Look(locale=Locale.ENGLISH, scripts=False))
    checkout = await visitor.goes_to_checkout()
    await visitor.presses("action", "delayed")
    await visitor.opens(f"/payment/success?session_id={checkout['checkout_session_id']}")
    await visitor.reads("Your payment is being processed")
    system.sandbox_told("POST", f"sessions/{checkout['checkout_session_id']}/settle")
    while ["SUCCEEDED"] != await statuses(system, visitor):
        await asyncio.sleep(0.05)
    await visitor.page.get_by_role("link", name="Look now").click()

    await visitor.reads("Thank you")


async def test_cancelled_continued_and_paid(comes: Comes) -> None:
    visitor = await comes(ENGLISH)
    await visitor.goes_to_checkout()
    hosted = visitor.page.url
    await visitor.page.get_by_role("link", name="Back").first.click()
    await visitor.reads("You have not paid yet")
    await visitor.looks_fine()
    await visitor.page.get_by_role("link", name="Continue to the payment").click()
    await visitor.reads("You have begun to pay and not finished.")
    await visitor.looks_fine()
    await visitor.page.get_by_role("button", name="Continue to the payment").click()
    await visitor.page.wait_for_url(f"{visitor.system.sandbox_url}/**")

    assert urlsplit(hosted).path == urlsplit(visitor.page.url).path


async def test_given_up_and_begun_anew(comes: Comes, system: System) -> None:
    visitor = await comes(ENGLISH)
    await visitor.goes_to_checkout()
    hosted = visitor.page.url
    await visitor.page.get_by_role("link", name="Back").first.click()
    await visitor.page.get_by_role("button", name="Cancel this payment").click()
    await visitor.reads("This payment was not made")
    await visitor.looks_fine()
    given_up = await statuses(system, visitor)
    await visitor.page.get_by_role("link", name="Start again").click()
    await visitor.page.locator("main form button").click()
    await visitor.page.wait_for_url(f"{visitor.system.sandbox_url}/**")

    assert ["CANCELLED"] == given_up
    assert ["CANCELLED", "PENDING"] == await statuses(system, visitor)
    assert urlsplit(hosted).path != urlsplit(visitor.page.url).path


async def test_two_tabs_lead_to_one_checkout_and_the_second_tab_tells_of_the_first(comes: Comes) -> None:
    visitor = await comes(ENGLISH)
    first = await visitor.goes_to_checkout()
    other = await visitor.context.new_page()
    await other.goto(f"{visitor.system.url}/dashboard/talent/payment")
    await other.locator("main form button").first.click()
    await other.wait_for_url(f"{visitor.system.sandbox_url}/**")
    second = urlsplit(other.url).path.rpartition("/")[2]
    await visitor.pays()
    await visitor.comes_back()
    await other.goto(f"{visitor.system.url}/dashboard/talent/payment")

    assert first["checkout_session_id"] == second
    assert "Active" in await other.locator("main").inner_text()


async def test_back_after_paying_shows_what_is_true_now(comes: Comes) -> None:
    visitor = await comes(ENGLISH)
    await visitor.goes_to_checkout()
    await visitor.pays()
    await visitor.comes_back()
    while "/dashboard/talent/payment" not in visitor.page.url:
        await visitor.page.go_back()

    await visitor.reads("Active")
    assert 0 == await visitor.page.locator("main form").count()


async def test_the_event_is_late_and_the_member_is_told_at_once(comes: Comes, system: System) -> None:
    system.sandbox_told("POST", "deliveries/pause")
    visitor = await comes(ENGLISH)
    await visitor.goes_to_checkout()
    await visitor.pays()
    await visitor.comes_back()
    await visitor.reads("Thank you")
    system.sandbox_told("POST", "deliveries/resume")
    eventually("the mail was sent", lambda: system.mails(visitor.member.user_id))

    assert ["SUCCEEDED"] == await statuses(system, visitor)
    assert 1 == len(system.mails(visitor.member.user_id))


async def test_the_event_is_lost_and_the_member_has_everything_all_the_same(comes: Comes, system: System) -> None:
    system.spoil_next_event("lose")
    visitor = await comes(ENGLISH)
    await visitor.goes_to_checkout()
    await visitor.pays()
    await visitor.comes_back()
    await visitor.reads("Thank you")

    eventually("the mail was sent", lambda: system.mails(visitor.member.user_id))


async def test_neither_event_nor_answer_and_the_page_does_not_pretend(comes: Comes, system: System) -> None:
    system.sandbox_told("POST", "deliveries/pause")
    visitor = await comes(ENGLISH)
    checkout = await visitor.goes_to_checkout()
    for _ in range(3):
        system.spoil_next_call("status", "/v1/checkout/sessions/*")
    await visitor.pays()
    await visitor.comes_back()
    await visitor.reads("We are looking for your payment")
    await visitor.looks_fine()
    system.sandbox_told("DELETE", "faults")
    system.sandbox_told("POST", "deliveries/resume")
    await visitor.reads("Thank you")

    assert checkout["checkout_session_id"] in visitor.page.url


async def test_the_whole_way_without_scripts(comes: Comes) -> None:
    visitor = await comes(Look(locale=Locale.FRENCH, scripts=False))
    await visitor.goes_to_checkout()
    await visitor.pays()
    await visitor.comes_back()
    await visitor.reads("Merci")
    await visitor.page.get_by_role("link", name="Voir le re\u00e7u").click()

    await visitor.reads("300,00")


async def test_a_double_click_sends_the_form_once(comes: Comes, system: System) -> None:
    visitor = await comes(ENGLISH)
    await visitor.opens_payment_page()
    await visitor.page.locator("main form button").dblclick(no_wait_after=True)
    await visitor.page.wait_for_url(f"{visitor.system.sandbox_url}/**")

    assert ["PENDING"] == await statuses(system, visitor)


async def test_a_currency_that_stripe_refuses_is_told_and_the_other_price_paid(comes: Comes, system: System) -> None:
    system.sandbox_told("POST", "settings", {"unsupported_currencies": ["mad"]})
    try:
        visitor = await comes(ENGLISH)
        await visitor.opens_payment_page()
        await visitor.page.locator("main form button").click()
        await visitor.reads("Payments in MAD are not possible at the moment.")
        await visitor.looks_fine()
        await visitor.page.get_by_role("link", name="Look at it again").click()
        await visitor.reads("$30.00")
        await visitor.looks_fine()
        await visitor.page.locator("main form button").first.click()
        await visitor.page.wait_for_url(f"{visitor.system.sandbox_url}/**")
        await visitor.pays()
        await visitor.comes_back()
        await visitor.reads("$30.00")
        query = "SELECT status, currency FROM payments WHERE user_id = $1 ORDER BY id"
        rows = await asyncio.to_thread(system.rows, query, visitor.member.user_id)

        assert [("CANCELLED", "mad"), ("SUCCEEDED", "usd")] == [tuple(row) for row in rows]
    finally:
        system.sandbox_told("POST", "settings", {"unsupported_currencies": []})
        await asyncio.to_thread(system.rows, "DELETE FROM refused_currencies")


async def test_signed_out_while_waiting_leads_to_signing_in(comes: Comes) -> None:
    visitor = await comes(ENGLISH)
    checkout = await visitor.goes_to_checkout()
    await visitor.presses("action", "delayed")
    await visitor.opens(f"/payment/success?session_id={checkout['checkout_session_id']}")
    await visitor.reads("Your payment is being processed")
    await visitor.context.clear_cookies()

    await visitor.page.wait_for_url("**/dev/sign-in?next=**")


async def test_the_payment_page_tells_by_itself_that_a_delayed_payment_has_arrived(
    comes: Comes, system: System
) -> None:
    visitor = await comes(ENGLISH)
    checkout = await visitor.goes_to_checkout()
    await visitor.presses("action", "delayed")
    while ["PROCESSING"] != await statuses(system, visitor):
        await asyncio.sleep(0.05)
    await visitor.opens_payment_page()
    await visitor.reads("Your payment is being processed")
    await visitor.looks_fine()
    system.sandbox_told("POST", f"sessions/{checkout['checkout_session_id']}/settle")

    await visitor.reads("Active")
