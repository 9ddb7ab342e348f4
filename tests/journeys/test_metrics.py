"""The counters of real processes: a worker's on a page of its own, and those of several processes at one port together."""

import httpx

from entrypoints.cli.demo import free_port
from journeys.parts import eventually
from journeys.shopper import Shopper
from journeys.system import System
from metrics_page import Samples, read, sample

REQUESTS = 20


def page_of(url: str) -> Samples:
    """The samples of a page, asked for over a connection of its own."""
    return read(httpx.get(f"{url}/metrics", timeout=10).text)


def test_a_worker_tells_of_its_jobs_calls_and_mails(system: System) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    system.worker.stop()
    worker = system.another_worker("--metrics-port", str(port))
    worker.start()
    shopper = Shopper(system)
    shopper.receipt_number(shopper.buys())
    eventually(
        "the call to Stripe is counted",
        lambda: sample(
            page_of(url), "payments_stripe_call_seconds_count", operation="invoices.retrieve", outcome="answered"
        ),
    )
    eventually("the mail is counted", lambda: sample(page_of(url), "payments_mail_call_seconds_count", outcome="sent"))
    found = page_of(url)
    unknown = httpx.get(f"{url}/other")

    assert 0 == worker.stop()
    assert 1 == sample(found, "payments_job_seconds_count", kind="issue_receipt", outcome="done")
    assert 1 == sample(found, "payments_mail_call_seconds_count", outcome="sent")
    assert 1 == sample(found, "payments_database_up")
    assert sample(found, "payments_event_loop_late_seconds_count")
    assert 404 == unknown.status_code
    assert "Traceback" not in worker.said()


def test_processes_at_one_port_tell_the_same_whichever_of_them_answers(system: System) -> None:
    service = system.another_service("--workers", "2")
    service.start()
    # A connection of its own for each request: any of the processes may take it.
    with httpx.Client(headers={"Connection": "close"}, timeout=10) as client:
        for _ in range(REQUESTS):
            client.get(f"{service.url}/health/live")
        pages = [read(client.get(f"{service.url}/metrics").text) for _ in range(6)]
    service.stop()
    told = [
        sample(page, "payments_http_requests_total", method="GET", route="/health/live", status="200") for page in pages
    ]

    assert [REQUESTS] * 6 == told
