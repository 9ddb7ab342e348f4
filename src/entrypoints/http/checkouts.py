"""Starting to pay."""

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody

from application.start_checkout import CheckoutWish, StartCheckout
from domain.catalogue import PlanId
from entrypoints.http.bodies import CheckoutBody, StartBody
from entrypoints.http.identity import CallerRequest, member_of


@post(
    "/api/v1/checkouts",
    operation_id="startCheckout",
    tags=["Checkouts"],
    responses={200: ResponseSpec(CheckoutBody, description="The checkout that was open already")},
)
async def start_checkout(
    request: CallerRequest, data: JSONBody[StartBody], start_checkout: NamedDependency[StartCheckout]
) -> Response[CheckoutBody]:
    """The member's hosted checkout: a new one (201), or the one that is open already (200)."""
    plan = PlanId(data.plan) if data.plan is not None else None
    offered = await start_checkout(CheckoutWish(member=member_of(request), plan=plan))
    return Response(CheckoutBody.of(offered), status_code=201 if offered.created else 200)
