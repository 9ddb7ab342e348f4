"""What goes wrong in a real process is reported to a Sentry, with our own ids and without anybody's."""

import json
import signal
import time

from entrypoints.cli.demo import free_port
from entrypoints.sandbox.events import signature_header
from journeys.parts import Part, eventually
from journeys.sentry import listening
from journeys.system import System

CANARY = "canary.of.reports@members.example.org"


def spoiled(system: System, service: Part) -> str:
    """The id of an event that a service cannot read, and that has an address in it."""
    name = f"evt_spoiled_{time.time_ns()}"
    told = {"id": name, "object": "event", "type": "checkout.session.completed", "created": int(time.time())}
    session = {"id": 7, "customer_details": {"email": CANARY}, "status": CANARY}
    body = json.dumps(told | {"livemode": False, "data": {"object": session}}).encode()
    signature = signature_header(body, int(time.time()), [system.secrets.stripe_webhook_secret])
    answer = system.web.post(
        f"{service.url}/api/webhooks/stripe", content=body, headers={"Stripe-Signature": signature}
    )
    assert 200 == answer.status_code
    return name


def test_an_error_is_reported_with_what_it_was_about_and_with_nobody(system: System) -> None:
    system.worker.stop()
    with listening() as sentry:
        service = system.another_service(SENTRY_DSN=sentry.dsn)
        service.start()
        name = spoiled(system, service)
        eventually("the error is reported", lambda: sentry.events)
        service.stop()
    system.rows("DELETE FROM jobs WHERE subject = $1", name)
    system.rows("DELETE FROM events WHERE id = $1", name)
    (event,) = sentry.events

    assert ("error", "application.receive_event", "local") == (event["level"], event["logger"], event["environment"])
    assert event["logentry"]["formatted"].startswith(f"event {name} of type checkout.session.completed could not be")
    assert name == event["tags"]["event_id"]
    assert event["tags"].keys() == {"request_id", "event_id"}
    assert not event.keys() & {"user", "request", "extra", "breadcrumbs", "server_name", "modules"}
    for secret in (CANARY, system.secrets.stripe_webhook_secret, system.secrets.stripe_secret_key):
        assert secret.encode() not in sentry.raw


def test_a_sentry_that_is_away_holds_nobody_up(system: System) -> None:
    system.worker.stop()
    service = system.another_service(SENTRY_DSN=f"http://public@127.0.0.1:{free_port()}/1")
    service.start()
    name = spoiled(system, service)
    service.signal(signal.SIGTERM)
    code = service.exit_code(seconds=6)
    system.rows("DELETE FROM jobs WHERE subject = $1", name)
    system.rows("DELETE FROM events WHERE id = $1", name)

    assert 0 == code
    assert "Traceback" not in service.said()
