"""A bank took the money back: what a member's pages say afterwards is what is true, in every language."""

import asyncio
from collections.abc import Callable

import pytest

from domain.member import Locale
from journeys.pages.conftest import Comes
from journeys.pages.visitor import PHONE, Look, Visitor
from journeys.parts import eventually
from journeys.system import Json

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def bought(visitor: Visitor) -> str:
    """The session in which the member has paid, once its receipt has its number."""
    checkout = await visitor.goes_to_checkout()
    await visitor.pays()
    await visitor.comes_back()
    await until(visitor, "the receipt is numbered", lambda: visitor.system.mails(visitor.member.user_id))
    session_id: str = checkout["checkout_session_id"]
    return session_id


async def until(visitor: Visitor, what: str, found: Callable[[], object]) -> None:
    await asyncio.to_thread(eventually, what, found)


async def told(visitor: Visitor, path: str, body: Json | None = None) -> Json:
    """What the bank or somebody in the dashboard does."""
    return await asyncio.to_thread(visitor.system.sandbox_told, "POST", path, body)


async def stands(visitor: Visitor, **wanted: object) -> None:
    """Wait until the member's only payment has come to that."""
    query = "SELECT status, refunded_minor, dispute FROM payments WHERE user_id = $1"

    def look() -> bool:
        (row,) = visitor.system.rows(query, visitor.member.user_id)
        return all(row[name] == value for name, value in wanted.items())

    await until(visitor, f"the payment is {wanted}", look)


WORDS = {
    Locale.FRENCH: (
        "car l\u2019argent vous a \u00e9t\u00e9 rendu",
        "Reprise par la banque",
        "Votre banque a repris",
    ),
    Locale.ENGLISH: (
        "because the money went back to you",
        "The bank took money back",
        "Your bank has taken this payment",
    ),
    Locale.ARABIC: (
        "\u0623\u064f\u0639\u064a\u062f \u0625\u0644\u064a\u0643\u0645",
        "\u0627\u0633\u062a\u0631\u062f\u0651 \u0627\u0644\u0628\u0646\u0643",
        "\u0627\u0633\u062a\u0631\u062f\u0651 \u0628\u0646\u0643\u0643\u0645",
    ),
}
"""What the payment page, the history with the receipt, and the landing page say."""


@pytest.mark.parametrize("locale", list(Locale))
async def test_after_a_lost_dispute_every_page_says_that_the_bank_took_the_money_back(
    comes: Comes, locale: Locale
) -> None:
    """A part had been refunded before."""
    visitor = await comes(Look(locale=locale, size=PHONE))
    session_id = await bought(visitor)
    await told(visitor, f"payments/{session_id}/refund", {"amount": 10000})
    await stands(visitor, status="PARTIALLY_REFUNDED")
    dispute = await told(visitor, f"payments/{session_id}/dispute")
    await told(visitor, f"disputes/{dispute['id']}/lose")
    await stands(visitor, dispute="LOST")
    ended, taken_back, heading = WORDS[locale]
    await visitor.opens_payment_page()
    await visitor.reads(ended)
    await visitor.is_pictured("lost-payment")
    await visitor.opens("/dashboard/billing")
    await visitor.reads(taken_back)
    await visitor.is_pictured("lost-billing")
    await visitor.follows(visitor.page.locator(".papers a"))
    await visitor.reads(taken_back)
    await visitor.is_pictured("lost-receipt")
    await visitor.opens(f"/payment/success?session_id={session_id}")
    await visitor.is_pictured("lost-landing")

    assert heading in await visitor.heading()
    assert "100" in await shown_on(visitor, "/dashboard/billing")


async def shown_on(visitor: Visitor, path: str) -> str:
    await visitor.opens(path)
    return await visitor.page.locator("main").inner_text()
