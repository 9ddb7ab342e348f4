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
