"""The webhook door, with Stripe's own kind of signature over Stripe's own kind of body."""

import hmac
import json
from typing import Any

import httpx
import pytest
from dependency_injector import providers

from adapters.stripe.events import StripeEventReader
from application.errors import TryAgain
from application.ports.jobs import JobKind
from builders import a_member
from domain.member import Locale
from domain.payment import PaymentStatus
from entrypoints.http.app import create_app
from entrypoints.worker import handlers_of
from http_world import World, browser

URL = "/api/webhooks/stripe"
SECRET = "whsec_of_the_endpoint"


@pytest.fixture
async def client(world: World) -> httpx.AsyncClient:
    """A client of an application that reads what Stripe really sends."""
    world.container.reader.override(
        providers.Object(StripeEventReader(secrets=("whsec_new_secret", SECRET), live=False))
    )
    transport = httpx.ASGITransport(app=create_app(world.container))  # type: ignore[arg-type] # Litestar's types of ASGI
    return httpx.AsyncClient(transport=transport, base_url="https://pay.example.org")


def an_event_of(world: World, checkout: dict[str, Any], **changes: Any) -> dict[str, Any]:  # Any: JSON
    """A completed checkout, as Stripe tells it."""
    session = {
        "id": checkout["checkout_session_id"],
        "object": "checkout.session",
        "amount_total": checkout["amount"],
        "currency": checkout["currency"],
        "expires_at": 1_800_000_000,
        "livemode": False,
        "metadata": {"payment_id": checkout["payment_id"]},
        "mode": "payment",
        "payment_intent": "pi_42",
        "payment_status": "paid",
        "status": "complete",
    }
    event = {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(world.clock.now().timestamp()),
        "data": {"object": session | changes.pop("session", {})},
        "livemode": False,
        "type": "checkout.session.completed",
    }
    return event | changes


def signature(world: World, body: bytes, *, secret: str = SECRET, seconds: int = 0) -> dict[str, str]:
    """The header that Stripe sends with a body."""
    timestamp = int(world.clock.now().timestamp()) + seconds
    signed = hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hex()
    return {"Stripe-Signature": f"t={timestamp},v1={signed},v0=0"}


async def deliver(world: World, client: httpx.AsyncClient, event: object, **how: Any) -> httpx.Response:  # Any: options
    """Post a signed event."""
    body = json.dumps(event, indent=2).encode()
    return await client.post(URL, content=body, headers=signature(world, body, **how))


async def checkout_of(world: World, client: httpx.AsyncClient) -> dict[str, Any]:  # Any: JSON
    """An open checkout."""
    body: dict[str, Any] = (await client.post("/api/v1/checkouts", json={}, headers=world.headers(a_member()))).json()
    return body


async def test_a_signed_event_confirms_the_payment(world: World, client: httpx.AsyncClient) -> None:
    checkout = await checkout_of(world, client)

    answer = await deliver(world, client, an_event_of(world, checkout))

    assert (200, {"received": True, "outcome": "handled"}) == (answer.status_code, answer.json())
    assert PaymentStatus.SUCCEEDED is world.store.payments()[0].status


async def test_the_same_event_again_is_200_and_changes_nothing(world: World, client: httpx.AsyncClient) -> None:
    event = an_event_of(world, await checkout_of(world, client))
    await deliver(world, client, event)
    before = list(world.store.audit)

    answer = await deliver(world, client, event)

    assert (200, "repeated") == (answer.status_code, answer.json()["outcome"])
    assert before == world.store.audit


@pytest.mark.parametrize(
    "how", [{"secret": "whsec_wrong_secret"}, {"seconds": -301}, {"seconds": 301}, {"seconds": 31_536_000}]
)
async def test_a_signature_that_is_not_good_is_400_and_nothing_is_kept(
    world: World, client: httpx.AsyncClient, how: dict[str, Any]
) -> None:
    answer = await deliver(world, client, an_event_of(world, await checkout_of(world, client)), **how)

    assert (400, "signature_invalid") == (answer.status_code, answer.json()["code"])
    assert [] == world.store.events()


async def test_one_flipped_byte_is_400(world: World, client: httpx.AsyncClient) -> None:
    body = json.dumps(an_event_of(world, await checkout_of(world, client))).encode()

    answer = await client.post(URL, content=body.replace(b"paid", b"Paid"), headers=signature(world, body))

    assert 400 == answer.status_code


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"{}", b"\xff\xfe", b"[" * 100_000, b'{"id": 1, "object": "event"}']
)
async def test_signed_bytes_that_are_no_event_are_400_and_nothing_is_kept(
    world: World, client: httpx.AsyncClient, body: bytes
) -> None:
    answer = await client.post(URL, content=body, headers=signature(world, body))

    assert (400, "invalid_request") == (answer.status_code, answer.json()["code"])
    assert [] == world.store.events()


async def test_an_event_of_the_other_mode_is_400(world: World, client: httpx.AsyncClient) -> None:
    event = an_event_of(world, await checkout_of(world, client), livemode=True)

    assert 400 == (await deliver(world, client, event)).status_code
    assert [] == world.store.events()


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "charge.updated"},
        {"type": "customer.subscription.trial_will_end"},
        {"session": {"mode": "subscription"}},
        {"session": {"id": "cs_of_another_product", "metadata": {}}},
        {"session": {"livemode": True}},
        {"account": "acct_of_somebody"},
    ],
)
async def test_what_is_none_of_ours_is_kept_and_answered_200(
    world: World, client: httpx.AsyncClient, changes: dict[str, Any]
) -> None:
    answer = await deliver(world, client, an_event_of(world, await checkout_of(world, client), **changes))

    assert (200, "ignored") == (answer.status_code, answer.json()["outcome"])
    assert 1 == len(world.store.events())
    assert PaymentStatus.PENDING is world.store.payments()[0].status


@pytest.mark.parametrize(
    "session",
    [
        {"payment_status": "no_payment_required"},
        {"amount_total": 29999},
        {"amount_total": None},
        {"currency": "usd"},
        {"metadata": {"payment_id": "01900000-0000-7000-8000-00000000dead"}},
        {"metadata": {"payment_id": "junk"}},
        {"client_reference_id": "01900000-0000-7000-8000-00000000dead"},
        {"metadata": {"user_id": "somebody else"}},
    ],
)
async def test_money_that_does_not_match_is_kept_for_review_and_grants_nothing(
    world: World, client: httpx.AsyncClient, session: dict[str, Any]
) -> None:
    answer = await deliver(world, client, an_event_of(world, await checkout_of(world, client), session=session))

    assert (200, "handled") == (answer.status_code, answer.json()["outcome"])
    assert [PaymentStatus.REVIEW] == [payment.status for payment in world.store.payments()]
    assert ([], []) == (world.store.subscriptions(), world.store.jobs.rows)


async def test_a_thin_event_is_kept_and_answered_200(world: World, client: httpx.AsyncClient) -> None:
    thin = {
        "id": "evt_thin",
        "object": "v2.core.event",
        "type": "v1.checkout.session.completed",
        "created": "2026-01-15T12:00:00.000Z",
        "livemode": False,
        "related_object": {"id": "cs_1", "type": "checkout.session", "url": "/v1/checkout/sessions/cs_1"},
    }

    answer = await deliver(world, client, thin)

    assert (200, "ignored") == (answer.status_code, answer.json()["outcome"])


@pytest.mark.parametrize(
    "session",
    [
        {"expires_at": "soon"},
        {"payment_status": None},
        {"status": "new_word"},
        {"id": ""},
        {"payment_intent": "x" * 300},
    ],
)
async def test_one_of_ours_that_cannot_be_read_is_kept_for_later_and_answered_200(
    world: World, client: httpx.AsyncClient, session: dict[str, Any]
) -> None:
    answer = await deliver(world, client, an_event_of(world, await checkout_of(world, client), session=session))

    assert (200, "parked") == (answer.status_code, answer.json()["outcome"])
    assert 1 == len(world.store.jobs.rows)


async def test_a_body_over_the_limit_is_413(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, content=b"x" * (512 * 1024 + 1))

    assert (413, "payload_too_large") == (answer.status_code, answer.json()["code"])


async def test_a_store_that_is_away_is_503_so_that_stripe_comes_back(world: World, client: httpx.AsyncClient) -> None:
    event = an_event_of(world, await checkout_of(world, client))

    def away() -> None:
        raise TryAgain("no database")

    world.container.begin.override(providers.Callable(away))
    answer = await deliver(world, client, event)

    assert (503, "unavailable", "2") == (answer.status_code, answer.json()["code"], answer.headers["retry-after"])


async def test_what_a_member_typed_at_stripe_is_shown_on_no_page_and_written_in_no_letter(
    world: World, client: httpx.AsyncClient
) -> None:
    """Names, addresses and custom fields of the hosted page are strangers' words; ours come from the member's token."""
    member = a_member(locale=Locale.ENGLISH)
    checkout = (await client.post("/api/v1/checkouts", json={}, headers=world.headers(member))).json()
    typed = "<img src=x onerror=typed()>\u202e\r\nBcc: typed@example.org"
    details = {"name": typed, "email": "typed@example.org", "phone": typed, "address": {"line1": typed, "city": typed}}
    session = {
        "customer_details": details,
        "customer_email": "typed@example.org",
        "collected_information": {"shipping_details": details, "business_name": typed},
        "custom_fields": [{"key": "typed", "label": {"custom": typed}, "text": {"value": typed}}],
        "custom_text": {"submit": {"message": typed}},
    }
    answer = await deliver(world, client, an_event_of(world, checkout, session=session))
    for kind in (JobKind.ISSUE_RECEIPT, JobKind.SEND_CONFIRMATION):
        for job in await world.store.jobs.claim(frozenset({kind}), limit=5, lease_seconds=60):
            await handlers_of(world.container)[job.kind](job)
    browser(world, client, member)
    pages = [
        await client.get(path)
        for path in (
            *("/dashboard/talent/payment", "/dashboard/billing", "/dev/outbox"),
            f"/dashboard/billing/{checkout['payment_id']}/receipt",
            f"/payment/success?session_id={checkout['checkout_session_id']}",
        )
    ]
    told = await client.get("/api/v1/payments", headers=world.headers(member))
    letters = [page for page in world.settings.local_folder.rglob("*") if page.is_file()]

    assert (200, "handled") == (answer.status_code, answer.json()["outcome"])
    assert [200] * 6 == [page.status_code for page in (*pages, told)]
    assert member.name in pages[3].text
    assert [] == [page.url.path for page in (*pages, told) if "typed" in page.text]
    assert letters
    assert [] == [letter.name for letter in letters if b"typed" in letter.read_bytes()]
