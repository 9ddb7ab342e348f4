"""Money is whole minor units of one currency."""

from decimal import Decimal

import pytest
from babel.core import get_global
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidMoney
from domain.money import (
    MAXIMUM_MINOR,
    MULTIPLES_OF_100,
    STRIPE_MINIMUM_MINOR,
    THREE_DECIMAL,
    ZERO_DECIMAL,
    Money,
    decimals,
)

CURRENCIES = sorted(code.lower() for code in get_global("all_currencies"))
"""Every ISO 4217 code that CLDR knows, current and withdrawn."""

currencies = st.sampled_from(CURRENCIES)
amounts = st.integers(min_value=0, max_value=10**18)


@given(currencies, amounts)
def test_an_amount_survives_the_way_to_major_units_and_back(currency: str, amount: int) -> None:
    money = Money(amount, currency)

    assert amount == money.major() * 10 ** decimals(currency)
    assert isinstance(money.major(), Decimal)


@given(currencies, amounts)
def test_an_amount_is_written_with_the_decimals_of_its_currency(currency: str, amount: int) -> None:
    figure, code = str(Money(amount, currency)).split(" ")

    assert currency.upper() == code
    assert decimals(currency) == len(figure.partition(".")[2])
    assert figure.replace(".", "").isdigit()


@given(currencies, amounts, amounts)
def test_amounts_of_one_currency_add(currency: str, one: int, other: int) -> None:
    assert Money(one + other, currency) == Money(one, currency) + Money(other, currency)


@given(st.lists(currencies, min_size=2, max_size=2, unique=True), amounts)
def test_different_currencies_never_add(two: list[str], amount: int) -> None:
    with pytest.raises(InvalidMoney, match="cannot add"):
        Money(amount, two[0]) + Money(amount, two[1])


def test_amounts_have_no_order_because_currencies_have_none() -> None:
    with pytest.raises(TypeError):
        Money(1, "mad") < Money(2, "usd")  # type: ignore[operator] # noqa: B015 # the refusal is the point


@given(st.floats())
def test_a_float_is_never_money(amount: float) -> None:
    with pytest.raises(InvalidMoney, match="whole number of minor units"):
        Money(amount, "mad")  # type: ignore[arg-type] # the refusal is the point


@pytest.mark.parametrize("amount", [-1, True, False, Decimal(100), "100", None])
def test_only_whole_numbers_from_zero_on_are_money(amount: object) -> None:
    with pytest.raises(InvalidMoney, match="whole number of minor units"):
        Money(amount, "mad")  # type: ignore[arg-type] # the refusal is the point


@pytest.mark.parametrize("currency", ["MAD", "Mad", "ma", "madd", "", "m d", "m1d", "m\u00e4d", "\u0661\u0662\u0663"])
def test_a_currency_is_three_lower_case_letters(currency: str) -> None:
    with pytest.raises(InvalidMoney, match="ISO 4217"):
        Money(100, currency)


@pytest.mark.parametrize(
    ("currency", "amount", "written"),
    [
        ("mad", 30000, "300.00 MAD"),
        ("usd", 3005, "30.05 USD"),
        ("usd", 5, "0.05 USD"),
        ("jpy", 500, "500 JPY"),
        ("tnd", 12340, "12.340 TND"),
        ("isk", 50000, "500.00 ISK"),
        ("ugx", 50000, "500.00 UGX"),
        ("mad", 0, "0.00 MAD"),
    ],
)
def test_amounts_are_written_as_people_write_them(currency: str, amount: int, written: str) -> None:
    assert written == str(Money(amount, currency))


def test_every_currency_of_the_tables_is_one_that_exists() -> None:
    named = ZERO_DECIMAL | THREE_DECIMAL | MULTIPLES_OF_100 | set(STRIPE_MINIMUM_MINOR)

    assert set() == named - set(CURRENCIES)


def test_no_currency_has_both_no_decimals_and_three() -> None:
    assert frozenset() == ZERO_DECIMAL & THREE_DECIMAL


@given(currencies)
def test_a_currency_has_zero_two_or_three_decimals(currency: str) -> None:
    expected = {0: ZERO_DECIMAL - MULTIPLES_OF_100, 3: THREE_DECIMAL}

    assert decimals(currency) in (0, 2, 3)
    for count, members in expected.items():
        assert (decimals(currency) == count) is (currency in members)


@pytest.mark.parametrize("currency", sorted(STRIPE_MINIMUM_MINOR))
def test_the_smallest_charge_is_chargeable_and_less_is_not(currency: str) -> None:
    least = Money(STRIPE_MINIMUM_MINOR[currency], currency)

    assert least == least.check_chargeable()
    with pytest.raises(InvalidMoney, match="below the smallest charge"):
        Money(least.amount_minor - 1, currency).check_chargeable()


@pytest.mark.parametrize("currency", ["mad", "jpy", "usd"])
def test_the_largest_charge_has_eight_digits(currency: str) -> None:
    largest = Money(MAXIMUM_MINOR, currency)

    assert largest == largest.check_chargeable()
    with pytest.raises(InvalidMoney, match="above the largest charge"):
        Money(MAXIMUM_MINOR + 1, currency).check_chargeable()


@given(currencies)
def test_nothing_is_never_a_price(currency: str) -> None:
    with pytest.raises(InvalidMoney, match="below the smallest charge"):
        Money(0, currency).check_chargeable()


@given(st.sampled_from(sorted(THREE_DECIMAL)), st.integers(1, MAXIMUM_MINOR))
def test_three_decimal_currencies_are_charged_in_tens(currency: str, amount: int) -> None:
    money = Money(amount, currency)

    assert (amount % 10 == 0) is is_chargeable(money)


@given(st.sampled_from(sorted(MULTIPLES_OF_100)), st.integers(1, MAXIMUM_MINOR))
def test_some_currencies_are_charged_in_whole_units(currency: str, amount: int) -> None:
    money = Money(amount, currency)

    assert (amount % 100 == 0) is is_chargeable(money)


def is_chargeable(money: Money) -> bool:
    """Whether the provider can charge the amount."""
    try:
        money.check_chargeable()
    except InvalidMoney:
        return False
    return True
