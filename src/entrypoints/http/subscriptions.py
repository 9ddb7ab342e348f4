"""What members have paid for: for themselves, and for the platform's access control."""

from litestar import get
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import FromPath

from application.check_access import CheckAccess
from domain.member import USER_ID_LENGTH_MAX, UserId
from entrypoints.http.bodies import SubscriptionBody
from entrypoints.http.described import problems
from entrypoints.http.identity import READ_SUBSCRIPTIONS, CallerRequest, require_scope


@get("/api/v1/subscription", operation_id="getSubscription", tags=["Subscriptions"], responses=problems(401))
async def own_subscription(request: CallerRequest, check_access: NamedDependency[CheckAccess]) -> SubscriptionBody:
    """The subscription of the member who asks, right to the second."""
    caller = request.user
    user_type = caller.member.user_type if caller.member is not None else None
    return SubscriptionBody.of(caller.user_id, await check_access(caller.user_id), user_type)


@get(
    "/api/v1/users/{user_id:str}/subscription",
    operation_id="getUserSubscription",
    tags=["Subscriptions"],
    responses=problems(400, 401, 403),
)
async def user_subscription(
    request: CallerRequest, user_id: FromPath[str], check_access: NamedDependency[CheckAccess]
) -> SubscriptionBody:
    """The subscription of any user, for a token with the scope `subscriptions:read`. A user we never met has status NONE."""
    require_scope(request, READ_SUBSCRIPTIONS)
    if len(user_id) > USER_ID_LENGTH_MAX or not user_id.isprintable():
        raise ValidationException(f"user_id: 1 to {USER_ID_LENGTH_MAX} printable characters")
    return SubscriptionBody.of(UserId(user_id), await check_access(UserId(user_id)))
