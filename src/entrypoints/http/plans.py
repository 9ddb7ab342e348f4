"""The price list."""

from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery

from application.list_plans import ListPlans
from domain.member import Locale, UserType
from entrypoints.http.bodies import PlanBody, PlanList
from entrypoints.http.described import answer, problems
from entrypoints.http.examples import PLANS
from entrypoints.http.identity import PUBLIC
from entrypoints.http.parameters import FilteredOperation, known_parameters

PATH = "/api/v1/plans"


def reading_language(request: Request[None, None, State]) -> Locale:
    """The first of our languages that the client accepts; English, the language of the API, for none."""
    for part in request.headers.get("accept-language", "").split(","):
        language = part.split(";")[0].strip()[:2].lower()
        if language in tuple(Locale):
            return Locale(language)
    return Locale.ENGLISH


@get(
    PATH,
    operation_id="listPlans",
    operation_class=FilteredOperation,
    summary="List plans",
    tags=["Plans"],
    opt={PUBLIC: True},
    guards=[known_parameters],
    responses={200: answer(PLANS, "The price list"), **problems(400, 429)},
)
async def list_plans(
    request: Request[None, None, State],
    list_plans: NamedDependency[ListPlans],
    user_type: FromQuery[UserType | None] = None,
) -> PlanList:
    """The plans and their prices, all or those of one user type. Names are in the language of Accept-Language."""
    locale = reading_language(request)
    offers = await list_plans(user_type)
    return PlanList(url=PATH, has_more=False, data=[PlanBody.of(offer, locale) for offer in offers])
