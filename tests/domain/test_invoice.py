"""Receipt numbers and invoice data."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, a_payment, a_payment_id
from domain.invoice import Invoice, ReceiptNumber, receipt_number, receipt_year
from domain.payment import PaymentStatus

CASABLANCA = ZoneInfo("Africa/Casablanca")


@pytest.mark.parametrize(
    ("year", "sequence", "number"),
    [(2026, 1, "2026-000001"), (2026, 999999, "2026-999999"), (2027, 1000000, "2027-1000000"), (987, 5, "0987-000005")],
)
def test_a_receipt_number_is_the_year_and_the_sequence(year: int, sequence: int, number: str) -> None:
    assert number == receipt_number(year, sequence)


@given(
    st.tuples(st.integers(2020, 2100), st.integers(1, 10**7)), st.tuples(st.integers(2020, 2100), st.integers(1, 10**7))
)
def test_two_receipts_never_share_a_number(one: tuple[int, int], other: tuple[int, int]) -> None:
    assert (one == other) is (receipt_number(*one) == receipt_number(*other))


@pytest.mark.parametrize("sequence", [0, -1])
def test_receipts_are_counted_from_one(sequence: int) -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        receipt_number(2026, sequence)


@pytest.mark.parametrize(
    ("paid_at", "year"),
    [
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), 2026),
        (datetime(2026, 12, 31, 23, 0, 0, tzinfo=UTC), 2027),
        (datetime(2027, 1, 1, 0, 0, 0, tzinfo=UTC), 2027),
    ],
)
def test_the_year_turns_at_midnight_of_the_billing_zone(paid_at: datetime, year: int) -> None:
    payment = a_payment(status=PaymentStatus.SUCCEEDED, paid_at=paid_at)

    assert year == receipt_year(payment, CASABLANCA)


def test_an_unpaid_payment_has_no_receipt() -> None:
    with pytest.raises(ValueError, match="only a paid payment"):
        receipt_year(a_payment(), CASABLANCA)


def test_a_number_once_given_stays() -> None:
    numbered = Invoice(payment_id=a_payment_id()).numbered(ReceiptNumber("2026-000001"), NOON)

    assert NOON == numbered.issued_at
    assert numbered == numbered.numbered(ReceiptNumber("2026-000002"), NOON)


def test_links_once_known_are_kept_where_the_provider_names_none() -> None:
    known = Invoice(payment_id=a_payment_id()).documented(hosted_url="https://h", pdf_url=None)

    assert ("https://h", "https://p") == links(known.documented(hosted_url=None, pdf_url="https://p"))
    assert ("https://h2", None) == links(known.documented(hosted_url="https://h2", pdf_url=None))


def links(invoice: Invoice) -> tuple[str | None, str | None]:
    """Where the provider's documents lie."""
    return invoice.hosted_url, invoice.pdf_url
