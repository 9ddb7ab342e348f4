"""Starting to pay."""

from typing import Any

from litestar import Response, post
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.handlers import BaseRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody

from application.start_checkout import CheckoutWish, OfferedCheckout, StartCheckout
from domain.catalogue import PlanId
from entrypoints.http.bodies import CheckoutBody, StartBody
from entrypoints.http.described import problems
from entrypoints.http.idempotency import Idempotency, IdempotentOperation, kept_with
from entrypoints.http.identity import CallerRequest, member_of


def json_only(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:  # Any: untyped connection
    """Refuse a body that is not declared to be JSON."""
    media_type = connection.headers.get("content-type", "").split(";")[0]
    if media_type.strip().lower() != "application/json":
        raise ClientException("The body must be declared as application/json.", status_code=415)


@post(
    "/api/v1/checkouts",
    operation_id="startCheckout",
    tags=["Checkouts"],
    guards=[json_only],
    middleware=[Idempotency()],
    operation_class=IdempotentOperation,
    responses={
        200: ResponseSpec(CheckoutBody, description="The checkout that was open already", generate_examples=False),
        **problems(400, 401, 403, 409, 413, 415, 422, 502),
    },
)
async def start_checkout(
    request: CallerRequest, data: JSONBody[StartBody], start_checkout: NamedDependency[StartCheckout]
) -> Response[CheckoutBody]:
    """The member's hosted checkout: a new one (201), or the one that is open already (200)."""
    plan = PlanId(data.plan) if data.plan is not None else None
    wish = CheckoutWish(member=member_of(request), plan=plan)
    return answer_of(await start_checkout(wish, also=kept_with(request, answer_of)))


def answer_of(offered: OfferedCheckout) -> Response[CheckoutBody]:
    """The answer that gives a checkout."""
    return Response(CheckoutBody.of(offered), status_code=201 if offered.created else 200)
