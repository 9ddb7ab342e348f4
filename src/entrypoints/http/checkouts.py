"""Starting to pay."""

from typing import Annotated, Any

import msgspec
from litestar import Response, post
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import Example
from litestar.params import Body

from application.start_checkout import CheckoutWish, OfferedCheckout, StartCheckout
from domain.catalogue import PlanId
from entrypoints.http.bodies import CheckoutBody, StartBody
from entrypoints.http.described import BEARER, answer, problems
from entrypoints.http.examples import CHECKOUT, START
from entrypoints.http.idempotency import Idempotency, IdempotentOperation, kept_with
from entrypoints.http.identity import CallerRequest, member_of
from entrypoints.http.rate_limits import STARTS_CHECKOUT


async def json_only(
    connection: ASGIConnection[Any, Any, Any, Any],  # Any: nothing is asked of its types
    _: BaseRouteHandler,
) -> None:
    """Refuse a body that is not declared to be JSON."""
    media_type = connection.headers.get("content-type", "").split(";")[0]
    if media_type.strip().lower() != "application/json":
        raise ClientException("The body must be declared as application/json.", status_code=415)


@post(
    "/api/v1/checkouts",
    operation_id="startCheckout",
    summary="Start a checkout",
    tags=["Checkouts"],
    security=BEARER,
    opt={STARTS_CHECKOUT: True},
    guards=[json_only],
    middleware=[Idempotency()],
    operation_class=IdempotentOperation,
    responses={
        201: answer(CHECKOUT, "A new checkout"),
        200: answer(CHECKOUT, "The checkout that was open already"),
        **problems(400, 401, 403, 408, 409, 413, 415, 422, 429, 502),
    },
)
async def start_checkout(
    request: CallerRequest,
    data: Annotated[
        StartBody, Body(examples=[Example(summary="The plan by its name", value=msgspec.to_builtins(START))])
    ],
    start_checkout: NamedDependency[StartCheckout],
) -> Response[CheckoutBody]:
    """The member's hosted checkout: a new one (201), or the one that is open already (200)."""
    plan = PlanId(data.plan) if data.plan is not None else None
    wish = CheckoutWish(member=member_of(request), plan=plan)
    return answer_of(await start_checkout(wish, also=kept_with(request, answer_of)))


def answer_of(offered: OfferedCheckout) -> Response[CheckoutBody]:
    """The answer that gives a checkout."""
    return Response(CheckoutBody.of(offered), status_code=201 if offered.created else 200)
