"""The price list."""

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery

from application.list_plans import ListPlans
from domain.member import Locale, UserType
from entrypoints.http.bodies import PlanBody, PlanList
from entrypoints.http.described import answer, problems
from entrypoints.http.examples import PLANS
from entrypoints.http.identity import PUBLIC
from entrypoints.http.pages.language import preferred
from entrypoints.http.parameters import TranslatedOperation, known_parameters

PATH = "/api/v1/plans"


@get(
    PATH,
    operation_id="listPlans",
    operation_class=TranslatedOperation,
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
) -> Response[PlanList]:
    """The plans and their prices, all or those of one user type. Names are in the language of Accept-Language, else in English."""
    locale = preferred(request.headers.get("accept-language", "")) or Locale.ENGLISH
    offers = await list_plans(user_type)
    return Response(
        PlanList(url=PATH, has_more=False, data=[PlanBody.of(offer, locale) for offer in offers]),
        headers={"content-language": locale.value, "vary": "accept-language"},
    )
