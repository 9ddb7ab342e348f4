"""The price list is whole, or it is refused with the mend."""

import pytest

from builders import a_catalogue, a_plan
from domain.catalogue import Catalogue, PlanId
from domain.errors import InvalidCatalogue, PlanNotAllowed
from domain.member import Locale, UserType
from domain.money import Money


@pytest.mark.parametrize("missing", list(Locale))
def test_a_plan_has_a_name_in_every_language(missing: Locale) -> None:
    names = {locale: "Plan" for locale in Locale if locale is not missing}

    with pytest.raises(InvalidCatalogue, match=rf"talent_membership has no name in '{missing}': add it"):
        a_plan(names=names)


def test_a_blank_name_is_no_name() -> None:
    with pytest.raises(InvalidCatalogue, match="no name in 'fr'"):
        a_plan(names={Locale.ENGLISH: "Plan", Locale.FRENCH: "  ", Locale.ARABIC: "Plan"})


def test_a_plan_has_a_price() -> None:
    with pytest.raises(InvalidCatalogue, match="no price: add one"):
        a_plan(prices=())


def test_every_price_of_a_plan_can_be_charged() -> None:
    with pytest.raises(InvalidCatalogue, match=r"talent_membership: 0\.49 USD is below .* 0\.50 USD"):
        a_plan(prices=(Money(30000, "mad"), Money(49, "usd")))


def test_a_plan_tells_its_name_in_a_language() -> None:
    assert "Membre Talent" == a_plan().name(Locale.FRENCH)


@pytest.mark.parametrize(
    ("refused", "asked"),
    [
        (frozenset(), Money(30000, "mad")),
        (frozenset({"mad"}), Money(3000, "usd")),
        (frozenset({"usd"}), Money(30000, "mad")),
        (frozenset({"mad", "usd"}), Money(30000, "mad")),
    ],
)
def test_the_price_asked_is_the_first_that_is_not_refused(refused: frozenset[str], asked: Money) -> None:
    assert asked == a_plan().price(refused)


@pytest.mark.parametrize("missing", list(UserType))
def test_every_user_type_has_a_plan(missing: UserType) -> None:
    plans = tuple(plan for plan in a_catalogue().plans if plan.user_type is not missing)

    with pytest.raises(InvalidCatalogue, match=rf"'{missing}' needs exactly one plan, found: none"):
        Catalogue(plans)


def test_no_user_type_has_two_plans() -> None:
    second = a_plan(id=PlanId("talent_gold"))

    with pytest.raises(InvalidCatalogue, match="found: talent_membership, talent_gold"):
        Catalogue((*a_catalogue().plans, second))


def test_no_two_plans_share_an_id() -> None:
    plans = tuple(a_plan(user_type=user_type) for user_type in UserType)

    with pytest.raises(InvalidCatalogue, match="same id"):
        Catalogue(plans)


@pytest.mark.parametrize("prices", [(Money(350000, "mad"),), (Money(35000, "usd"), Money(350000, "mad"))])
def test_all_plans_have_the_same_currencies_in_the_same_order(prices: tuple[Money, ...]) -> None:
    talent, professional, _ = a_catalogue().plans
    company = a_plan(id=PlanId("company_access"), user_type=UserType.COMPANY, prices=prices)

    with pytest.raises(InvalidCatalogue, match="company_access needs a price in each of: mad, usd"):
        Catalogue((talent, professional, company))


@pytest.mark.parametrize("user_type", list(UserType))
def test_a_member_buys_the_plan_of_their_own_user_type(user_type: UserType) -> None:
    catalogue = a_catalogue()

    own = catalogue.plan_for(user_type)

    assert user_type is own.user_type
    assert own == catalogue.chosen(user_type, None)
    assert own == catalogue.chosen(user_type, own.id)


@pytest.mark.parametrize("wanted", ["company_access", "unknown", ""])
def test_another_plan_is_refused_by_name(wanted: str) -> None:
    with pytest.raises(PlanNotAllowed, match="talent buys the plan talent_membership"):
        a_catalogue().chosen(UserType.TALENT, PlanId(wanted))
