"""What the law gives to members, as an operator does it on a running system: a copy, and to be forgotten, at Stripe too."""

import json
import subprocess

import httpx
import pytest

from journeys.parts import PAYMENTS
from journeys.shopper import Shopper
from journeys.system import Json, System


def member(system: System, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """What `payments member` does with these words."""
    return subprocess.run(
        [*PAYMENTS, "member", *arguments],
        cwd=system.folder,
        env=system.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def audited(system: System) -> str:
    """What the audit says of the system: other journeys, which tamper with payments of theirs, may have gone before."""
    done = subprocess.run(
        [*PAYMENTS, "audit"], cwd=system.folder, env=system.environment, capture_output=True, text=True, check=False
    )
    return done.stdout


def stripe_knows(system: System, customer_id: str) -> bool:
    """Whether Stripe has a customer of that id."""
    secret = system.secrets.stripe_secret_key
    answer = httpx.get(
        f"{system.sandbox_url}/v1/customers/{customer_id}", headers={"Authorization": f"Bearer {secret}"}
    )
    return answer.status_code == 200


def test_a_member_is_given_a_copy_and_then_forgotten_here_and_at_stripe(system: System) -> None:
    shopper = Shopper(system)
    checkout = shopper.buys()
    number = shopper.receipt_number(checkout)
    copy: Json = json.loads(member(system, "export", shopper.user_id).stdout)
    customer_id = copy["contact"]["stripe_customer_id"]
    before = audited(system)
    known_before = stripe_knows(system, customer_id)
    kept = member(system, "erase", shopper.user_id, "--reason", "asked in writing")
    words = ("erase", shopper.user_id, "--reason", "asked in writing", "--forfeit-access", "--json")
    first, second = (member(system, *words) for _ in range(2))
    pseudonym = json.loads(first.stdout)["pseudonym"]
    (row,) = system.rows(
        "SELECT p.user_id, p.amount_minor, i.number, c.email || c.name AS who FROM payments p JOIN customers c USING (user_id)"
        " JOIN invoices i ON i.payment_id = p.id WHERE p.id = $1",
        checkout["payment_id"],
    )
    after = audited(system)

    assert (shopper.email, "Salma Bennani") == (copy["contact"]["email"], copy["contact"]["name"])
    assert [(checkout["payment_id"], number)] == [(one["id"], one["invoice"]["number"]) for one in copy["payments"]]
    assert [[shopper.email]] == [mail["to"].split() for mail in copy["mails"]]
    assert (1, True) == (kept.returncode, "paid time is left" in kept.stderr)
    assert (0, 0) == (first.returncode, second.returncode)
    assert json.loads(second.stdout)["pseudonym"] is None
    assert (pseudonym, 30000, number, "") == tuple(row)
    assert (True, False) == (known_before, stripe_knows(system, customer_id))
    assert 1 == member(system, "export", shopper.user_id).returncode
    assert before == after


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export", "a/b"), "no slash"),
        (("erase", "user_1"), "Missing option '--reason'"),
        (("erase", "user_1", "--reason", " "), "1 to 200 printable characters"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_clear_word(system: System, words: tuple[str, ...], said: str) -> None:
    answer = member(system, *words)

    assert 2 == answer.returncode
    assert said in answer.stderr


@pytest.mark.parametrize("name", ["export", "erase"])
def test_the_help_of_every_command_shows_an_example(system: System, name: str) -> None:
    assert f"Example: payments member {name}" in member(system, name, "--help").stdout
