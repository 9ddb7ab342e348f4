"""The billing history: GET /api/v1/payments and /api/v1/payments/{id}."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from application.ports.gateway import CheckoutCompleted, CheckoutExpired
from builders import a_member
from domain.member import Member
from domain.payment import Figures
from http_world import World

URL = "/api/v1/payments"


async def start(world: World, client: httpx.AsyncClient, member: Member) -> dict[str, Any]:  # Any: JSON
    """A checkout of a member."""
    answer = await client.post("/api/v1/checkouts", json={}, headers=world.headers(member))
    body: dict[str, Any] = answer.json()
    return body


async def many_payments(world: World, client: httpx.AsyncClient, member: Member, count: int) -> list[str]:
    """Payments of a member that all expired, oldest first."""
    ids = []
    for _ in range(count):
        checkout = await start(world, client, member)
        await world.happen(CheckoutExpired(world.gateway.run_out(checkout["checkout_session_id"])))
        ids.append(checkout["payment_id"])
        world.clock.pass_time(timedelta(minutes=1))
    return ids


async def test_a_paid_payment_has_the_body_of_the_product(world: World, client: httpx.AsyncClient) -> None:
    member = a_member()
    checkout = await start(world, client, member)
    world.clock.pass_time(timedelta(minutes=2, microseconds=5))
    await world.pay(checkout)

    answer = await client.get(f"{URL}/{checkout['payment_id']}", headers=world.headers(member))

    assert 200 == answer.status_code
    assert {
        "object": "payment",
        "id": checkout["payment_id"],
        "user_id": member.user_id,
        "user_type": "talent",
        "plan": "talent_membership",
        "amount": 30000,
        "amount_refunded": 0,
        "currency": "mad",
        "status": "SUCCEEDED",
        "dispute": None,
        "review": None,
        "created_at": "2026-01-15T12:00:00.000000Z",
        "paid_at": "2026-01-15T12:02:00.000005Z",
        "checkout_session_id": checkout["checkout_session_id"],
        "payment_intent_id": "pi_1",
        "invoice": {"number": None, "stripe_invoice_id": "in_1", "hosted_url": None, "pdf_url": None},
    } == answer.json()


async def test_money_that_does_not_match_shows_both_figures(world: World, client: httpx.AsyncClient) -> None:
    member = a_member()
    checkout = await start(world, client, member)
    session = world.gateway.pay(checkout["checkout_session_id"], Figures(100, "usd"))
    await world.happen(CheckoutCompleted(session))

    payment = (await client.get(f"{URL}/{checkout['payment_id']}", headers=world.headers(member))).json()

    assert ("REVIEW", None) == (payment["status"], payment["invoice"])
    assert {
        "expected": {"amount": 30000, "currency": "mad"},
        "received": {"amount": 100, "currency": "usd"},
    } == payment["review"]


async def test_the_history_is_newest_first_in_pages_of_ten(world: World, client: httpx.AsyncClient) -> None:
    member = a_member()
    ids = await many_payments(world, client, member, 12)

    page = (await client.get(URL, headers=world.headers(member))).json()

    assert ("list", URL, True) == (page["object"], page["url"], page["has_more"])
    assert ids[::-1][:10] == [payment["id"] for payment in page["data"]]


async def test_pages_follow_each_other_without_gap_or_repeat(world: World, client: httpx.AsyncClient) -> None:
    member = a_member()
    ids = await many_payments(world, client, member, 7)
    seen: list[str] = []
    more: dict[str, Any] = {"has_more": True}
    while more["has_more"]:
        cursor = {"starting_after": seen[-1]} if seen else {}
        more = (await client.get(URL, params={"limit": 3, **cursor}, headers=world.headers(member))).json()
        seen += [payment["id"] for payment in more["data"]]
        ids += await many_payments(world, client, member, 1)

    assert ids[:7][::-1] == seen


async def test_links_lead_through_all_pages_and_back(world: World, client: httpx.AsyncClient) -> None:
    member = a_member()
    ids = (await many_payments(world, client, member, 7))[::-1]
    query = {"limit": "3", "status": "EXPIRED", "created[gte]": "2026-01-15T13:00:00+01:00"}
    page = await client.get(URL, params=query, headers=world.headers(member))
    there = [page]
    while "next" in there[-1].links:
        there.append(await client.get(there[-1].links["next"]["url"], headers=world.headers(member)))
    back = [there[-1]]
    while "prev" in back[0].links:
        back.insert(0, await client.get(back[0].links["prev"]["url"], headers=world.headers(member)))

    assert "prev" not in page.links
    assert [ids[:3], ids[3:6], ids[6:]] == [[one["id"] for one in page.json()["data"]] for page in there]
    assert [page.json()["data"] for page in there] == [page.json()["data"] for page in back]


@pytest.mark.parametrize(
    ("comparisons", "shown"),
    [
        (["gte 12:01:00Z"], [1, 2, 3]),
        (["gt 12:01:00Z"], [2, 3]),
        (["lt 12:02:00Z"], [0, 1]),
        (["lte 12:02:00Z"], [0, 1, 2]),
        (["gt 11:01:00-01:00", "lte 14:02:00%2B02:00"], [2]),
        (["gte 12:01:00Z", "gt 12:02:00Z"], [3]),
        (["gt 12:00:00Z", "gte 12:02:00Z", "lt 12:03:00Z", "lte 12:03:00Z"], [2]),
        (["lte 12:00:59.999999Z"], [0]),
        (["gt 12:02:00Z", "lt 12:03:00Z"], []),
    ],
)
async def test_the_history_can_be_narrowed_to_a_time(
    world: World, client: httpx.AsyncClient, comparisons: list[str], shown: list[int]
) -> None:
    member = a_member()
    ids = await many_payments(world, client, member, 4)
    query = [f"created[{comparison}]=2026-01-15T{at}" for comparison, at in map(str.split, comparisons)]

    page = (await client.get(f"{URL}?{'&'.join(query)}", headers=world.headers(member))).json()

    assert [ids[number] for number in reversed(shown)] == [payment["id"] for payment in page["data"]]


async def test_two_cursors_at_once_are_400(world: World, client: httpx.AsyncClient) -> None:
    member = a_member()
    first, last = await many_payments(world, client, member, 2)
    query = {"starting_after": last, "ending_before": first}

    answer = await client.get(URL, params=query, headers=world.headers(member))

    assert (400, "invalid_request") == (answer.status_code, answer.json()["code"])


async def test_the_history_can_be_narrowed_to_a_status(world: World, client: httpx.AsyncClient) -> None:
    member = a_member()
    await many_payments(world, client, member, 2)
    checkout = await start(world, client, member)

    page = (await client.get(URL, params={"status": "PENDING"}, headers=world.headers(member))).json()

    assert [checkout["payment_id"]] == [payment["id"] for payment in page["data"]]


async def test_a_member_without_payments_has_an_empty_list(world: World, client: httpx.AsyncClient) -> None:
    page = (await client.get(URL, headers=world.headers())).json()

    assert {"object": "list", "url": URL, "has_more": False, "data": []} == page


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "x"},
        {"starting_after": "nonsense"},
        {"starting_after": "' OR 1=1 --"},
        {"status": "PENDING' OR '1'='1"},
        {"starting_after": str(uuid4())},
        {"status": "PAID"},
        {"ending_before": str(uuid4())},
        {"created[gte]": "yesterday"},
        {"created[gte]": "0.5"},
        {"created[lt]": "2026-01-15T12:00:00"},
        {"created[gte]": "0001-01-01T00:00:00+14:00"},
        {"created[gt]": "9999-12-31T23:59:59.999999Z"},
        {"created[lte]": "9999-12-31T23:59:59.999999Z"},
        {"created[lt]": "9999-12-31T23:59:59-01:00"},
        {"created": "2026-01-15T12:00:00Z"},
        {"created[ge]": "2026-01-15T12:00:00Z"},
        {"created_gte": "2026-01-15T12:00:00Z"},
        {"user_id": "another", "sort": "amount"},
    ],
)
async def test_a_bad_query_is_400(world: World, client: httpx.AsyncClient, query: dict[str, str]) -> None:
    answer = await client.get(URL, params=query, headers=world.headers())

    assert (400, "invalid_request") == (answer.status_code, answer.json()["code"])
    for name in query:
        assert name in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/api/v1/plans", "user_type"),
        ("/api/v1/subscription", "none"),
        ("/api/v1/subscriptions", "user_id"),
        ("/api/v1/users/u1/subscription", "none"),
        (f"{URL}/01900000-0000-7000-8000-000000000001", "none"),
    ],
)
async def test_a_parameter_that_a_route_does_not_have_is_refused_by_name(
    world: World, client: httpx.AsyncClient, path: str, known: str
) -> None:
    headers = world.headers(scope="subscriptions:read")
    answer = await client.get(path, params={"usertype": "talent", "x" * 200: ""}, headers=headers)

    reason = f"no such parameter; known here: {known}"
    assert 400 == answer.status_code
    assert [{"pointer": name, "detail": reason} for name in ("usertype", "x" * 40)] == answer.json()["errors"]


async def test_another_members_payment_reads_the_same_as_an_unknown_one(
    world: World, client: httpx.AsyncClient
) -> None:
    checkout = await start(world, client, a_member())
    unknown = str(uuid4())
    headers = world.headers(a_member())

    foreign = await client.get(f"{URL}/{checkout['payment_id']}", headers=headers)
    absent = await client.get(f"{URL}/{unknown}", headers=headers)

    assert (404, "not_found") == (foreign.status_code, foreign.json()["code"])
    assert 404 == absent.status_code
    assert foreign.json()["detail"].replace(checkout["payment_id"], unknown) == absent.json()["detail"]


async def test_another_members_payment_is_no_cursor(world: World, client: httpx.AsyncClient) -> None:
    checkout = await start(world, client, a_member())

    answer = await client.get(URL, params={"starting_after": checkout["payment_id"]}, headers=world.headers())

    assert 400 == answer.status_code


@pytest.mark.parametrize(
    "query",
    [
        f"{URL}?status=null",
        f"{URL}?status=NULL",
        f"{URL}?created[gte]=null",
        f"{URL}?starting_after=null",
        "/api/v1/plans?user_type=null",
    ],
)
async def test_the_word_null_is_refused_where_it_would_read_as_no_filter(
    world: World, client: httpx.AsyncClient, query: str
) -> None:
    answer = await client.get(query, headers=world.headers())

    assert 400 == answer.status_code
    assert [query.split("?")[1].split("=")[0]] == [fault["pointer"] for fault in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("limit=1&limit=2", "limit: is there more than once"),
        ("limit=2_0", "limit: is a whole number"),
        ("limit=", "limit: is a whole number"),
        ("status=PAID", "status: is one of PENDING, PROCESSING, SUCCEEDED"),
    ],
)
async def test_a_parameter_that_could_be_misread_is_refused_with_what_it_may_be(
    world: World, client: httpx.AsyncClient, query: str, reason: str
) -> None:
    answer = await client.get(f"{URL}?{query}", headers=world.headers(a_member()))

    assert (400, "invalid_request") == (answer.status_code, answer.json()["code"])
    assert answer.json()["detail"].startswith(reason)


async def test_a_method_that_an_address_does_not_take_is_answered_with_those_that_it_takes(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.delete("/api/v1/plans")

    assert (405, "method_not_allowed") == (answer.status_code, answer.json()["code"])
    assert f"This address takes {answer.headers['allow']}." == answer.json()["detail"]
    assert "GET" in answer.headers["allow"]
