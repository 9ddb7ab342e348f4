"""What we send to Stripe: every parameter that the product promises, and none that Stripe's own description does not know."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator

from adapters.stripe.calls import API_VERSION
from adapters.stripe.gateway import StripeGateway
from application.ports.gateway import CheckoutOrder
from builders import a_member
from contract.sandboxes import API_KEY, APP_URL, gateway_to
from contract.stripe_events import a_stripe_session
from contract.values import HOSTILE
from domain.catalogue import PlanId
from domain.member import Locale, UserId, UserType
from domain.money import Money
from domain.payment import PaymentId

Json = dict[str, Any]  # Any: JSON
PAYMENT_ID = PaymentId(UUID("0190aaaa-0000-7000-8000-000000000009"))
ENDS = datetime(2026, 11, 3, 13, 0, 0, 999_999, tzinfo=UTC)
GATEWAY = StripeGateway(secret_key=API_KEY, api_base=None, app_url=APP_URL)


def an_order(locale: Locale = Locale.FRENCH, plan_name: str = "Membre Talent") -> CheckoutOrder:
    return CheckoutOrder(
        payment_id=PAYMENT_ID,
        user_id=UserId("user-1"),
        customer_id="cus_1",
        plan=PlanId("talent_membership"),
        plan_name=plan_name,
        amount=Money(30000, "mad"),
        locale=locale,
        expires_at=ENDS,
    )


class Wire:
    """What was sent: the head of the last request and the fields of its form."""

    def __init__(self) -> None:
        self.head = ""
        self.form: dict[str, str] = {}

    def header(self, name: str) -> str | None:
        lines = [line.partition(": ") for line in self.head.split("\r\n")]
        return next((value for key, _, value in lines if key.lower() == name.lower()), None)


@asynccontextmanager
async def listening(wire: Wire) -> AsyncIterator[StripeGateway]:
    """A gateway whose requests are written down and answered with a session."""
    answer = json.dumps(a_stripe_session(status="open", payment_status="unpaid")).encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire.head = (await reader.readuntil(b"\r\n\r\n")).decode()
        body = await reader.readexactly(int(wire.header("content-length") or 0))
        wire.form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\nConnection: close\r\n\r\n".encode() + answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with gateway_to(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as gateway:
        yield gateway
    server.close()
    await server.wait_closed()


async def test_a_checkout_is_opened_with_every_promised_parameter_and_no_other() -> None:
    wire = Wire()
    async with listening(wire) as gateway:
        await gateway.open_checkout(gateway.prepare_checkout(an_order()), key="checkout:1:1")
    metadata = {"payment_id": str(PAYMENT_ID), "user_id": "user-1", "plan": "talent_membership"}
    carriers = ("metadata", "payment_intent_data[metadata]", "invoice_creation[invoice_data][metadata]")

    assert {
        "mode": "payment",
        "customer": "cus_1",
        "client_reference_id": str(PAYMENT_ID),
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "mad",
        "line_items[0][price_data][unit_amount]": "30000",
        "line_items[0][price_data][product_data][name]": "Membre Talent",
        "invoice_creation[enabled]": "true",
        "adaptive_pricing[enabled]": "false",
        "expires_at": str(int(ENDS.timestamp())),
        "locale": "fr",
        "success_url": f"{APP_URL}/payment/success?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{APP_URL}/payment/cancel?payment_id={PAYMENT_ID}",
        **{f"{carrier}[{name}]": value for carrier in carriers for name, value in metadata.items()},
    } == wire.form


async def test_the_key_the_version_and_the_idempotency_key_go_with_the_request() -> None:
    wire = Wire()
    async with listening(wire) as gateway:
        await gateway.open_checkout(gateway.prepare_checkout(an_order()), key="checkout:1:1")

    assert wire.head.startswith("POST /v1/checkout/sessions ")
    assert wire.header("idempotency-key") == "checkout:1:1"
    assert wire.header("stripe-version") == API_VERSION == "2026-10-28.endive"
    assert wire.header("authorization") == f"Bearer {API_KEY}"
    assert "telemetry" not in wire.head.lower()


async def test_the_same_prepared_request_sends_the_same_bytes() -> None:
    forms = []
    request = GATEWAY.prepare_checkout(an_order(plan_name=HOSTILE))
    for _ in range(2):
        wire = Wire()
        async with listening(wire) as gateway:
            await gateway.open_checkout(request, key="checkout:1:1")
        forms.append(wire.form)

    assert forms[0] == forms[1]
    assert forms[0]["line_items[0][price_data][product_data][name]"] == HOSTILE


async def test_a_customer_is_made_with_address_name_and_our_id() -> None:
    wire = Wire()
    member = a_member(user_type=UserType.COMPANY, name="\u0633" * 300, user_id=UserId("user-9"))
    async with listening(wire) as gateway:
        await gateway.create_customer(gateway.prepare_customer(member), key="customer:9:1")

    assert {
        "email": "salma@example.org",
        "name": "\u0633" * 256,
        "metadata[user_id]": "user-9",
        "metadata[user_type]": "company",
    } == wire.form


@pytest.mark.parametrize(
    ("locale", "expected"), [(Locale.FRENCH, "fr"), (Locale.ENGLISH, "en"), (Locale.ARABIC, "auto")]
)
def test_the_hosted_page_speaks_the_member_s_language_where_stripe_can(locale: Locale, expected: str) -> None:
    assert expected == json.loads(GATEWAY.prepare_checkout(an_order(locale)))["locale"]


def test_no_address_of_the_member_stands_in_a_checkout_s_request() -> None:
    assert "@" not in GATEWAY.prepare_checkout(an_order())


@pytest.fixture
def described(shared_material: Path) -> Json:
    """The request bodies of Stripe's own description by path, brought from dahlia to the version that we pin."""
    document = json.loads((shared_material / "openapi" / "stripe_subset_2026-08-26.dahlia.json").read_bytes())
    delta = json.loads((shared_material / "openapi" / "delta_dahlia_to_endive_from_sdk.json").read_bytes())
    bodies = {}
    for path in ("/v1/checkout/sessions", "/v1/customers"):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        bodies[path] = content["application/x-www-form-urlencoded"]["schema"]
    for step in delta.values():
        for name in step["params SessionCreateParams"]["removed"]:
            bodies["/v1/checkout/sessions"]["properties"].pop(name, None)
        for name in step["params SessionCreateParams"]["added"]:
            if "." not in name:
                bodies["/v1/checkout/sessions"]["properties"][name] = {}
    return bodies


def strict(schema: Any) -> Any:  # Any: a JSON Schema
    """The schema with every object closed to fields that it does not name."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(part) for key, part in schema.items()}
    return {"additionalProperties": False, **closed} if "properties" in schema else closed


@pytest.mark.parametrize("locale", Locale)
def test_a_checkout_s_request_is_one_that_stripe_describes(described: Json, locale: Locale) -> None:
    request = json.loads(GATEWAY.prepare_checkout(an_order(locale, plan_name=HOSTILE)))
    Draft202012Validator(strict(described["/v1/checkout/sessions"])).validate(request)

    assert "payment_method_types" not in request
    assert len(request["metadata"]) <= 50
    assert all(len(name) <= 40 and len(value) <= 500 for name, value in request["metadata"].items())


def test_a_customer_s_request_is_one_that_stripe_describes(described: Json) -> None:
    member = a_member(user_id=UserId("\u0645" * 128), name=HOSTILE * 9, email="a" * 242 + "@example.org")
    request = json.loads(GATEWAY.prepare_customer(member))

    faults = [fault.message for fault in Draft202012Validator(strict(described["/v1/customers"])).iter_errors(request)]

    assert [] == faults


def test_the_description_finds_a_parameter_that_stripe_does_not_know(described: Json) -> None:
    request = json.loads(GATEWAY.prepare_checkout(an_order()))
    request["payment_intent_data"]["of_next_year"] = 1
    request["payment_method_types"] = ["card"]
    found = list(Draft202012Validator(strict(described["/v1/checkout/sessions"])).iter_errors(request))

    assert 2 == len(found)


def test_a_checkout_ends_at_a_whole_second_not_later_than_ordered() -> None:
    ends = json.loads(GATEWAY.prepare_checkout(an_order()))["expires_at"]

    assert ENDS - timedelta(seconds=1) < datetime.fromtimestamp(ends, UTC) <= ENDS
