"""The price list in its file: the shipped one is right to the unit, and a bad one is named with its line and its mend."""

from pathlib import Path

import pytest

from adapters.catalogue import SHIPPED, load_catalogue
from domain.errors import InvalidCatalogue
from domain.member import Locale, UserType
from domain.money import Money

OFFERED = ("mad", "usd")
PLAN = """
[[plan]]
id = "{id}"
user_type = "{user_type}"
fee_type = "annual_access"
names = {{ en = "Plan", fr = "Plan", ar = "Plan" }}
prices = {{ mad = 30000, usd = 3000 }}
"""
GOOD = "# Prices.\n" + "".join(PLAN.format(id=f"{user_type}_access", user_type=user_type) for user_type in UserType)
LINES_OF_PLANS = (3, 10, 17)


def refusal(folder: Path, text: str) -> str:
    """What is said of a bad file, after its name."""
    path = folder / "prices.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidCatalogue) as refused:
        load_catalogue(path, OFFERED)
    said = str(refused.value)
    assert said.startswith(str(path))
    return said.removeprefix(str(path))


@pytest.mark.parametrize(
    ("user_type", "plan", "fee_type", "mad", "usd"),
    [
        (UserType.TALENT, "talent_membership", "annual_membership", 30000, 3000),
        (UserType.PROFESSIONAL, "professional_access", "annual_access", 150000, 15000),
        (UserType.COMPANY, "company_access", "annual_access", 350000, 35000),
    ],
)
def test_the_shipped_prices_are_right_to_the_unit(
    user_type: UserType, plan: str, fee_type: str, mad: int, usd: int
) -> None:
    found = load_catalogue(None, OFFERED).plan_for(user_type)

    assert plan == found.id
    assert fee_type == found.fee_type
    assert (Money(mad, "mad"), Money(usd, "usd")) == found.prices


def test_the_shipped_plans_are_three_with_names_of_their_own_in_each_language() -> None:
    plans = load_catalogue(None, OFFERED).plans

    assert 3 == len(plans)
    for locale in Locale:
        assert 3 == len({plan.name(locale) for plan in plans})


def test_arabic_names_are_written_in_arabic() -> None:
    for plan in load_catalogue(None, OFFERED).plans:
        assert all(letter == " " or "\u0600" <= letter <= "\u06ff" for letter in plan.name(Locale.ARABIC))


def test_prices_come_in_the_order_of_the_currencies_on_offer() -> None:
    plans = load_catalogue(None, ("usd", "mad")).plans

    assert Money(3000, "usd") == plans[0].price()


def test_a_currency_that_is_not_on_offer_is_left_out() -> None:
    plans = load_catalogue(None, ("usd",)).plans

    assert [(Money(3000, "usd"),), (Money(15000, "usd"),), (Money(35000, "usd"),)] == [plan.prices for plan in plans]


def test_a_good_file_of_ones_own_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(GOOD, encoding="utf-8")

    assert Money(30000, "mad") == load_catalogue(path, OFFERED).plan_for(UserType.COMPANY).price()


def test_the_shipped_file_is_ascii() -> None:
    assert SHIPPED.read_bytes().isascii()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidCatalogue, match=r"absent\.toml: cannot be read: No such file"):
        load_catalogue(tmp_path / "absent.toml", OFFERED)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidCatalogue, match="cannot be read: Is a directory"):
        load_catalogue(tmp_path, OFFERED)


def test_text_that_is_no_toml_is_named_with_its_line(tmp_path: Path) -> None:
    said = refusal(tmp_path, GOOD.replace('id = "talent_access"', "id = talent"))

    assert "line 4" in said


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(InvalidCatalogue, match=r"prices\.toml: .*utf-8"):
        load_catalogue(path, OFFERED)


@pytest.mark.parametrize("text", ["", "# nothing\n", "plan = 1\n", 'currency = "mad"\n' + GOOD])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    assert "plan" in refusal(tmp_path, text) or "currency" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("good", "bad", "mend"),
    [
        ("mad = 30000, ", "", "plan talent_access has no price in mad: add it under prices"),
        ("mad = 30000", "MAD = 30000", "plan talent_access has no price in mad: add it under prices"),
        ("mad = 30000", "mad = 300.00", "Expected `int`, got `float`"),
        ("mad = 30000", "mad = 300.5", "Expected `int`, got `float`"),
        ("mad = 30000", 'mad = "30000"', "Expected `int`, got `str`"),
        ("mad = 30000", "mad = -1", "a whole number of minor units, not -1"),
        ("usd = 3000", "usd = 49", "0.49 USD is below the smallest charge, 0.50 USD"),
        ("usd = 3000", "usd = 100000000", "1000000.00 USD is above the largest charge, 999999.99 USD"),
        ("usd = 3000", "usd = 3000, euro = 3000", "an ISO 4217 code in lower case, not 'euro'"),
        (', ar = "Plan"', "", "has no name in 'ar': add it under names"),
        (', ar = "Plan"', ', de = "Plan"', "Invalid enum value 'de'"),
        ('fee_type = "annual_access"', "", "missing required field `fee_type`"),
        ('fee_type = "annual_access"', 'fee_type = "a"\nvat = 20', "unknown field `vat`"),
        ('user_type = "talent"', 'user_type = "actor"', "Invalid enum value 'actor'"),
    ],
)
def test_a_bad_plan_is_named_with_its_line_and_its_mend(tmp_path: Path, good: str, bad: str, mend: str) -> None:
    said = refusal(tmp_path, GOOD.replace(good, bad, 1))

    assert said.startswith(f", line {LINES_OF_PLANS[0]}: ")
    assert mend in said


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_line_is_that_of_the_bad_plan(tmp_path: Path, place: int) -> None:
    parts = GOOD.split("mad = 30000")

    said = refusal(
        tmp_path, "mad = 30000".join(parts[: place + 1]) + "mad = 0" + "mad = 30000".join(parts[place + 1 :])
    )

    assert said.startswith(f", line {LINES_OF_PLANS[place]}: ")


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        (GOOD + PLAN.format(id="talent_gold", user_type="talent"), "found: talent_access, talent_gold"),
        (GOOD.replace("company_access", "talent_access"), "two plans have the same id: give each its own"),
        (GOOD[: GOOD.rindex("[[plan]]")], "user type 'company' needs exactly one plan, found: none"),
    ],
)
def test_plans_that_do_not_go_together_are_named_with_the_file(tmp_path: Path, text: str, mend: str) -> None:
    assert mend in refusal(tmp_path, text)
