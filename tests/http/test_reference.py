"""The description of the API, as people and generators of clients read it."""

import re
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from http_world import World

Json = dict[str, Any]  # Any: JSON
WORD = re.compile(r"[A-Z][A-Za-z]+")


@pytest.fixture
async def document(client: httpx.AsyncClient) -> Json:
    """The document as it is served."""
    found: Json = (await client.get("/schema/openapi.json")).json()
    return found


def operations(document: Json) -> list[Json]:
    return [operation for item in document["paths"].values() for operation in item.values()]


def contents(document: Json) -> list[tuple[str, Json]]:
    """Every body that is described, with where it belongs."""
    found = []
    for operation in operations(document):
        name = operation["operationId"]
        if "requestBody" in operation:
            found += [(name, content) for content in operation["requestBody"]["content"].values()]
        for status, answer in operation["responses"].items():
            found += [(f"{name} {status}", content) for content in answer.get("content", {}).values()]
    return found


async def test_every_operation_has_a_name_a_summary_a_description_and_a_known_tag(document: Json) -> None:
    ids = [operation["operationId"] for operation in operations(document)]
    tags = {tag["name"] for tag in document["tags"]}

    assert document["openapi"].startswith("3.1")
    assert len(ids) == len(set(ids))
    for operation in operations(document):
        assert operation["summary"]
        assert operation["description"]
        assert tags >= set(operation["tags"])


async def test_no_name_of_ours_stands_in_the_names_of_schemas(document: Json) -> None:
    assert [] == [name for name in document["components"]["schemas"] if not WORD.fullmatch(name)]


async def test_every_body_has_an_example_that_fits_its_schema(document: Json) -> None:
    compared = 0
    for where, content in contents(document):
        examples = [example["value"] for example in content.get("examples", {}).values()]
        schema = {**content["schema"], "components": document["components"]}
        for example in examples or content["schema"]["examples"]:
            faults = [fault.message for fault in Draft202012Validator(schema).iter_errors(example)]
            compared += 1

            assert [] == faults, where
    assert compared > 40


async def test_every_body_says_what_it_means(document: Json) -> None:
    assert [] == [name for name, schema in document["components"]["schemas"].items() if not schema["description"]]


async def test_clients_are_told_which_texts_are_times_and_addresses(document: Json) -> None:
    schemas = document["components"]["schemas"]
    payment, invoice = schemas["PaymentBody"]["properties"], schemas["InvoiceBody"]["properties"]

    assert "date-time" == payment["created_at"]["format"]
    assert [{"type": "string", "format": "date-time"}, {"type": "null"}] == payment["paid_at"]["oneOf"]
    assert [{"type": "string", "format": "uri"}, {"type": "null"}] == invoice["pdf_url"]["oneOf"]
    assert "uri" == schemas["ProblemBody"]["properties"]["type"]["format"]


async def test_no_parameter_of_an_address_can_be_null(document: Json) -> None:
    every = [parameter for operation in operations(document) for parameter in operation.get("parameters", [])]
    parameters = {parameter["name"]: parameter["schema"] for parameter in every}

    assert {"type": "string", "format": "date-time"} == parameters["created[gte]"]
    assert {"$ref": "#/components/schemas/PaymentStatus"} == parameters["status"]
    assert {"type": "string", "format": "uuid"} == parameters["starting_after"]
    assert "null" not in str(parameters.values())


async def test_the_headers_that_lead_from_page_to_page_and_choose_a_language_are_described(document: Json) -> None:
    lists = {operation["operationId"]: operation for operation in operations(document)}
    plans, payments = lists["listPlans"], lists["listPayments"]
    told = [lists[name]["responses"]["200"]["headers"].keys() for name in ("listPlans", "listPayments")]
    (asked,) = [parameter for parameter in plans["parameters"] if parameter["in"] == "header"]

    assert [{"Content-Language"}, {"Link"}] == [names & {"Content-Language", "Link"} for names in told]
    assert 'rel="next"' in payments["responses"]["200"]["headers"]["Link"]["description"]
    assert ["ar", "en", "fr"] == plans["responses"]["200"]["headers"]["Content-Language"]["schema"]["enum"]
    assert ("Accept-Language", False) == (asked["name"], asked["required"])


OF_HTTP = frozenset({"content-type", "content-length", "strict-transport-security", "x-content-type-options"})
"""Headers that any answer may have, and of which no client has to be told."""


async def test_the_headers_of_an_answer_are_those_that_are_described(
    document: Json, client: httpx.AsyncClient, world: World
) -> None:
    described = {operation["operationId"]: operation["responses"] for operation in operations(document)}
    token, key = world.headers(), {"Idempotency-Key": "k"}
    answers = {
        ("listPayments", "200"): await client.get("/api/v1/payments", headers=token),
        ("listPayments", "401"): await client.get("/api/v1/payments"),
        ("startCheckout", "201"): await client.post("/api/v1/checkouts", json={}, headers=token | key),
        ("startCheckout", "415"): await client.post("/api/v1/checkouts", content=b"x", headers=token),
        ("ready", "200"): await client.get("/health/ready"),
        ("receiveStripeEvent", "400"): await client.post("/api/webhooks/stripe", content=b"{}"),
    }
    for (name, status), answer in answers.items():
        headers = described[name][status]["headers"]
        known = {header.lower(): header for header in headers}
        shared = document["components"]["headers"]
        needed = {header.lower() for header in headers if shared.get(header, {}).get("required")}

        assert status == str(answer.status_code)
        assert set() == set(answer.headers) - set(known) - OF_HTTP
        assert needed <= set(answer.headers)
        assert ("ratelimit" in answer.headers) <= ("RateLimit" in headers)


async def test_who_may_ask_is_said_of_every_operation(document: Json) -> None:
    schemes = {operation["operationId"]: operation.get("security", []) for operation in operations(document)}
    public = {name for name, asked in schemes.items() if not asked}

    assert {"listPlans", "live", "ready"} == public
    assert [{"stripeSignature": []}] == schemes["receiveStripeEvent"]
    assert {"bearer", "stripeSignature"} == document["components"]["securitySchemes"].keys()


async def test_the_page_and_its_files_come_from_the_service_alone(client: httpx.AsyncClient) -> None:
    page = await client.get("/schema")
    addresses = re.findall(r'(?:src|href|data-document)="([^"]+)"', page.text)
    loaded = [address for address in addresses if "/schema/" in address or "/assets/" in address]
    answers = [await client.get(address) for address in loaded]

    assert [] == [address for address in addresses if not address.startswith(("/", "#"))]
    assert {200} == {answer.status_code for answer in answers}
    assert len(loaded) == 7
    assert "script-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/schema/0.0.0/swagger-ui.css", "/schema/25.7.1/index.css", "/schema/25.7.1/..%2fx"])
async def test_no_other_file_is_served(world: World, client: httpx.AsyncClient, path: str) -> None:
    assert 404 == (await client.get(path)).status_code
