"""What holds for every request: ids, problems, caches, methods, the description of the API."""

import asyncio
import re

import httpx
import pytest
from dependency_injector import providers

from adapters.memory.gateway import MemoryGateway
from application.ports.gateway import CheckoutSession, PreparedRequest
from builders import a_member
from domain.payment import PaymentStatus
from entrypoints.http.app import create_app
from entrypoints.http.frame import Frame
from http_world import World

EVERY = [
    ("GET", "/api/v1/plans", 200),
    ("GET", "/api/v1/payments", 401),
    ("GET", "/nowhere", 404),
    ("DELETE", "/api/v1/plans", 405),
    ("GET", "/api/webhooks/stripe", 405),
    ("POST", "/api/webhooks/stripe", 400),
    ("GET", "/health/live", 200),
    ("GET", "/health/ready", 200),
]


@pytest.mark.parametrize(("method", "path", "status"), EVERY)
async def test_every_answer_has_a_request_id_and_is_kept_in_no_cache(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)

    assert status == answer.status_code
    assert re.fullmatch(r"req_[0-9a-f]{20}", answer.headers["request-id"])
    assert "no-store" == answer.headers["cache-control"]
    assert "nosniff" == answer.headers["x-content-type-options"]


@pytest.mark.parametrize(("method", "path", "status"), [row for row in EVERY if row[2] >= 400])
async def test_every_error_is_a_problem_with_code_and_type(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)

    problem = answer.json()
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert {"type", "title", "status", "detail", "code", "request_id"} <= set(problem)
    assert f"https://pay.example.org/errors/{problem['code']}" == problem["type"]
    assert (status, answer.headers["request-id"]) == (problem["status"], problem["request_id"])


async def test_a_method_that_is_not_allowed_is_told_which_are(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/api/v1/plans")

    assert {"GET", "HEAD", "OPTIONS"} == set(answer.headers["allow"].split(", "))


async def test_a_path_cannot_write_log_lines_of_its_own(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="http"):
        await client.get("/nowhere/%0a%0dINJECTED")

    assert ["GET /nowhere/%0A%0DINJECTED"] == [
        record.getMessage().split(" answered")[0] for record in caplog.records if record.name == "http"
    ]


async def test_an_incoming_request_id_is_honoured(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/live", headers={"Request-Id": "abc-123"})

    assert "abc-123" == answer.headers["request-id"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\tb", "<script>"])
async def test_a_request_id_that_could_do_harm_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    answer = await client.get("/health/live", headers={"Request-Id": given})

    assert answer.headers["request-id"].startswith("req_")


async def test_an_error_that_nobody_foresaw_tells_nothing_from_inside(world: World, client: httpx.AsyncClient) -> None:
    world.gateway.fail_next("open_checkout", RuntimeError("password=hunter2"))

    answer = await client.post("/api/v1/checkouts", json={}, headers=world.headers())

    assert (500, "internal_error") == (answer.status_code, answer.json()["code"])
    assert "hunter2" not in answer.text


class SilentGateway(MemoryGateway):
    """A provider that takes the call and never answers."""

    async def open_checkout(self, request: PreparedRequest, *, key: str) -> CheckoutSession:
        """Wait for ever."""
        await asyncio.Event().wait()
        raise AssertionError("nobody sets the event")


async def test_a_request_that_takes_too_long_ends_with_503_and_can_be_resumed(world: World) -> None:
    headers = world.headers(a_member())
    world.container.gateway.override(providers.Object(SilentGateway(world.clock)))
    silent = httpx.ASGITransport(app=Frame(create_app(world.container).app, seconds_max=0.2))  # type: ignore[arg-type] # Litestar's types of ASGI

    async with httpx.AsyncClient(transport=silent, base_url="https://pay.example.org") as client:
        answer = await client.post("/api/v1/checkouts", json={}, headers=headers)

    assert (503, "unavailable", "5") == (answer.status_code, answer.json()["code"], answer.headers["retry-after"])
    assert answer.headers["request-id"] == answer.json()["request_id"]
    assert [PaymentStatus.PENDING] == [payment.status for payment in world.store.payments()]


async def test_the_price_list_is_for_anyone(client: httpx.AsyncClient) -> None:
    plans = (await client.get("/api/v1/plans")).json()

    assert ("list", "/api/v1/plans", False) == (plans["object"], plans["url"], plans["has_more"])
    assert {
        "object": "plan",
        "id": "talent_membership",
        "user_type": "talent",
        "fee_type": "annual_membership",
        "name": "Talent annual membership",
        "amount": 30000,
        "currency": "mad",
        "prices": [{"amount": 30000, "currency": "mad"}, {"amount": 3000, "currency": "usd"}],
        "interval": "year",
    } == plans["data"][0]


async def test_the_price_list_is_narrowed_by_user_type_and_named_in_the_readers_language(
    client: httpx.AsyncClient,
) -> None:
    query, headers = {"user_type": "company"}, {"Accept-Language": "fr-MA, en;q=0.5"}

    plans = (await client.get("/api/v1/plans", params=query, headers=headers)).json()

    assert ["Acc\u00e8s annuel Entreprise"] == [plan["name"] for plan in plans["data"]]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("fr-MA, en;q=0.5", "fr"), ("en;q=0.1, ar", "ar"), ("de, fr;q=0", "en"), ("de", "en"), ("", "en")],
)
async def test_the_price_list_says_its_language_which_is_the_one_that_the_reader_prefers(
    client: httpx.AsyncClient, accepted: str, language: str
) -> None:
    answer = await client.get("/api/v1/plans", headers={"Accept-Language": accepted})

    assert (language, "accept-language") == (answer.headers["content-language"], answer.headers["vary"])


async def test_an_unknown_user_type_is_400(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/plans", params={"user_type": "admin"})

    assert (400, "invalid_request") == (answer.status_code, answer.json()["code"])


async def test_the_api_describes_itself(client: httpx.AsyncClient) -> None:
    description = (await client.get("/schema/openapi.json")).json()
    page = await client.get("/schema")

    operations = {
        operation["operationId"] for methods in description["paths"].values() for operation in methods.values()
    }
    assert "3.1.0" == description["openapi"]
    assert {
        "listPlans",
        "startCheckout",
        "listPayments",
        "getPayment",
        "getSubscription",
        "getUserSubscription",
        "listSubscriptions",
        "exportUserData",
        "eraseUser",
        "receiveStripeEvent",
        "live",
        "ready",
    } == operations
    for operation in (one for methods in description["paths"].values() for one in methods.values()):
        errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert all(["application/problem+json"] == list(answer["content"]) for answer in errors.values())
        assert {"500", "503"} <= set(errors) or operation["operationId"] == "live"
    assert (200, True) == (page.status_code, "text/html" in page.headers["content-type"])


@pytest.mark.parametrize(
    "path", ["/health/live", "/api/v1/plans", "/api/v1/payments", "/errors", "/nowhere", "/schema/openapi.json"]
)
async def test_head_is_answered_as_get_without_the_body(client: httpx.AsyncClient, path: str) -> None:
    whole, head = await client.get(path), await client.head(path)
    changing = {"request-id", "ratelimit", "content-length"}

    assert whole.status_code == head.status_code
    assert b"" == head.content
    assert whole.content
    assert {name: value for name, value in whole.headers.items() if name not in changing} == {
        name: value for name, value in head.headers.items() if name not in changing
    }


async def test_head_is_not_for_what_is_only_sent(client: httpx.AsyncClient) -> None:
    answer = await client.head("/api/webhooks/stripe")

    assert (405, b"") == (answer.status_code, answer.content)
    assert "POST" in answer.headers["allow"]
