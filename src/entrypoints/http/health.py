"""Whether the process lives, and whether it can work."""

from typing import Any, Final, Literal, TypeAlias

from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import ServiceUnavailableException
from msgspec import Struct

from application.ports.reads import Readiness
from entrypoints.http.described import answer, problems
from entrypoints.http.frame import DRAINING
from entrypoints.http.identity import PUBLIC
from entrypoints.http.rate_limits import UNLIMITED

AnyRequest: TypeAlias = Request[Any, Any, State]  # Any: nobody has to say who they are


OK: Final = "ok"


class LiveBody(Struct, frozen=True, kw_only=True):
    """The process answers."""

    status: Literal["live"] = "live"


class ReadyBody(Struct, frozen=True, kw_only=True):
    """The process can work. checks: each by its name; `ok`, or in an answer of 503 what is wrong."""

    status: Literal["ready"] = "ready"
    checks: dict[str, str]


@get(
    "/health/live",
    operation_id="live",
    summary="Does the process live?",
    tags=["Health"],
    opt={PUBLIC: True, UNLIMITED: True},
    responses={200: answer(LiveBody(), "It does")},
)
async def live() -> LiveBody:
    """Answers as long as the process does."""
    return LiveBody()


@get(
    "/health/ready",
    operation_id="ready",
    summary="Can the process work?",
    tags=["Health"],
    opt={PUBLIC: True, UNLIMITED: True},
    responses={200: answer(ReadyBody(checks={"process": OK, "database": OK}), "It can"), **problems()},
)
async def ready(request: AnyRequest, readiness: NamedDependency[Readiness]) -> ReadyBody:
    """Ready means that the database is reachable and migrated, and that the process is not about to stop."""
    problems = {
        "process": "The process is about to stop." if request.scope["state"].get(DRAINING) else None,
        "database": await readiness.problem(),
    }
    checks = {name: problem or OK for name, problem in problems.items()}
    found = [problem for problem in problems.values() if problem is not None]
    if found:
        raise ServiceUnavailableException(" ".join(found), extra={"checks": checks})
    return ReadyBody(checks=checks)
