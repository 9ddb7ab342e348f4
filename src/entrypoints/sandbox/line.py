"""The connection of one request, so that a fault can break it: before the answer, or within it."""

import asyncio
from typing import Any

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import HTTPScope, Message, Receive, Scope, Send

_PLACE = "sandbox_line"


class Line:
    """What is sent goes through here until the line is cut."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._bytes_left: int | None = None
        self.is_cut = False

    def cut(self, after_bytes: int | None = None) -> None:
        """Lets nothing more pass: at once, or within the body after some bytes."""
        if after_bytes is None:
            self.is_cut = True
        self._bytes_left = after_bytes

    async def send(self, message: Message) -> None:
        """Passes a message on, or what is left of it."""
        if self.is_cut:
            return
        if message["type"] == "http.response.body" and self._bytes_left is not None:
            part = message["body"][: self._bytes_left]
            self.is_cut = True
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
            return
        await self._send(message)

    async def end(self) -> None:
        """Breaks the connection when the line was cut. Without a server around (in-process), raises ConnectionResetError."""
        if not self.is_cut:
            return
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is None:
            raise ConnectionResetError("The sandbox dropped the connection, as it was told to.")
        transport.abort()
        # The server learns of the lost connection in the loop's next turns; only then must the request end.
        for _ in range(3):
            await asyncio.sleep(0)


def line_of(scope: Scope | HTTPScope) -> Line:
    """The line of a request."""
    line: Line = _open(scope)[_PLACE]
    return line


def _open(scope: Scope | HTTPScope) -> dict[str, Any]:  # Any: ASGI scopes carry whatever the server puts there
    return scope  # type: ignore[return-value]  # a TypedDict may not be read by a key of our own


class LineApp(Litestar):
    """A Litestar that puts each request's line into its scope."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]  # Litestar types it wider
        if scope["type"] != ScopeType.HTTP:
            await super().__call__(scope, receive, send)
            return
        line = Line(send)
        _open(scope)[_PLACE] = line
        await super().__call__(scope, receive, line.send)
        await line.end()
