"""One trace from checkout to mail: real processes send it to a real collector, and it says nothing of whom it is about."""

import json
import signal
import time
from collections.abc import Iterator
from typing import Final
from uuid import UUID

import pytest

from entrypoints.cli.demo import free_port
from entrypoints.sandbox.events import signature_header
from journeys.collector import Collector, collecting
from journeys.parts import Part, eventually
from journeys.shopper import Shopper
from journeys.system import Json, System

CALLER: Final = "0af7651916cd43dd8448eb211c80319c"
QUICKLY: Final = {"OTEL_BSP_SCHEDULE_DELAY": "50"}


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector of traces."""
    with collecting() as found:
        yield found


def traced(system: System, endpoint: str) -> tuple[Part, Part]:
    """A service and the only worker, which run and send their traces to a collector."""
    system.worker.stop()
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, **QUICKLY}
    service, worker = system.another_service(**settings), system.another_worker(**settings)
    for part in (service, worker):
        part.start()
    return service, worker


def bought(system: System, service: Part, shopper: Shopper) -> Json:
    """A checkout that was begun at a service, paid, and told of there; its member has their mail, and nothing is left to do."""
    base = service.url
    headers = shopper.headers | {"traceparent": f"00-{CALLER}-b7ad6b7169203331-01"}
    checkout: Json = system.web.post(f"{base}/api/v1/checkouts", json={}, headers=headers).json()
    system.sandbox_told("POST", "deliveries/pause")
    shopper.pays(checkout)
    body = json.dumps(system.event_of(checkout["checkout_session_id"])).encode()
    signature = signature_header(body, int(time.time()), [system.secrets.stripe_webhook_secret])
    delivered = system.web.post(f"{base}/api/webhooks/stripe", content=body, headers={"Stripe-Signature": signature})
    assert 200 == delivered.status_code
    shopper.receipt_number(checkout)
    left = "SELECT FROM jobs WHERE state IN ('ready', 'leased')"
    eventually("the worker has nothing left to do", lambda: not system.rows(left))
    return checkout


def test_a_payment_is_one_trace_from_its_checkout_to_its_mail(system: System, collector: Collector) -> None:
    service, worker = traced(system, collector.url)
    shopper = Shopper(system)
    checkout = bought(system, service, shopper)
    trace = UUID(checkout["payment_id"]).hex
    eventually("the mail is in the trace", lambda: "send mail" in [span.name for span in collector.of_trace(trace)])
    for part in (service, worker):
        part.stop()
    spans = collector.of_trace(trace)
    works = {span.name: span for span in spans if not span.parent}
    steps = [(span.name, span.parent) for span in spans if span.parent]
    calls = [span for span in spans if span.name.startswith("stripe ")]

    assert ["POST /api/v1/checkouts", "POST /api/webhooks/stripe"] == list(works)[:2]
    assert {"job issue_receipt", "job send_confirmation"} <= works.keys()
    assert ("stripe checkout.sessions.create", works["POST /api/v1/checkouts"].id) in steps
    assert ("send mail", works["job send_confirmation"].id) in steps
    assert {"talents-acting-payments"} == {span.service for span in spans}
    assert {checkout["payment_id"]} == {span.attributes["payments.payment_id"] for span in works.values()}
    assert "201" == works["POST /api/v1/checkouts"].attributes["http.response.status_code"]
    assert works["POST /api/webhooks/stripe"].attributes["payments.event_id"].startswith("evt_")
    assert all(span.attributes["payments.stripe_request_id"].startswith("req_") for span in calls)
    assert [CALLER] == works["POST /api/v1/checkouts"].links
    assert not [span for span in spans if span.failed or span.ended_at < span.began_at]
    for secret in (shopper.user_id, shopper.email, shopper.token, "Bennani", system.secrets.stripe_webhook_secret):
        assert secret.encode() not in collector.raw


def test_a_collector_that_is_away_holds_nobody_up(system: System) -> None:
    service, worker = traced(system, f"http://127.0.0.1:{free_port()}")
    bought(system, service, Shopper(system))
    for part in (service, worker):
        part.signal(signal.SIGTERM)

    assert [0, 0] == [part.exit_code(seconds=6) for part in (service, worker)]
    assert "Traceback" not in service.said() + worker.said()
