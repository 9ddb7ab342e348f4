"""The API answers the real SDK as Stripe does."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import stripe

from sandbox.sandbox_world import API_KEY, World

LINE = {"price_data": {"currency": "usd", "unit_amount": 5000, "product_data": {"name": "Fee"}}, "quantity": 1}


async def test_a_customer_is_created_changed_and_found_by_email(world: World) -> None:
    customers = world.client.v1.customers
    made = await customers.create_async(
        {"email": "amal@example.com", "name": "Amal", "metadata": {"member": "7", "old": "x"}}
    )
    await customers.create_async({"email": "other@example.com"})
    await customers.update_async(made.id, {"name": "Amal B.", "metadata": {"old": ""}})
    found = await customers.list_async({"email": "amal@example.com"})

    assert [made.id] == [one.id for one in found.data]
    assert found.data[0].name == "Amal B."
    assert found.data[0].to_dict()["metadata"] == {"member": "7"}
    assert len(made.id) == 18


async def test_lists_are_newest_first_and_pages_follow_cursors_both_ways(world: World) -> None:
    ids = [(await world.client.v1.customers.create_async({"name": str(number)})).id for number in range(7)]
    newest_first = ids[::-1]
    first = await world.client.v1.customers.list_async({"limit": 3})
    before = await world.client.v1.customers.list_async({"limit": 3, "ending_before": newest_first[5]})
    all_of_them = [one.id async for one in first.auto_paging_iter()]

    assert newest_first[:3] == [one.id for one in first.data]
    assert first.has_more
    assert newest_first[2:5] == [one.id for one in before.data]
    assert newest_first == all_of_them


async def test_sessions_are_filtered_by_customer_status_intent_and_time(world: World) -> None:
    customer = await world.client.v1.customers.create_async({"email": "a@example.com"})
    mine = await world.session(customer=customer.id)
    other = await world.session()
    await world.pay(mine.id)
    paid = await world.again(mine.id)
    sessions = world.client.v1.checkout.sessions

    assert [mine.id] == [one.id for one in (await sessions.list_async({"customer": customer.id})).data]
    assert [other.id] == [one.id for one in (await sessions.list_async({"status": "open"})).data]
    assert [mine.id] == [one.id for one in (await sessions.list_async({"payment_intent": paid.payment_intent})).data]
    assert (await sessions.list_async({"created": {"gt": paid.created + 5}})).data == []
    assert len((await sessions.list_async({"created": {"gte": paid.created}})).data) == 2


async def test_events_are_filtered_by_types_and_wildcards(world: World) -> None:
    await world.pay((await world.session()).id)
    await world.quiet()
    events = world.client.v1.events
    wild = await events.list_async({"type": "payment_intent.*"})
    two = await events.list_async(
        {"types": ["charge.succeeded", "checkout.session.completed"], "delivery_success": True}
    )

    assert [one.type for one in wild.data] == ["payment_intent.succeeded", "payment_intent.created"]
    assert [one.type for one in two.data] == ["checkout.session.completed", "charge.succeeded"]
    assert (await events.retrieve_async(two.data[0].id)).pending_webhooks == 0


async def test_expansions_reach_four_levels_and_no_further(world: World) -> None:
    session = await world.session(customer_email="a@example.com", invoice_creation={"enabled": True})
    await world.pay(session.id)
    full = await world.again(
        session.id,
        "payment_intent.latest_charge.balance_transaction",
        "invoice.payments",
        "customer",
        "line_items.data.price.product",
    )
    listed = await world.client.v1.checkout.sessions.list_async({"expand": ["data.payment_intent"]})

    assert full.payment_intent.latest_charge.balance_transaction.amount == 30000
    assert full.payment_intent.id == full.invoice.payments.data[0].payment.payment_intent
    assert full.customer.email == "a@example.com"
    assert full.line_items.data[0].price.product.name == "Annual fee"
    assert listed.data[0].to_dict()["payment_intent"]["status"] == "succeeded"
    for path in ("amount_total", "payment_intent.latest_charge.customer.x.y", "nonsense"):
        with pytest.raises(stripe.InvalidRequestError, match="expand"):
            await world.again(session.id, path)


@pytest.mark.parametrize(
    ("change", "param", "code", "text"),
    [
        (
            {"payment_method_types": ["card"]},
            "payment_method_types",
            "parameter_unknown",
            "Received unknown parameter: payment_method_types",
        ),
        ({"sucess_url": "x"}, "sucess_url", "parameter_unknown", "Did you mean success_url"),
        ({"success_url": None}, "success_url", "parameter_missing", "Missing required param: success_url."),
        ({"mode": None}, "mode", "parameter_missing", "Missing required param: mode."),
        ({"success_url": "nowhere"}, "success_url", "url_invalid", "Not a valid URL"),
        ({"expires_at": "abc"}, "expires_at", "parameter_invalid_integer", "Invalid integer: abc"),
        ({"customer": "cus_x"}, "customer", "resource_missing", "No such customer: 'cus_x'"),
        (
            {"line_items": [{"price": "price_x", "quantity": 1}]},
            "line_items[0][price]",
            "resource_missing",
            "No such price: 'price_x'",
        ),
        ({"line_items": [{"quantity": 1}]}, "line_items[0][price_data]", "parameter_missing", "Missing required param"),
        (
            {
                "line_items": [
                    {"price_data": {"currency": "usd", "unit_amount": 900, "product_data": ""}, "quantity": 1}
                ]
            },
            "line_items[0][price_data][product_data][name]",
            "parameter_missing",
            "Missing required param",
        ),
        ({"metadata": {"k" * 41: "v"}}, "metadata", None, "up to 40 characters"),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]", None, "up to 500 characters"),
        ({"metadata": {str(n): "v" for n in range(51)}}, "metadata", None, "50 keys"),
        ({"client_reference_id": "x" * 201}, "client_reference_id", None, "at most 200 characters"),
        ({"locale": "ar"}, "locale", None, "must be one of"),
        ({"customer_email": "nobody"}, "customer_email", "email_invalid", "Invalid email address: nobody"),
    ],
)
async def test_wrong_parameters_are_refused_in_stripes_words(
    world: World, change: dict[str, Any], param: str, code: str | None, text: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await world.session(**change)

    assert (400, param, code) == (refused.value.http_status, refused.value.param, refused.value.code)
    assert text in str(refused.value)


async def test_a_customer_and_an_email_exclude_each_other(world: World) -> None:
    customer = await world.client.v1.customers.create_async({"email": "a@example.com"})

    with pytest.raises(
        stripe.InvalidRequestError, match="only specify one of these parameters: customer, customer_email"
    ):
        await world.session(customer=customer.id, customer_email="a@example.com")


async def test_keys_are_taken_as_bearer_and_as_basic_and_others_are_refused(world: World) -> None:
    basic = base64.b64encode(f"{API_KEY}:".encode()).decode()
    wrong = await world.raw("GET", "/v1/customers", headers={"Authorization": "Bearer sk_test_somebody_else"})

    assert (await world.raw("GET", "/v1/customers", headers={"Authorization": f"Basic {basic}"})).status_code == 200
    assert (await world.raw("GET", "/v1/customers")).status_code == 200
    assert (await world.web.get("/v1/customers")).status_code == 401
    assert wrong.status_code == 401
    assert wrong.headers["www-authenticate"] == 'Bearer realm="Stripe"'
    assert wrong.json()["error"]["message"].startswith("Invalid API Key provided: sk_test_")
    assert "somebody" not in wrong.text
    assert wrong.json()["error"]["type"] == "invalid_request_error"


async def test_every_answer_names_its_request_and_the_version_asked_for(world: World) -> None:
    asked = await world.raw(
        "POST", "/v1/customers", headers={"Stripe-Version": "2026-08-26.dahlia", "Idempotency-Key": "k"}
    )
    usual = await world.raw("GET", "/v1/customers")

    assert asked.headers["stripe-version"] == "2026-08-26.dahlia"
    assert usual.headers["stripe-version"] == "2026-10-28.endive"
    assert asked.headers["idempotency-key"] == "k"
    assert asked.headers["request-id"] == asked.headers["original-request"]
    assert asked.headers["stripe-should-retry"] == "false"
    assert "idempotency-key" not in usual.headers


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("048_GET_v1.customers.ID_404_resource_missing.json", "/v1/customers/cus_K9Fo2BpabkGWva"),
        ("123_GET_v1.customers.1_404_resource_missing.json", "/v1/customers/1"),
    ],
)
async def test_errors_are_those_that_were_recorded(world: World, recordings: Path, name: str, path: str) -> None:
    recorded = json.loads((recordings / "http" / name).read_text())["response"]
    answer = await world.raw("GET", path)
    error = answer.json()["error"]
    error.pop("request_log_url")

    assert recorded["status"] == answer.status_code
    assert recorded["body"]["error"] == error


@pytest.mark.parametrize(
    ("method", "path", "how"),
    [
        ("GET", "/v1/customers?limit=0", {}),
        ("GET", "/v1/customers?limit=101", {}),
        ("GET", "/v1/customers?limit=abc", {}),
        ("GET", "/v1/customers?starting_after=cus_nobody", {}),
        ("GET", "/v1/customers?a[b=1&%00=2", {}),
        ("GET", "/v1/customers?created[near]=5", {}),
        ("GET", "/v1/%ff%fe/..//customers", {}),
        ("GET", "/v1/customers/%00", {}),
        ("GET", "/v1", {}),
        ("PUT", "/v1/customers", {}),
        ("DELETE", "/v1/customers/x", {}),
        ("POST", "/v1/customers", {"content": b"\xff\xfe=1"}),
        ("POST", "/v1/customers", {"content": b"metadata=1&metadata[a]=2"}),
        ("POST", "/v1/customers", {"content": b"metadata[a]=2&metadata=1"}),
        ("POST", "/v1/customers", {"content": b"a" + b"[b]" * 50 + b"=1"}),
        ("POST", "/v1/customers", {"content": b"&".join(b"a%d=1" % number for number in range(3000))}),
        ("POST", "/v1/customers", {"content": b'{"email": 1}', "headers": {"Content-Type": "application/json"}}),
        ("POST", "/v1/customers", {"content": b"x" * 1_000_002}),
        ("POST", "/v1/checkout/sessions", {"content": b"mode=payment&line_items=abc&success_url=https://a.example"}),
        (
            "POST",
            "/v1/checkout/sessions",
            {"content": b"mode=payment&line_items[x][quantity]=1&success_url=https://a.example"},
        ),
        ("POST", "/v1/checkout/sessions/cs_nobody/expire", {}),
        ("GET", "/v1/customers", {"headers": {"Stripe-Version": "yesterday"}}),
        ("GET", "/v1/customers", {"headers": {"Authorization": "Basic !!!"}}),
    ],
)
async def test_rubbish_is_refused_in_stripes_manner(
    world: World, method: str, path: str, how: dict[str, object]
) -> None:
    if method == "POST" and "headers" not in how:
        how = {**how, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    answer = await world.raw(method, path, **how)

    assert answer.status_code in (400, 401, 404, 413)
    assert "error" in answer.json()


async def test_a_customer_comes_with_the_keys_of_a_recorded_one(world: World, recordings: Path) -> None:
    recorded = json.loads((recordings / "http" / "003_POST_v1.customers_200.json").read_text())["response"]["body"]
    made = (await world.raw("POST", "/v1/customers", data={"email": "user@example.com"})).json()

    assert set() == set(recorded) - set(made)
    assert {key: recorded[key] for key in ("balance", "delinquent", "email", "metadata", "tax_exempt")} == {
        key: made[key] for key in ("balance", "delinquent", "email", "metadata", "tax_exempt")
    }
