"""The price list: one plan for each user type, with an explicit price in every currency on offer."""

from typing import NewType

from msgspec import Struct

from domain.errors import InvalidCatalogue, InvalidMoney, PlanNotAllowed
from domain.member import Locale, UserType
from domain.money import Money

PlanId = NewType("PlanId", str)
"""A plan's name in code, API and metadata, such as `talent_membership`."""


class Plan(Struct, frozen=True, kw_only=True):
    """What one user type may buy: access for one calendar year.

    names: what the plan is called, in every language that members are addressed in.
    prices: one price for each currency on offer, in order of preference.

    Raises InvalidCatalogue when a name or every price is missing, or when Stripe could not charge a price.
    """

    id: PlanId
    user_type: UserType
    fee_type: str
    names: dict[Locale, str]
    prices: tuple[Money, ...]

    def __post_init__(self) -> None:
        for locale in Locale:
            if not self.names.get(locale, "").strip():
                raise InvalidCatalogue(f"plan {self.id} has no name in {locale.value!r}: add it under names")
        if not self.prices:
            raise InvalidCatalogue(f"plan {self.id} has no price: add one for each currency on offer")
        for price in self.prices:
            try:
                price.check_chargeable()
            except InvalidMoney as error:
                raise InvalidCatalogue(f"plan {self.id}: {error}") from error

    def name(self, locale: Locale) -> str:
        """What the plan is called in a language."""
        return self.names[locale]

    def price(self, refused: frozenset[str] = frozenset()) -> Money:
        """The price to ask: the first whose currency the provider has not refused for this account.

        When every currency was refused, the first one: the account may have changed, and asking is the only way to learn it.
        """
        return next((price for price in self.prices if price.currency not in refused), self.prices[0])


class Catalogue(Struct, frozen=True):
    """All plans. Raises InvalidCatalogue unless each user type has exactly one and each plan a price in the same currencies."""

    plans: tuple[Plan, ...]

    def __post_init__(self) -> None:
        for user_type in UserType:
            found = [plan.id for plan in self.plans if plan.user_type is user_type]
            if len(found) != 1:
                named = ", ".join(found) or "none"
                raise InvalidCatalogue(f"user type {user_type.value!r} needs exactly one plan, found: {named}")
        if len({plan.id for plan in self.plans}) != len(self.plans):
            raise InvalidCatalogue("two plans have the same id: give each its own")
        currencies = [price.currency for price in self.plans[0].prices]
        for plan in self.plans:
            if [price.currency for price in plan.prices] != currencies:
                raise InvalidCatalogue(f"plan {plan.id} needs a price in each of: {', '.join(currencies)}")

    def plan_for(self, user_type: UserType) -> Plan:
        """The one plan that a user type may buy."""
        return next(plan for plan in self.plans if plan.user_type is user_type)

    def of_id(self, plan: str) -> Plan | None:
        """The plan of an id; null where none has it."""
        return next((found for found in self.plans if found.id == plan), None)

    def chosen(self, user_type: UserType, plan: PlanId | None) -> Plan:
        """The user type's plan. Raises PlanNotAllowed when another one was asked for."""
        own = self.plan_for(user_type)
        if plan is not None and plan != own.id:
            raise PlanNotAllowed(f"A {user_type.value} buys the plan {own.id}, not {plan}.")
        return own
