"""What Prometheus reads."""

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency

from entrypoints.http.identity import PUBLIC
from entrypoints.metrics.exposition import Exposition


@get("/metrics", include_in_schema=False, opt={PUBLIC: True})
async def metrics(request: Request[None, None, State], exposition: NamedDependency[Exposition]) -> Response[bytes]:
    """The counters of this process, or of all that answer here, and the counts of what is stored."""
    page, media_type = await exposition(request.headers.get("accept", ""))
    return Response(page, headers={"content-type": media_type})
