"""What the law gives to members, for the platform's staff: a copy of their data, and to be forgotten."""

from typing import Annotated, Any, Final

import msgspec
from litestar import get, post
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import Example
from litestar.params import Body, PathParameter

from application.erase_member import EraseMember
from application.export_member import ExportMember
from domain.member import USER_ID_LENGTH_MAX
from entrypoints.http.checkouts import json_only
from entrypoints.http.described import BEARER, answer, problems
from entrypoints.http.idempotency import Idempotency, IdempotentOperation
from entrypoints.http.identity import CallerRequest
from entrypoints.http.member_bodies import EraseBody, ErasureBody, MemberDataBody
from entrypoints.http.member_examples import ERASE, ERASURE, MEMBER_DATA
from entrypoints.http.parameters import known_parameters
from entrypoints.http.subscriptions import checked

MEMBERS_ADMIN: Final = "members:admin"

AnyUserId = Annotated[
    str, PathParameter(max_length=USER_ID_LENGTH_MAX, description="Printable characters, as in a token's `sub`")
]


async def staff_only(
    connection: ASGIConnection[Any, Any, Any, Any],  # Any: nothing is asked of its types
    _: BaseRouteHandler,
) -> None:
    """Refuse whoever may not ask, before anything of the request is read."""
    if MEMBERS_ADMIN not in connection.user.scopes:
        raise PermissionDeniedException(f"This needs a token with the scope {MEMBERS_ADMIN}.")


@get(
    "/api/v1/users/{user_id:str}/data",
    operation_id="exportUserData",
    summary="Export all that is kept about a user",
    tags=["Members"],
    security=BEARER,
    guards=[staff_only, known_parameters],
    responses={200: answer(MEMBER_DATA, "The copy"), **problems(400, 401, 403, 404, 429)},
)
async def export_user_data(
    request: CallerRequest,
    user_id: AnyUserId,
    export_member: NamedDependency[ExportMember],
) -> MemberDataBody:
    """All that is kept about a user, for a token with the scope `members:admin`. The audit keeps who asked."""
    data = await export_member(checked("user_id", user_id), operator=request.user.user_id)
    return MemberDataBody.of(data, export_member.clock.now())


@post(
    "/api/v1/users/{user_id:str}/erasure",
    operation_id="eraseUser",
    summary="Erase a user",
    status_code=200,
    tags=["Members"],
    security=BEARER,
    guards=[staff_only, known_parameters, json_only],
    middleware=[Idempotency()],
    operation_class=IdempotentOperation,
    responses={
        200: answer(ERASURE, "The user is erased, or nothing was kept"),
        **problems(400, 401, 403, 408, 409, 413, 415, 422, 429, 502),
    },
)
async def erase_user(
    request: CallerRequest,
    user_id: AnyUserId,
    data: Annotated[
        EraseBody, Body(examples=[Example(summary="On the user's wish", value=msgspec.to_builtins(ERASE))])
    ],
    erase_member: NamedDependency[EraseMember],
) -> ErasureBody:
    """Put a pseudonym in the place of a user for good, for a token with the scope `members:admin`: payments and receipts stay under it.

    Refused with 409 while money may still come or work is left, and while paid time is left unless `forfeit_access` says that it may be
    lost. To erase again does nothing.
    """
    done = await erase_member(
        checked("user_id", user_id),
        reason=data.reason.strip(),
        operator=request.user.user_id,
        forfeit_access=data.forfeit_access,
    )
    return ErasureBody.of(done)
