"""The landing pages state what is true, never what their address claims."""

import asyncio
import re
from datetime import timedelta
from typing import cast

import httpx
import pytest
from msgspec.structs import replace

from application.ports.gateway import CheckoutCompleted, DisputeTold, SessionStatus
from builders import a_member
from domain.member import Locale, UserId
from domain.payment import Figures, Payment, PaymentStatus
from domain.returns import DisputeStage
from http_world import World, browser

MEMBER = a_member(locale=Locale.ENGLISH)


async def begun(world: World, client: httpx.AsyncClient) -> str:
    """The session of a checkout that the member has begun."""
    browser(world, client, MEMBER)
    answer = await client.post("/api/v1/checkouts", json={}, headers=world.headers(MEMBER))
    session_id: str = answer.json()["checkout_session_id"]
    return session_id


async def test_paid_is_told_with_the_end_of_the_year_bought(world: World, client: httpx.AsyncClient) -> None:
    session_id = await begun(world, client)
    world.gateway.pay(session_id)
    answer = await client.get(f"/payment/success?session_id={session_id}")

    assert "Thank you, your payment has arrived" in answer.text
    assert "January 15, 2027" in answer.text
    assert "data-waiting" not in answer.text


async def test_an_address_that_claims_success_does_not_make_it_true(world: World, client: httpx.AsyncClient) -> None:
    session_id = await begun(world, client)
    answer = await client.get(f"/payment/success?session_id={session_id}")

    assert "You have not paid yet" in answer.text
    assert [PaymentStatus.PENDING] == [payment.status for payment in world.store.payments()]


async def test_an_address_that_claims_a_cancellation_does_not_hide_the_money(
    world: World, client: httpx.AsyncClient
) -> None:
    session_id = await begun(world, client)
    world.gateway.pay(session_id)
    answer = await client.get(f"/payment/cancel?payment_id={world.store.payments()[0].id}")

    assert "Thank you, your payment has arrived" in answer.text
    assert "Nothing was charged" not in answer.text


async def test_a_delayed_method_is_being_processed(world: World, client: httpx.AsyncClient) -> None:
    session_id = await begun(world, client)
    world.gateway.pay_later(session_id)
    answer = await client.get(f"/payment/success?session_id={session_id}")

    assert "Your payment is being processed" in answer.text
    assert "data-waiting" in answer.text
    assert '<noscript><meta http-equiv="refresh"' in answer.text


async def test_when_nobody_knows_nothing_is_claimed(world: World, client: httpx.AsyncClient) -> None:
    session_id = await begun(world, client)
    world.gateway.fail_next("checkout")
    answer = await client.get(f"/payment/success?session_id={session_id}")

    assert "We are looking for your payment" in answer.text
    assert "Nothing was charged" not in answer.text


async def test_a_checkout_whose_time_ran_out(world: World, client: httpx.AsyncClient) -> None:
    session_id = await begun(world, client)
    world.gateway.run_out(session_id)
    answer = await client.get(f"/payment/success?session_id={session_id}")

    assert "This payment was not made" in answer.text
    assert "Start again" in answer.text


async def test_money_that_does_not_match_is_being_checked(world: World, client: httpx.AsyncClient) -> None:
    session_id = await begun(world, client)
    world.gateway.pay(session_id, Figures(1, "mad"))
    answer = await client.get(f"/payment/success?session_id={session_id}")

    assert "Your payment has arrived and is being checked" in answer.text


@pytest.mark.parametrize(
    "session_id",
    [
        "",
        "cs_test_unknown",
        "cs_live_",
        "cs_test_1 ",
        "cs_test_1/../x",
        "cs_test_\u0661",
        "{CHECKOUT_SESSION_ID}",
        "' or 1=1",
        "\x00",
        "x" * 5000,
        "<script>",
    ],
)
async def test_garbage_and_strangers_are_404_without_a_call_to_stripe(
    world: World, client: httpx.AsyncClient, session_id: str
) -> None:
    await begun(world, client)
    answer = await client.get("/payment/success", params={"session_id": session_id})

    assert 404 == answer.status_code
    assert 0 == world.gateway.calls["checkout"]
    assert "<script>" not in answer.text.partition("<main")[2]


@pytest.mark.parametrize("path", ["/payment/success", "/payment/cancel", "/payment/cancel?payment_id=x"])
async def test_an_address_without_its_id_is_404(world: World, client: httpx.AsyncClient, path: str) -> None:
    assert 404 == (await browser(world, client).get(path)).status_code


async def test_another_members_checkout_is_404_and_not_asked_about(world: World, client: httpx.AsyncClient) -> None:
    session_id = await begun(world, client)
    payment_id = world.store.payments()[0].id
    browser(world, client, a_member(user_id=UserId("stranger")))
    paths = [
        f"/payment/success?session_id={session_id}",
        f"/payment/cancel?payment_id={payment_id}",
        f"/dashboard/billing/{payment_id}/receipt",
    ]

    assert [404] * 3 == [(await client.get(path)).status_code for path in paths]
    assert 0 == world.gateway.calls["checkout"]


async def test_many_looks_at_once_ask_stripe_once(world: World, client: httpx.AsyncClient) -> None:
    session_id = await begun(world, client)
    await asyncio.gather(*(client.get(f"/payment/success?session_id={session_id}") for _ in range(10)))

    assert 1 == world.gateway.calls["checkout"]


async def test_a_look_leaves_an_open_checkout_open(world: World, client: httpx.AsyncClient) -> None:
    session_id = await begun(world, client)
    await client.get(f"/payment/cancel?payment_id={world.store.payments()[0].id}")

    assert SessionStatus.OPEN is world.gateway.sessions[session_id].status


async def test_a_page_that_is_loaded_again_knows_what_it_knew(world: World, client: httpx.AsyncClient) -> None:
    await begun(world, client)
    path = f"/payment/cancel?payment_id={world.store.payments()[0].id}"
    headings = [re.findall("<h1>(.+)</h1>", (await client.get(path)).text) for _ in range(3)]

    assert [["You have not paid yet"]] * 3 == headings


async def test_a_year_that_has_ended_is_not_called_open(world: World, client: httpx.AsyncClient) -> None:
    session_id = await begun(world, client)
    world.gateway.pay(session_id)
    await client.get(f"/payment/success?session_id={session_id}")
    world.clock.pass_time(timedelta(days=400))
    browser(world, client, MEMBER)
    answer = await client.get(f"/payment/success?session_id={session_id}")

    assert "The year that it paid for ended on <time" in answer.text
    assert "Your access is open" not in answer.text


async def test_what_was_refunded_is_told(world: World, client: httpx.AsyncClient) -> None:
    session_id = await begun(world, client)
    world.gateway.pay(session_id)
    await client.get(f"/payment/success?session_id={session_id}")
    key, row = next((key, row) for key, row in world.store.rows.items() if key[0] is Payment)
    payment = cast("Payment", row.value)
    part = replace(payment, status=PaymentStatus.PARTIALLY_REFUNDED, refunded_minor=10000)
    world.store.rows[key] = replace(row, value=part)
    answer = await client.get(f"/payment/success?session_id={session_id}")
    listed = await client.get("/dashboard/billing")

    assert "MAD\u00a0100.00</bdi> of it went back to you." in answer.text
    assert "Partly refunded" in listed.text
    assert "MAD\u00a0100.00</bdi> refunded" in listed.text


async def test_a_payment_of_which_nothing_is_known_yet_leads_to_where_it_is_asked_about(
    world: World, client: httpx.AsyncClient
) -> None:
    """Its event may be late: the history does not claim that it was not paid."""
    session_id = await begun(world, client)
    world.gateway.pay(session_id)
    listed = (await client.get("/dashboard/billing")).text
    (link,) = re.findall(r'href="(/payment/cancel[^"]+)"', listed)

    assert "Begun" in listed
    assert "Thank you, your payment has arrived" in (await client.get(link)).text


async def test_the_payment_page_does_not_ask_for_what_is_being_processed(
    world: World, client: httpx.AsyncClient
) -> None:
    session_id = await begun(world, client)
    world.gateway.pay_later(session_id)
    page = (await client.get("/dashboard/talent/payment")).text

    assert "It begins as soon as your payment has arrived." in page
    assert "Pay the annual fee" not in page
    assert "data-waiting" in page
    assert "<form" not in page


async def test_a_payment_that_the_bank_took_back_is_neither_thanked_for_nor_called_paid_or_refunded(
    world: World, client: httpx.AsyncClient
) -> None:
    session_id = await begun(world, client)
    await world.happen(CheckoutCompleted(world.gateway.pay(session_id)))
    landing, payment_page = f"/payment/success?session_id={session_id}", "/dashboard/talent/payment"
    await world.happen(DisputeTold(world.gateway.dispute(session_id)))
    while_open = [(await client.get(path)).text for path in (landing, payment_page)]
    await world.happen(DisputeTold(world.gateway.dispute(session_id, DisputeStage.LOST)))
    pages = [
        (await client.get(path)).text.partition("<main")[2]
        for path in (landing, payment_page, "/dashboard/billing", f"/dashboard/billing/{payment_id(world)}/receipt")
    ]

    assert "Thank you, your payment has arrived" in while_open[0]
    assert ">Active<" in while_open[1]
    assert "January 15, 2027" in while_open[1]
    assert "Your bank has taken this payment back" in pages[0]
    assert "It ended because the money went back to you." in pages[1]
    assert "The bank took money back" in pages[2]
    assert "The bank took money back" in pages[3]
    assert [] == [word for word in ("Thank you", ">Paid<", "efunded") for page in pages if word in page]


async def test_a_payment_of_which_the_bank_took_a_part_still_has_its_year(
    world: World, client: httpx.AsyncClient
) -> None:
    session_id = await begun(world, client)
    await world.happen(CheckoutCompleted(world.gateway.pay(session_id)))
    await world.happen(DisputeTold(world.gateway.dispute(session_id, DisputeStage.LOST, amount_minor=10000)))
    landing, history = [
        (await client.get(path)).text for path in (f"/payment/success?session_id={session_id}", "/dashboard/billing")
    ]

    assert "Your access is open until" in landing
    assert "taken this payment back" not in landing
    assert "The bank took money back" in history


def payment_id(world: World) -> str:
    return str(world.store.payments()[0].id)
