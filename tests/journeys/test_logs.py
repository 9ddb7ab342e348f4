"""What the processes log of everything that happens: enough to follow a request, and nothing that must not be known."""

import json

from journeys.conftest import DATABASE_PASSWORD
from journeys.parts import eventually
from journeys.shopper import Shopper
from journeys.system import System


def test_every_line_of_a_request_carries_its_id(system: System) -> None:
    shopper = Shopper(system)
    shopper.headers |= {"Request-Id": f"journey-of-{shopper.user_id}"}
    system.spoil_next_call("status", "/v1/customers", method="POST", status=429, should_retry=False)
    answer = shopper.starts()
    eventually("the answer is logged", lambda: "/checkouts answered 503" in system.service.said())
    lines = [json.loads(line) for line in system.service.said().splitlines()]
    own = [line for line in lines if line.get("request_id") == f"journey-of-{shopper.user_id}"]

    assert f"journey-of-{shopper.user_id}" == answer.headers["request-id"]
    assert answer.status_code == 503
    assert {"http", "adapters.stripe.faults"} <= {line["logger"] for line in own}
    assert f"POST /api/v1/checkouts answered {answer.status_code}" in own[-1]["event"]
    assert {"event", "level", "logger", "timestamp"} <= own[-1].keys()


def lines_about(log: str, **ids: str) -> list[dict[str, str]]:
    """The lines that carry these ids."""
    lines = [json.loads(line) for line in log.splitlines()]
    return [line for line in lines if ids.items() <= line.items()]


def test_all_that_is_logged_of_a_payment_is_found_by_its_id_in_each_process(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.buys()
    shopper.receipt_number(checkout)
    event = system.event_of(checkout["checkout_session_id"])
    eventually("the mail is logged", lambda: "job send_confirmation" in system.worker.said())
    served = lines_about(system.service.said(), payment_id=checkout["payment_id"])
    worked = lines_about(system.worker.said(), payment_id=checkout["payment_id"])
    started = [line for line in served if line.get("member_id") == shopper.user_id]
    handled = lines_about(system.service.said(), payment_id=checkout["payment_id"], event_id=event["id"])

    assert any("POST /api/v1/checkouts answered 201" in line["event"] for line in started)
    assert any(line.get("stripe_request_id") for line in started)
    assert [f"event {event['id']} of type {event['type']}: handled"] == [line["event"] for line in handled]
    assert {"issue_receipt", "send_confirmation"} <= {line["event"].split()[1] for line in worked}
    assert all("job_id" in line for line in worked)


def test_every_line_of_the_service_and_the_worker_is_json_of_one_event(system: System) -> None:
    shopper = Shopper(system)
    shopper.receipt_number(shopper.buys())
    lines = [*system.service.said().splitlines(), *system.worker.said().splitlines()]

    assert lines
    assert all(isinstance(json.loads(line)["event"], str) for line in lines)


def test_no_secret_token_address_or_name_is_ever_logged(system: System) -> None:
    shopper, refused = Shopper(system), Shopper(system)
    shopper.receipt_number(shopper.buys())
    refused.headers = {"Authorization": f"Bearer {refused.token}x"}
    refused.starts()
    system.spoil_next_call("status", "/v1/customers", method="POST", status=400)
    Shopper(system).starts()
    system.deliver(b'{"object": "event"}', secret="whsec_of_a_stranger_0123456789")
    secrets = system.secrets
    eventually("the logs are written", lambda: "answered 401" in system.service.said())
    logs = system.logs()
    kept_back = {
        "signing secret": secrets.jwt_secret,
        "Stripe key": secrets.stripe_secret_key,
        "webhook secret": secrets.stripe_webhook_secret,
        "database password": DATABASE_PASSWORD,
        "token": shopper.token,
        "signature of a token": shopper.token.rpartition(".")[2],
        "refused token": refused.token,
        "e-mail address": "@members.example.org",
        "name": "Salma Bennani",
        "authorization": "Bearer ",
    }

    assert [] == [what for what, canary in kept_back.items() if canary in logs]
    assert "send_confirmation" in logs
