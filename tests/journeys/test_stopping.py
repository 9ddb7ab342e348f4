"""A process that is told to stop finishes what it has begun, and leaves with exit code 0."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from journeys.parts import answers, eventually
from journeys.shopper import Shopper
from journeys.system import System


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_service_and_the_worker_stop_within_seconds(system: System, number: signal.Signals) -> None:
    system.service.signal(number)
    system.worker.signal(number)

    assert 0 == system.service.exit_code(seconds=5)
    assert 0 == system.worker.exit_code(seconds=5)
    assert "Traceback" not in system.service.said() + system.worker.said()
    assert not answers(system.url)


def test_a_request_under_way_is_answered_before_the_service_stops(system: System) -> None:
    shopper = Shopper(system)
    system.sandbox_told("DELETE", "requests")
    system.spoil_next_call("latency", "/v1/checkout/sessions", method="POST", seconds=1.0)
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(shopper.starts)
        system.stripe_has_seen("/v1/checkout/sessions", before=starting)
        system.service.signal(signal.SIGTERM)
        answer = starting.result()
    code = system.service.exit_code()

    assert (201, "PENDING") == (answer.status_code, answer.json()["status"])
    assert 0 == code


def test_a_job_under_way_is_done_before_the_worker_stops(system: System) -> None:
    shopper = Shopper(system)
    system.sandbox_told("DELETE", "requests")
    system.spoil_next_call("latency", "/v1/invoices/*", seconds=1.0)
    checkout = shopper.buys()
    system.stripe_has_seen("/v1/invoices/*")
    system.worker.signal(signal.SIGTERM)
    code = system.worker.exit_code()
    jobs = system.rows("SELECT kind, attempts, state FROM jobs WHERE subject = $1", checkout["payment_id"])

    assert 0 == code
    assert not [job for job in jobs if job["state"] == "leased"]
    assert [1] == [job["attempts"] for job in jobs if job["kind"] == "collect_invoice"]


def test_processes_whose_parent_was_killed_end_and_leave_the_port_and_no_folder(system: System, tmp_path: Path) -> None:
    service = system.another_service("--workers", "2", TMPDIR=str(tmp_path))
    service.start()
    left_at_work = [path.name for path in tmp_path.glob("payments_metrics_*")]
    service.kill()
    eventually("nobody answers", lambda: not answers(service.url))
    eventually("their folder is gone", lambda: not list(tmp_path.glob("payments_metrics_*")))
    service.start()
    again = system.web.get(f"{service.url}/health/ready").status_code
    code = service.stop()

    assert 1 == len(left_at_work)
    assert (200, 0) == (again, code)


def test_two_processes_serve_one_port_and_stop_together(system: System) -> None:
    service = system.another_service("--workers", "2")
    service.start()
    answered = {system.web.get(f"{service.url}/health/ready").status_code for _ in range(8)}
    too_large = system.web.get(f"{service.url}/health/live", headers={"X-Long": "a" * 20_000}).status_code
    service.signal(signal.SIGTERM)
    code = service.exit_code()
    eventually("nobody answers", lambda: not answers(service.url))

    assert {200} == answered
    assert 431 == too_large
    assert 0 == code
    assert "Traceback" not in service.said()
