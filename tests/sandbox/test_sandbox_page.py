"""Buyers pay on the hosted page, and everything that can come of it comes."""

import asyncio
import re

import pytest

from sandbox.sandbox_world import World


async def test_the_page_names_merchant_item_amount_and_that_it_is_a_sandbox(world: World) -> None:
    session = await world.session(cancel_url="https://shop.example/basket", customer_email="amal@example.com")
    page = await world.web.get(session.url.partition("#")[0])

    assert "No money moves here" in page.text
    for text in (
        "Annual fee",
        "MAD\u00a0300.00",
        "Sandbox merchant",
        "amal@example.com",
        'href="https://shop.example/basket"',
    ):
        assert text in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    assert 'for="card_number"' in page.text
    assert (await world.web.get("/assets/sandbox.css")).status_code == 200


async def test_names_are_escaped(world: World) -> None:
    product = {"currency": "jpy", "unit_amount": 123456, "product_data": {"name": "<b>Fee</b>"}}
    session = await world.session(line_items=[{"price_data": product, "quantity": 1}])
    page = await world.web.get(session.url.partition("#")[0])

    assert "&lt;b&gt;Fee" in page.text
    assert "\u00a5123,456" in page.text


async def test_paying_completes_the_session_and_leads_back_with_its_id(world: World) -> None:
    session = await world.session(client_reference_id="order-1")
    answer = await world.pay(session.id)
    paid = await world.again(session.id)

    assert answer.status_code == 303
    assert f"https://shop.example/thanks?session={session.id}" == answer.headers["location"]
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.payment_intent.startswith("pi_")
    assert "checkout.session.completed" in world.receiver.types()


async def test_an_invoice_is_made_where_it_was_asked_for(world: World) -> None:
    session = await world.session(invoice_creation={"enabled": True}, customer_email="a@example.com")
    await world.pay(session.id)
    invoice = (await world.again(session.id, "invoice")).invoice
    await world.quiet()

    assert (invoice.status, invoice.amount_paid, invoice.customer_email) == ("paid", 30000, "a@example.com")
    assert re.match(r"[A-Za-z0-9]+-0001$", invoice.number)
    assert "300.00 MAD" in (await world.web.get(invoice.hosted_invoice_url)).text
    assert (await world.web.get(invoice.invoice_pdf)).content.startswith(b"%PDF-1.4")
    assert {"invoice.created", "invoice.finalized", "invoice.paid", "invoice_payment.paid"} <= set(
        world.receiver.types()
    )


@pytest.mark.parametrize(
    ("card", "code", "decline_code", "text"),
    [
        ("4000000000000002", "card_declined", "generic_decline", "Your card was declined."),
        ("4000000000009995", "card_declined", "insufficient_funds", "Your card has insufficient funds."),
        ("4000000000000069", "expired_card", "expired_card", "Your card has expired."),
        ("4000000000000127", "incorrect_cvc", "incorrect_cvc", "Your card&#39;s security code is incorrect."),
        ("4000000000000119", "processing_error", "processing_error", "An error occurred while processing your card."),
        ("4111111111111111", "card_declined", "test_mode_live_card", "used a non test card"),
    ],
)
async def test_a_decline_is_shown_and_the_session_stays_open(
    world: World, card: str, code: str, decline_code: str, text: str
) -> None:
    session = await world.session()
    page = await world.pay(session.id, card)
    opened = await world.again(session.id, "payment_intent.latest_charge")
    await world.quiet()
    error = opened.payment_intent.last_payment_error

    assert page.status_code == 402
    assert text in page.text
    assert (opened.status, opened.payment_status) == ("open", "unpaid")
    assert ("requires_payment_method", code, decline_code) == (
        opened.payment_intent.status,
        error.code,
        error.decline_code,
    )
    assert opened.payment_intent.latest_charge.status == "failed"
    assert {"payment_intent.created", "charge.failed", "payment_intent.payment_failed"} == set(world.receiver.types())


async def test_after_a_decline_another_card_pays_the_same_intent(world: World) -> None:
    session = await world.session()
    await world.pay(session.id, "4000000000000002")
    declined = await world.again(session.id)
    await world.press(session.id, test_card="5555555555554444")
    paid = await world.again(session.id, "payment_intent.latest_charge")

    assert declined.payment_intent == paid.payment_intent.id
    assert paid.payment_intent.latest_charge.payment_method_details.card.brand == "mastercard"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "Your card number is incomplete."),
        ({"card_number": "4242424242424241"}, "Your card number is invalid."),
        ({"card_number": "4242 4242 4242 4242", "card_expiry": "13/99"}, "expiration date is incomplete"),
        ({"card_number": "4242 4242 4242 4242", "card_expiry": "01/20"}, "expiration date is in the past"),
        ({"card_number": "4242-4242-4242-4242", "card_cvc": "12"}, "security code is incomplete"),
        ({"card_number": "4242424242424242", "email": "nobody"}, "Your email is invalid."),
    ],
)
async def test_a_form_filled_in_wrongly_is_not_tried(world: World, fields: dict[str, str], text: str) -> None:
    session = await world.session()
    page = await world.press(session.id, action="pay", **fields)

    assert page.status_code == 422
    assert text in page.text.replace("&#39;", "'")
    assert (await world.again(session.id)).payment_intent is None


async def test_three_d_secure_is_asked_for_and_then_pays(world: World) -> None:
    session = await world.session()
    asked = await world.pay(session.id, "4000002760003184")
    page = await world.web.get(f"/c/pay/{session.id}")
    waiting = await world.again(session.id, "payment_intent")
    await world.press(session.id, action="authenticate")

    assert asked.status_code == 303
    assert "Complete authentication" in page.text
    assert (waiting.status, waiting.payment_intent.status) == ("open", "requires_action")
    assert (await world.again(session.id)).payment_status == "paid"


@pytest.mark.parametrize(
    ("card", "action"), [("4000002760003184", "fail_authentication"), ("4000008400001629", "authenticate")]
)
async def test_three_d_secure_can_end_badly(world: World, card: str, action: str) -> None:
    session = await world.session()
    await world.pay(session.id, card)
    page = await world.press(session.id, action=action)
    opened = await world.again(session.id, "payment_intent")

    assert page.status_code == 402
    assert (opened.status, opened.payment_intent.status) == ("open", "requires_payment_method")


@pytest.mark.parametrize(
    ("verb", "payment_status", "event"),
    [
        ("settle", "paid", "checkout.session.async_payment_succeeded"),
        ("fail", "unpaid", "checkout.session.async_payment_failed"),
    ],
)
async def test_a_delayed_method_completes_first_and_is_decided_later(
    world: World, verb: str, payment_status: str, event: str
) -> None:
    session = await world.session(invoice_creation={"enabled": True})
    answer = await world.press(session.id, action="delayed")
    before = await world.again(session.id, "payment_intent")
    undecided = await world.web.get(f"/c/pay/{session.id}")
    await world.press(session.id, action=verb)
    decided = await world.web.get(f"/c/pay/{session.id}")
    after = await world.again(session.id)
    await world.quiet()

    assert answer.status_code == 303
    assert "The bank is deciding" in undecided.text
    assert ("This session is complete" if verb == "settle" else "The payment has failed") in decided.text
    assert (before.status, before.payment_status, before.payment_intent.status) == ("complete", "unpaid", "processing")
    assert ("complete", payment_status) == (after.status, after.payment_status)
    assert {"checkout.session.completed", event} <= set(world.receiver.types())
    assert (verb == "settle") == ("invoice.paid" in world.receiver.types())


async def test_of_two_tabs_exactly_one_pays(world: World) -> None:
    session = await world.session()
    answers = await asyncio.gather(*(world.pay(session.id) for _ in range(8)))
    charges = (await world.raw("GET", "/v1/charges")).json()["data"]

    assert sorted(one.status_code for one in answers) == [303] + [409] * 7
    assert len(charges) == 1


async def test_a_closed_session_says_so_and_takes_nothing(world: World) -> None:
    expired, paid = await world.session(), await world.session()
    page = await world.press(expired.id, action="expire")
    await world.pay(paid.id)

    assert "This session has expired" in page.text
    assert (await world.pay(expired.id)).status_code == 409
    assert "This session is complete" in (await world.web.get(f"/c/pay/{paid.id}")).text
    assert (await world.web.get("/c/pay/cs_test_nobody")).status_code == 404
    assert (await world.pay("cs_test_nobody")).status_code == 404


async def test_a_buyer_without_customer_becomes_one_where_it_was_asked_for(world: World) -> None:
    session = await world.session(customer_creation="always")
    await world.press(
        session.id, action="pay", card_number="4242424242424242", email="new@example.com", card_name="New Buyer"
    )
    paid = await world.again(session.id, "customer")
    guest = await world.session()
    await world.pay(guest.id)

    assert (paid.customer.email, paid.customer.name) == ("new@example.com", "New Buyer")
    assert paid.customer_details.email == "new@example.com"
    assert (await world.again(guest.id)).customer is None


async def test_rubbish_sent_to_the_page_breaks_nothing(world: World) -> None:
    session = await world.session()
    for content in (b"\xff\xfe", b"action=pay&" * 3000, b"action=fly", b""):
        answer = await world.web.post(f"/c/pay/{session.id}", content=content)

        assert answer.status_code == 422


async def test_the_front_page_lists_checkouts_with_their_pages_newest_first(world: World) -> None:
    """A delayed payment is let succeed or fail on its page, which the shop no longer links to."""
    empty = await world.web.get("/")
    first, second = await world.session(), await world.session()
    await world.web.post(f"/c/pay/{first.id}", data={"action": "delayed", "email": "a@example.org"})
    page = (await world.web.get("/")).text

    assert (200, True) == (empty.status_code, "Nobody has begun to pay yet." in empty.text)
    assert page.index(f"/c/pay/{second.id}") < page.index(f"/c/pay/{first.id}")
    assert "Waits for the bank" in page
    assert "Open" in page
