"""What an operator reads at /metrics: what was answered, delivered and stored, in few words and none about a person."""

from datetime import datetime

import httpx
import pytest

from application.errors import TryAgain
from application.ports.counts import Counts, StoreCounts
from application.ports.gateway import CheckoutCompleted, Delivery
from builders import a_member, an_event
from entrypoints.metrics.exposition import Exposition
from http_world import World
from metrics_page import Samples, read, sample


async def samples(client: httpx.AsyncClient) -> Samples:
    """The samples of the page by name and labels."""
    return read((await client.get("/metrics")).text)


async def test_a_paid_checkout_is_seen_in_requests_deliveries_payments_and_jobs(
    world: World, client: httpx.AsyncClient
) -> None:
    member = a_member()
    checkout = (await client.post("/api/v1/checkouts", json={}, headers=world.headers(member))).json()
    event = an_event(CheckoutCompleted(world.gateway.pay(checkout["checkout_session_id"])), created=world.clock.now())
    for _ in range(2):
        delivery: Delivery = world.reader.signed(event)
        await client.post(
            "/api/webhooks/stripe",
            content=delivery.body,
            headers={"Stripe-Signature": delivery.signature or "", "Content-Type": "application/json"},
        )
    found = await samples(client)

    route = "/api/v1/checkouts"
    assert 1 == sample(found, "payments_http_requests_total", method="POST", route=route, status="201")
    assert 1 == sample(found, "payments_http_request_seconds_count", route=route)
    assert 1 == sample(found, "payments_webhook_deliveries_total", outcome="handled")
    assert 1 == sample(found, "payments_webhook_deliveries_total", outcome="repeated")
    assert 1 == sample(found, "payments_webhook_lag_seconds_count")
    assert 1 == sample(found, "payments_begun_last_day", status="SUCCEEDED", currency="mad")
    assert 1 == sample(found, "payments_jobs", kind="issue_receipt", state="ready")
    assert 0 == sample(found, "payments_jobs", kind="retry_event", state="dead")
    assert 1 == sample(found, "payments_database_up")


async def test_what_is_turned_away_at_the_door_is_counted_by_why(world: World, client: httpx.AsyncClient) -> None:
    await client.post("/api/webhooks/stripe", content=b"{}", headers={"Stripe-Signature": "t=1,v1=00"})
    found = await samples(client)

    assert 1 == sample(found, "payments_webhook_deliveries_total", outcome="bad_signature")


async def test_nobody_is_named_and_no_stranger_makes_the_page_longer(world: World, client: httpx.AsyncClient) -> None:
    member = a_member()
    checkout = (await client.post("/api/v1/checkouts", json={}, headers=world.headers(member))).json()
    for path in ("/nowhere/1", "/nowhere/2", f"/api/v1/payments/{checkout['payment_id']}"):
        await client.get(path, headers=world.headers(member))
    await client.request("BREW", "/nowhere/3")
    answer = await client.get("/metrics")
    found = read(answer.text)

    assert 2 == sample(found, "payments_http_requests_total", method="GET", route="other", status="404")
    assert 1 == sample(
        found, "payments_http_requests_total", method="GET", route="/api/v1/payments/{payment_id}", status="200"
    )
    assert not any(
        word in answer.text
        for word in ("nowhere", "BREW", member.user_id, checkout["payment_id"], checkout["checkout_session_id"])
    )


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [("", "text/plain"), ("text/html", "text/plain"), ("application/openmetrics-text; version=1.0.0", "openmetrics")],
)
async def test_the_page_is_written_in_the_form_that_is_asked_for(
    client: httpx.AsyncClient, accept: str, media_type: str
) -> None:
    answer = await client.get("/metrics", headers={"Accept": accept})

    assert (200, "no-store") == (answer.status_code, answer.headers["cache-control"])
    assert media_type in answer.headers["content-type"]
    assert "openmetrics" != media_type or answer.text.endswith("# EOF\n")


class Counting:
    """Counts as often as it is asked, unless the store is away."""

    def __init__(self, world: World) -> None:
        self.asked = 0
        self.away = False
        self._counts: Counts = world.container.counts()

    async def taken(self, *, begun_since: datetime) -> StoreCounts:
        self.asked += 1
        if self.away:
            raise TryAgain("the database is away")
        return await self._counts.taken(begun_since=begun_since)


async def test_the_store_is_counted_once_however_many_ask(world: World) -> None:
    counts = Counting(world)
    exposition = Exposition(measures=world.container.measures(), counts=counts, clock=world.clock)
    pages = [await exposition("") for _ in range(3)]

    assert 1 == counts.asked
    assert 3 == len(pages)


async def test_a_store_that_is_away_is_told_and_its_counts_are_left_out(world: World) -> None:
    counts = Counting(world)
    counts.away = True
    page, _ = await Exposition(measures=world.container.measures(), counts=counts, clock=world.clock)("")
    found = read(page.decode())

    assert 0 == sample(found, "payments_database_up")
    assert not any(name == "payments_jobs" for name, _ in found)
    assert any(name.startswith("payments_database_wait_seconds") for name, _ in found)
