"""What members have paid for: for themselves, and for the platform's access control."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import PathParameter

from application.check_access import CheckAccess
from domain.member import USER_ID_LENGTH_MAX, UserId, is_user_id
from entrypoints.http.bodies import SubscriptionBody
from entrypoints.http.described import BEARER, answer, problems
from entrypoints.http.examples import SUBSCRIPTION
from entrypoints.http.identity import READ_SUBSCRIPTIONS, CallerRequest, require_scope


@get(
    "/api/v1/subscription",
    operation_id="getSubscription",
    summary="Get the member's own subscription",
    tags=["Subscriptions"],
    security=BEARER,
    responses={200: answer(SUBSCRIPTION, "The subscription"), **problems(401)},
)
async def own_subscription(request: CallerRequest, check_access: NamedDependency[CheckAccess]) -> SubscriptionBody:
    """The subscription of the member who asks, right to the second."""
    caller = request.user
    user_type = caller.member.user_type if caller.member is not None else None
    return SubscriptionBody.of(caller.user_id, await check_access(caller.user_id), user_type)


@get(
    "/api/v1/users/{user_id:str}/subscription",
    operation_id="getUserSubscription",
    summary="Get the subscription of any user",
    tags=["Subscriptions"],
    security=BEARER,
    responses={200: answer(SUBSCRIPTION, "The subscription"), **problems(400, 401, 403)},
)
async def user_subscription(
    request: CallerRequest,
    user_id: Annotated[
        str, PathParameter(max_length=USER_ID_LENGTH_MAX, description="Printable characters, as in a token's `sub`")
    ],
    check_access: NamedDependency[CheckAccess],
) -> SubscriptionBody:
    """The subscription of any user, for a token with the scope `subscriptions:read`. A user we never met has status NONE."""
    require_scope(request, READ_SUBSCRIPTIONS)
    if not is_user_id(user_id):
        raise ValidationException(f"user_id: 1 to {USER_ID_LENGTH_MAX} printable characters")
    return SubscriptionBody.of(UserId(user_id), await check_access(UserId(user_id)))
