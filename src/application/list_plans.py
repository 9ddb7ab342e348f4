"""Anyone looks at the price list."""

from msgspec import Struct

from application.ports.store import BeginWork
from domain.catalogue import Catalogue, Plan
from domain.member import UserType
from domain.money import Money


class Offer(Struct, frozen=True, kw_only=True):
    """A plan and the price that would be asked for it now."""

    plan: Plan
    price: Money


class ListPlans:
    """Tells each plan with the price in the first currency that this account can charge."""

    def __init__(self, *, catalogue: Catalogue, begin: BeginWork) -> None:
        self._catalogue = catalogue
        self._begin = begin

    async def __call__(self, user_type: UserType | None = None) -> list[Offer]:
        """The plans of one user type, or all of them."""
        async with self._begin() as work:
            refused = await work.refused_currencies.all()
        return [
            Offer(plan=plan, price=plan.price(refused))
            for plan in self._catalogue.plans
            if user_type in (None, plan.user_type)
        ]
