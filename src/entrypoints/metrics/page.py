"""The page of a process that serves nothing else, such as a worker: an ASGI application that is small enough to need no framework."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from entrypoints.metrics.exposition import Exposition

PATH: Final = "/metrics"
NOTHING_ELSE: Final = b"Only GET /metrics is answered here.\n"

Message = MutableMapping[str, Any]  # Any: ASGI's own messages


class MetricsPage:
    """Answers GET /metrics, and knows nothing else."""

    def __init__(self, exposition: Exposition) -> None:
        self._exposition = exposition

    async def __call__(self, scope: Message, _: object, send: Callable[[Message], Awaitable[None]]) -> None:
        """The ASGI interface."""
        status, page, media_type = 404, NOTHING_ELSE, "text/plain"
        if (scope["method"], scope["path"]) == ("GET", PATH):
            accept = dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
            status, (page, media_type) = 200, await self._exposition(accept)
        headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(page)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": page})
