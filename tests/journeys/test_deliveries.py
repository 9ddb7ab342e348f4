"""Stripe tells of a payment twice, late, never, in another order or too early: the outcome is the same."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from journeys.parts import PAYMENTS, eventually
from journeys.shopper import Shopper
from journeys.system import System

OUTCOME = """
    SELECT p.status, (SELECT count(*) FROM periods WHERE payment_id = p.id) AS periods,
           (SELECT count(*) FROM audit WHERE entity_id = p.id::text AND to_status = 'SUCCEEDED') AS successes,
           (SELECT count(*) FROM jobs WHERE subject = p.id::text AND kind = 'issue_receipt') AS receipts
      FROM payments p WHERE user_id = $1
"""


def one_success(shopper: Shopper) -> bool:
    """Whether the member has one payment, paid once, for one year, with one receipt and one mail."""
    outcome = [tuple(row) for row in shopper.system.rows(OUTCOME, shopper.user_id)]
    eventually("the mail has come", shopper.mails)
    return outcome == [("SUCCEEDED", 1, 1, 1)] and len(shopper.mails()) == 1


def test_an_event_that_comes_five_times_at_once_counts_once(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    system.spoil_next_event("duplicate", copies=5)
    shopper.pays(checkout)
    deliveries = system.deliveries_of(system.event_of(checkout["checkout_session_id"]))

    assert 5 == len(deliveries)
    assert [[200]] * 5 == [[attempt["status"] for attempt in delivery["attempts"]] for delivery in deliveries]
    assert one_success(shopper)


def test_one_payment_told_under_two_event_ids_counts_once(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    system.spoil_next_event("twin")
    shopper.pays(checkout)
    shopper.receipt_number(checkout)

    assert one_success(shopper)


def test_an_event_that_was_lost_counts_when_it_is_sent_again(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    system.spoil_next_event("lose")
    shopper.pays(checkout)
    before = shopper.payment(checkout)["status"]
    event = system.event_of(checkout["checkout_session_id"])
    system.sandbox_told("POST", f"events/{event['id']}/resend")
    shopper.payment_that_is(checkout, "SUCCEEDED")

    assert "PENDING" == before
    assert one_success(shopper)


def test_a_member_whose_event_was_lost_cannot_pay_a_second_time(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    system.spoil_next_event("lose")
    shopper.pays(checkout)
    shopper.starts()
    second = shopper.pays(checkout)
    charges = system.sandbox_told("GET", "events?type=charge.succeeded")["data"]

    assert 409 == second.status_code
    assert 1 == len([one for one in charges if one["data"]["object"]["metadata"]["user_id"] == shopper.user_id])
    assert 1 == len(shopper.ask("payments")["data"])


def test_an_event_whose_answer_was_lost_comes_again_and_changes_nothing(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    system.spoil_next_event("forget_answer")
    with ThreadPoolExecutor(1) as pool:
        paying = pool.submit(shopper.pays, checkout)
        shopper.payment_that_is(checkout, "SUCCEEDED")
        eventually("a second try waits", lambda: system.sandbox_told("POST", "deliveries/hurry")["hurried"])
        paying.result()
    (delivery,) = system.deliveries_of(system.event_of(checkout["checkout_session_id"]))

    assert [200, 200] == [attempt["status"] for attempt in delivery["attempts"]]
    assert one_success(shopper)


def test_success_that_arrives_before_completion_ends_the_same(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    system.spoil_next_event("hold", "checkout.session.*", times=2)
    shopper.presses(checkout, "delayed")
    before = shopper.payment(checkout)["status"]
    shopper.bank_decides(checkout, "settle")
    shopper.payment_that_is(checkout, "SUCCEEDED")
    session_id = checkout["checkout_session_id"]
    (completed,) = system.deliveries_of(system.event_of(session_id))
    (settled,) = system.deliveries_of(system.event_of(session_id, "checkout.session.async_payment_succeeded"))

    assert "PENDING" == before
    assert settled["attempts"][0]["at"] < completed["attempts"][0]["at"]
    assert (200, 200) == (settled["attempts"][0]["status"], completed["attempts"][0]["status"])
    assert one_success(shopper)


def test_an_event_that_comes_late_counts_when_it_comes(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    system.spoil_next_event("delay", seconds=0.6)
    shopper.bank_decides(checkout, "pay")
    before = shopper.payment(checkout)["status"]
    shopper.payment_that_is(checkout, "SUCCEEDED")

    assert "PENDING" == before
    assert one_success(shopper)


def test_an_event_that_comes_before_the_answer_to_the_checkout_counts(system: System) -> None:
    shopper = Shopper(system)
    path = "/v1/checkout/sessions"
    system.spoil_next_call("status_after", path, method="POST", should_retry=False)
    unanswered = shopper.starts()
    created = system.rows("SELECT id, checkout_session_id FROM payments WHERE user_id = $1", shopper.user_id)
    listed = system.web.get(f"{system.sandbox_url}{path}?limit=1", auth=(system.secrets.stripe_secret_key, "")).json()
    session = listed["data"][0]
    system.sandbox_told("POST", f"sessions/{session['id']}/pay")
    checkout = {"payment_id": str(created[0]["id"])}
    paid = shopper.payment_that_is(checkout, "SUCCEEDED")

    assert (503, "provider_unavailable") == (unanswered.status_code, unanswered.json()["code"])
    assert created[0]["checkout_session_id"] is None
    assert (session["client_reference_id"], session["id"]) == (checkout["payment_id"], paid["checkout_session_id"])
    assert 409 == shopper.starts().status_code
    assert one_success(shopper)


@pytest.mark.parametrize("kind", ["wrong_secret", "stale", "wrong_livemode"])
def test_a_delivery_that_is_not_in_order_changes_nothing_until_it_comes_in_order(system: System, kind: str) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    system.spoil_next_event(kind)
    shopper.bank_decides(checkout, "pay")
    eventually("the next try waits", lambda: system.sandbox_told("POST", "deliveries/hurry")["hurried"])
    shopper.payment_that_is(checkout, "SUCCEEDED")
    (delivery,) = system.deliveries_of(system.event_of(checkout["checkout_session_id"]))

    assert [400, 200] == [attempt["status"] for attempt in delivery["attempts"]]
    assert one_success(shopper)


def test_what_a_stranger_signs_is_refused_and_leaves_no_trace(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    system.spoil_next_event("lose")
    shopper.bank_decides(checkout, "pay")
    event = system.event_of(checkout["checkout_session_id"])
    answer = system.deliver(json.dumps(event).encode(), secret="whsec_of_a_stranger_0123456789")

    assert (400, "signature_invalid") == (answer.status_code, answer.json()["code"])
    assert "PENDING" == shopper.payment(checkout)["status"]
    assert [] == system.rows("SELECT id FROM events WHERE id = $1", event["id"])


def test_an_event_that_never_came_to_a_member_who_never_came_back_is_made_up_for(system: System) -> None:
    system.spoil_next_event("lose")
    shopper = Shopper(system)
    checkout = shopper.checkout()
    shopper.bank_decides(checkout, "pay")
    run = subprocess.run(
        [*PAYMENTS, "reconcile", "--json"],
        cwd=system.folder,
        env=system.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = json.loads(run.stdout)

    assert 0 == run.returncode, run.stderr
    (difference,) = [one for one in found["differences"] if one["id"] == checkout["payment_id"]]
    assert ("PENDING", "SUCCEEDED") == (difference["before"], difference["after"])
    assert shopper.receipt_number(checkout)
    assert 1 == len(shopper.mails())
