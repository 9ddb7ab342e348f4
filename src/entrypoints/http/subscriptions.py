"""What members have paid for: for themselves, and for the platform's access control."""

from typing import Annotated, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from application.check_access import CheckAccess
from domain.member import USER_ID_LENGTH_MAX, UserId, is_user_id
from entrypoints.http.bodies import SubscriptionBody, SubscriptionList
from entrypoints.http.conditional import ConditionalOperation, answer_if_new
from entrypoints.http.described import BEARER, UNCHANGED, answer, problems
from entrypoints.http.examples import SUBSCRIPTION, SUBSCRIPTIONS
from entrypoints.http.identity import READ_SUBSCRIPTIONS, CallerRequest, require_scope
from entrypoints.http.parameters import invalid_parameters, known_parameters

LIST_PATH: Final = "/api/v1/subscriptions"
USERS_MAX: Final = 100


@get(
    "/api/v1/subscription",
    operation_id="getSubscription",
    operation_class=ConditionalOperation,
    summary="Get the member's own subscription",
    tags=["Subscriptions"],
    security=BEARER,
    guards=[known_parameters],
    responses={200: answer(SUBSCRIPTION, "The subscription"), **UNCHANGED, **problems(400, 401, 429)},
)
async def own_subscription(
    request: CallerRequest, check_access: NamedDependency[CheckAccess]
) -> Response[SubscriptionBody]:
    """The subscription of the member who asks, right to the second."""
    caller = request.user
    user_type = caller.member.user_type if caller.member is not None else None
    body = SubscriptionBody.of(caller.user_id, await check_access(caller.user_id), user_type)
    return answer_if_new(request, body)


@get(
    "/api/v1/users/{user_id:str}/subscription",
    operation_id="getUserSubscription",
    operation_class=ConditionalOperation,
    summary="Get the subscription of any user",
    tags=["Subscriptions"],
    security=BEARER,
    guards=[known_parameters],
    responses={200: answer(SUBSCRIPTION, "The subscription"), **UNCHANGED, **problems(400, 401, 403, 429)},
)
async def user_subscription(
    request: CallerRequest,
    user_id: Annotated[
        str,
        PathParameter(max_length=USER_ID_LENGTH_MAX, description="Printable characters, as in a token's `sub`"),
    ],
    check_access: NamedDependency[CheckAccess],
) -> Response[SubscriptionBody]:
    """The subscription of any user, for a token with the scope `subscriptions:read`. A user we never met has status NONE."""
    require_scope(request, READ_SUBSCRIPTIONS)
    known = checked("user_id", user_id)
    return answer_if_new(request, SubscriptionBody.of(known, await check_access(known)))


@get(
    LIST_PATH,
    operation_id="listSubscriptions",
    summary="Get the subscriptions of many users",
    tags=["Subscriptions"],
    security=BEARER,
    guards=[known_parameters],
    responses={200: answer(SUBSCRIPTIONS, "One subscription for each user"), **problems(400, 401, 403, 429)},
)
async def list_subscriptions(
    request: CallerRequest,
    check_access: NamedDependency[CheckAccess],
    user_id: Annotated[
        list[str],
        QueryParameter(
            min_items=1,
            max_items=USERS_MAX,
            description=f"Whose, once for each user: `?user_id=a&user_id=b`, up to {USERS_MAX}",
        ),
    ],
) -> SubscriptionList:
    """The subscriptions of many users at one instant, in the order asked for, for a token with the scope `subscriptions:read`."""
    require_scope(request, READ_SUBSCRIPTIONS)
    wanted = [checked(f"user_id/{place}", one) for place, one in enumerate(user_id)]
    access = await check_access.of_all(dict.fromkeys(wanted))
    return SubscriptionList(
        url=LIST_PATH, has_more=False, data=[SubscriptionBody.of(one, found) for one, found in access.items()]
    )


def checked(name: str, user_id: str) -> UserId:
    """A user's id out of an address. Raises ValidationException for what can be none."""
    if not is_user_id(user_id):
        raise invalid_parameters({name: f"1 to {USER_ID_LENGTH_MAX} printable characters"})
    return UserId(user_id)
