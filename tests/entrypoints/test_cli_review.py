"""An operator decides on money that does not match, from the command line."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from application.adopt_checkout import Adoption
from builders import NOON, a_payment
from domain.errors import NothingToRefund
from domain.payment import Figures, Payment, PaymentStatus, Review
from entrypoints.cli import reviewing
from entrypoints.cli.reviewing import as_document, as_lines, review

MISMATCH = a_payment(
    status=PaymentStatus.REVIEW,
    review=Review(expected=Figures(30000, "mad"), received=Figures(29999, "mad")),
    created_at=NOON,
)
DUPLICATE = a_payment(status=PaymentStatus.SUCCEEDED, paid_at=NOON, duplicate=True, created_at=NOON + timedelta(days=1))


def test_each_waiting_payment_is_one_line_with_both_figures() -> None:
    first, second, count = as_lines([MISMATCH, DUPLICATE]).splitlines()

    assert first.startswith(f"{MISMATCH.id}  2026-01-15  ")
    assert first.endswith("mismatch: asked for 30000 mad, received 29999 mad")
    assert second.endswith("duplicate: asked for 30000 mad, received 30000 mad")
    assert "2 waiting" == count


@pytest.mark.parametrize(("payment", "why"), [(MISMATCH, "mismatch"), (DUPLICATE, "duplicate")])
def test_programs_get_the_same(payment: Payment, why: str) -> None:
    (row,) = json.loads(as_document([payment]))

    assert (str(payment.id), why) == (row["id"], row["why"])
    assert {"amount": 30000, "currency": "mad"} == row["expected"]
    assert payment.charged.amount == row["received"]["amount"]


@pytest.mark.parametrize("name", sorted(review.commands))
def test_the_help_of_every_decision_shows_an_example(name: str) -> None:
    assert f"Example: payments review {name}" in CliRunner().invoke(review, [name, "--help"]).output


def test_an_id_that_is_none_is_refused_with_a_clear_word() -> None:
    result = CliRunner().invoke(review, ["accept", "not-an-id"])

    assert 2 == result.exit_code
    assert "is not a valid UUID" in result.output


def test_money_that_cannot_be_given_back_ends_with_1_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(do: object) -> None:
        raise NothingToRefund("The member's bank has taken this money back.")

    monkeypatch.setattr(reviewing, "with_service", refuse)
    result = CliRunner().invoke(review, ["refund", str(MISMATCH.id)])

    assert (1, "Error: The member's bank has taken this money back.\n") == (result.exit_code, result.output)


@pytest.mark.parametrize(
    ("payment", "said"),
    [
        (MISMATCH, f"Payment {MISMATCH.id} is REVIEW: what could go back is on its way.\n"),
        (replace(MISMATCH, status=PaymentStatus.REFUNDED), f"Payment {MISMATCH.id} is REFUNDED.\n"),
    ],
)
def test_a_refund_that_the_bank_has_yet_to_make_is_said_to_be_on_its_way(
    monkeypatch: pytest.MonkeyPatch, payment: Payment, said: str
) -> None:
    monkeypatch.setattr(reviewing, "with_service", lambda do: payment)
    result = CliRunner().invoke(review, ["refund", str(MISMATCH.id)])

    assert (0, said) == (result.exit_code, result.output)


@pytest.mark.parametrize(
    ("asked", "result", "more"),
    [
        (["accept", str(MISMATCH.id)], MISMATCH, {}),
        (["refund", str(MISMATCH.id)], MISMATCH, {}),
        (["adopt", "cs_1"], Adoption(payment=MISMATCH, made=True), {"made": True}),
    ],
)
def test_programs_get_what_came_of_a_decision(
    monkeypatch: pytest.MonkeyPatch, asked: list[str], result: object, more: dict[str, bool]
) -> None:
    monkeypatch.setattr(reviewing, "with_service", lambda do: result)
    said = CliRunner().invoke(review, [*asked, "--json"])

    assert 0 == said.exit_code
    assert {
        "id": str(MISMATCH.id),
        "user_id": MISMATCH.user_id,
        "status": "REVIEW",
        "duplicate": False,
        "paid_at": None,
    } | more == json.loads(said.stdout)
