"""Money goes back through the real service: from the dashboard, by itself, by an operator, and after a week without a word."""

import subprocess

import pytest

from journeys.parts import PAYMENTS, eventually
from journeys.shopper import Shopper
from journeys.system import Json, System


def access(shopper: Shopper) -> Json:
    """What the platform is told about the member."""
    return shopper.ask("subscription")


def run(system: System, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command of the operator's."""
    return subprocess.run(
        [*PAYMENTS, *arguments], cwd=system.folder, env=system.environment, capture_output=True, text=True, timeout=60
    )


def test_a_refund_in_the_dashboard_ends_the_access_and_its_failure_brings_it_back(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.buys()
    shopper.receipt_number(checkout)
    refund = system.sandbox_told("POST", f"payments/{checkout['checkout_session_id']}/refund")
    refunded = shopper.payment_that_is(checkout, "REFUNDED")
    without = access(shopper)
    mails = eventually("the notice has come", lambda: shopper.mails() if len(shopper.mails()) > 1 else None) or []
    system.sandbox_told("POST", f"refunds/{refund['id']}/fail")
    shopper.payment_that_is(checkout, "SUCCEEDED")

    assert 30000 == refunded["amount_refunded"]
    assert ("CANCELLED", False) == (without["status"], without["access"])
    assert 2 == len(mails)
    assert ("ACTIVE", True) == (access(shopper)["status"], access(shopper)["access"])


def test_a_dispute_is_shown_beside_the_status_and_takes_the_time_when_it_is_lost(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.buys()
    shopper.payment_that_is(checkout, "SUCCEEDED")
    dispute = system.sandbox_told("POST", f"payments/{checkout['checkout_session_id']}/dispute")
    eventually("the dispute is open", lambda: shopper.payment(checkout)["dispute"] == "OPEN")
    still = access(shopper)["access"]
    system.sandbox_told("POST", f"disputes/{dispute['id']}/lose")
    eventually("the dispute is lost", lambda: shopper.payment(checkout)["dispute"] == "LOST")

    assert still
    assert ("SUCCEEDED", "CANCELLED") == (shopper.payment(checkout)["status"], access(shopper)["status"])


def test_a_second_payment_is_given_back_by_itself_and_the_member_is_told(system: System) -> None:
    shopper = Shopper(system)
    first = shopper.checkout()
    system.spoil_next_event("lose", type="checkout.session.expired")
    system.rows("UPDATE payments SET status = 'EXPIRED' WHERE id = $1::uuid", first["payment_id"])
    second = shopper.checkout()
    shopper.bank_decides(first, "pay")
    shopper.payment_that_is(first, "SUCCEEDED")
    shopper.bank_decides(second, "pay")
    duplicate = shopper.payment_that_is(second, "REFUNDED")
    mails = eventually("both mails have come", lambda: shopper.mails() if len(shopper.mails()) > 1 else None) or []

    assert 30000 == duplicate["amount_refunded"]
    assert 1 == len(system.rows("SELECT 1 FROM periods WHERE user_id = $1", shopper.user_id))
    assert 1 == len(system.rows("SELECT 1 FROM refunds WHERE payment_intent_id = $1", duplicate["payment_intent_id"]))
    assert any("deux fois" in mail.subject for mail in mails)


def test_after_all_events_were_lost_one_command_makes_all_true_again(system: System) -> None:
    shoppers = [Shopper(system) for _ in range(3)]
    checkouts = [shopper.checkout() for shopper in shoppers]
    told = system.sandbox_told("GET", "settings")["webhook_url"]
    system.sandbox_told("POST", "settings", {"webhook_url": None})
    for shopper, checkout in zip(shoppers, checkouts, strict=True):
        shopper.bank_decides(checkout, "pay")
    system.sandbox_told("POST", f"payments/{checkouts[1]['checkout_session_id']}/refund")
    system.sandbox_told("POST", f"payments/{checkouts[2]['checkout_session_id']}/dispute")
    system.sandbox_told("POST", "settings", {"webhook_url": told})
    healed = run(system, "reconcile")
    again = run(system, "reconcile")

    assert 0 == healed.returncode, healed.stdout + healed.stderr
    assert ["SUCCEEDED", "REFUNDED", "SUCCEEDED"] == [
        shopper.payment(checkout)["status"] for shopper, checkout in zip(shoppers, checkouts, strict=True)
    ]
    assert "OPEN" == shoppers[2].payment(checkouts[2])["dispute"]
    assert again.stdout.strip().endswith("repaired 0, differences 0")


@pytest.mark.parametrize(("verb", "status"), [("accept", "SUCCEEDED"), ("refund", "REFUNDED")])
def test_an_operator_decides_on_money_that_does_not_match(system: System, verb: str, status: str) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    system.rows("UPDATE payments SET amount_minor = 31000 WHERE id = $1::uuid", checkout["payment_id"])
    shopper.pays(checkout)
    review = shopper.payment_that_is(checkout, "REVIEW")["review"]
    listed = run(system, "review", "list")
    decided = run(system, "review", verb, checkout["payment_id"], "--operator", "treasury")
    twice = run(system, "review", verb, checkout["payment_id"])

    assert (31000, 30000) == (review["expected"]["amount"], review["received"]["amount"])
    assert f"{checkout['payment_id']}" in listed.stdout
    assert "asked for 31000 mad, received 30000 mad" in listed.stdout
    assert (0, f"Payment {checkout['payment_id']} is {status}.\n") == (decided.returncode, decided.stdout), (
        decided.stderr
    )
    assert 0 == twice.returncode, twice.stderr
    assert status == shopper.payment(checkout)["status"]
    assert 1 == len(
        system.rows(
            "SELECT 1 FROM audit WHERE entity_id = $1 AND actor = 'operator:treasury' AND from_status = 'REVIEW' LIMIT 1",
            checkout["payment_id"],
        )
    )


def test_a_paid_checkout_whose_payment_was_lost_is_adopted_and_its_member_has_their_year(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    payment_id, session_id = checkout["payment_id"], checkout["checkout_session_id"]
    for table, column in (("checkouts", "payment_id::text"), ("payments", "id::text"), ("customers", "user_id")):
        wanted = shopper.user_id if table == "customers" else payment_id
        system.rows(f"DELETE FROM {table} WHERE {column} = $1", wanted)
    unpaid = run(system, "review", "adopt", session_id)
    shopper.bank_decides(checkout, "pay")
    adopted = run(system, "review", "adopt", session_id, "--operator", "treasury", "--reason", "restored")
    again = run(system, "review", "adopt", session_id)
    unknown = run(system, "review", "adopt", "cs_test_nothing")
    shopper.receipt_number(checkout)
    audited = system.rows("SELECT why, actor FROM audit WHERE entity_id = $1 ORDER BY id DESC LIMIT 1", payment_id)

    assert (1, "Error: The checkout is open and not paid: there is nothing to adopt.\n") == (
        *(unpaid.returncode, unpaid.stderr),
    )
    assert 0 == adopted.returncode, adopted.stderr
    assert f"Payment {payment_id} of {shopper.user_id} is SUCCEEDED: talent_membership, 30000 mad" in adopted.stdout
    assert "is SUCCEEDED already" in again.stdout
    assert (1, "Error: The payment provider knows no checkout of that id, in the mode of our key.\n") == (
        *(unknown.returncode, unknown.stderr),
    )
    assert ("ACTIVE", True) == (access(shopper)["status"], access(shopper)["access"])
    assert [("adopted from its paid checkout: restored", "operator:treasury")] == [
        tuple(row.values()) for row in audited
    ]
