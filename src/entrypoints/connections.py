"""Connections that take no more than their share: of time, of memory, and of what the process may hold open.

uvicorn waits for ever for a head or a body that does not come, and takes heads of any size. Whoever keeps many connections like that
open keeps others out; so each step of a request has its time here, and a request that never becomes one is told why and cut off.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from entrypoints.refusals import Refusal, Refused, Refuses


class Limits(Struct, frozen=True, kw_only=True):
    """What one connection may take, and how many there may be.

    head_bytes_max: request line and headers together; and of a body in chunks what is none of it, such as trailers, which nobody reads.
    head_seconds_max: from the first byte of a head, or from the connection if none comes, to its end.
    request_seconds_max: from the end of the head to the end of the body. Past the application's own time for both.
    answer_seconds_max: how long a client may leave what was sent to it unread.
    connections_max: beyond it, whoever has waited the longest without asking anything has to go, then whoever has been sending a body
        the longest. Well below the 1024 files that a process may customarily have open.
    """

    head_bytes_max: int = 16 * 1024
    head_seconds_max: float = 5.0
    request_seconds_max: float = 16.0
    answer_seconds_max: float = 10.0
    connections_max: int = 800


DEFAULT_LIMITS: Final = Limits()
HOST: Final = b"host"
LINE_BYTES: Final = len(b": \r\n")


class Deadline:
    """Something that is done when its time has come, unless it is stopped or set anew before."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_set(self) -> bool:
        """Whether it was set, and not stopped since."""
        return self._timer is not None

    def set(self, seconds: float, late: Callable[[], None]) -> None:
        """Call `late` in so many seconds."""
        self.stop()
        self._timer = self._loop.call_later(seconds, late)

    def stop(self) -> None:
        """Let the time come without doing anything."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Connections:
    """Makes the protocol of each connection of one process; what uvicorn takes as its setting `http`."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.waiting: dict[LimitedConnection, None] = {}
        """Connections with no request under way, the one that has waited the longest first."""
        self.arriving: dict[LimitedConnection, None] = {}
        """Connections whose request has a head and no whole body yet, in the order of their heads."""

    def __call__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # Any: as uvicorn has it
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> "LimitedConnection":
        """The protocol of a new connection."""
        return LimitedConnection(self, config, server_state, app_state, _loop)

    def make_room(self, newcomer: "LimitedConnection", open_now: int) -> None:
        """Close one connection, if there are too many: never one whose request is being answered, and the newcomer only in their stead."""
        if open_now <= self.limits.connections_max:
            return
        others = (connection for connection in self.waiting if connection is not newcomer)
        leaving = next(others, None) or next(iter(self.arriving), None) or newcomer
        self.forget(leaving)
        leaving.transport.abort()

    def forget(self, connection: "LimitedConnection") -> None:
        """A connection neither waits nor sends any more."""
        self.waiting.pop(connection, None)
        self.arriving.pop(connection, None)


class LimitedConnection(HttpToolsProtocol):
    """uvicorn's own protocol, with a time for each step and a size for the head."""

    def __init__(
        self,
        shared: Connections,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # Any: as uvicorn has it
        _loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._shared = shared
        self._limits = shared.limits
        self._arrival = Deadline(self.loop)
        self._reading = Deadline(self.loop)
        self._in_head = self._in_body = False
        self._heads_begun = 0
        self._head_bytes_fed = self._head_bytes_parsed = 0
        self._hosts = 0
        self._bytes_without_body = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn narrows it so
        """Somebody is there, and has to say something."""
        super().connection_made(transport)
        self._shared.waiting[self] = None
        self._await_head()
        self._shared.make_room(self, len(self.connections))

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        self._arrival.stop()
        self._reading.stop()
        self._shared.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless a head has grown too large with it."""
        between_requests = not self._in_head and not self._in_body
        self._heads_begun = 0
        self._bytes_without_body += len(data) if self._in_body else 0
        super().data_received(data)
        if self._in_body and self._bytes_without_body > self._limits.head_bytes_max:
            self.transport.abort()
        if self.transport.is_closing():
            return
        if self._in_head or (between_requests and self._heads_begun == 0):
            if not self._arrival.is_set:
                self._await_head()
            # How much of the head has come is known, unless it began somewhere inside of `data`.
            if self._heads_begun == 0 or (between_requests and self._heads_begun == 1):
                self._head_bytes_fed += len(data)
            self._refuse_if_large(self._head_bytes_fed)

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head = True
        self._heads_begun += 1
        self._hosts = 0
        self._head_bytes_fed = self._head_bytes_parsed = 0

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        super().on_url(url)
        self._head_bytes_parsed += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; or a trailer, which is none: what stands after the body has passed no proxy's rules for headers."""
        self._head_bytes_parsed += len(name) + len(value) + LINE_BYTES
        if not self._in_body:
            self._hosts += len(name) == len(HOST) and name.lower() == HOST
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: its request begins, unless the head is too large or names no one host."""
        self._in_head, self._in_body = False, True
        self._head_bytes_fed = 0
        if self.transport.is_closing() or self._refuse_if_large(self._head_bytes_parsed):
            return
        if self._hosts > 1 or (self._hosts == 0 and self.parser.get_http_version() != "1.0"):
            # RFC 9112, 3.2: of two hosts a proxy may have meant the other one.
            self._refuse(Refused.NO_ONE_HOST)
            return
        self._bytes_without_body = 0
        self._arrival.set(self._limits.request_seconds_max, self._body_is_late)
        self._shared.forget(self)
        self._shared.arriving[self] = None
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body; of no interest where its head was refused."""
        self._bytes_without_body = 0
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._in_body = False
        self._arrival.stop()
        self._shared.arriving.pop(self, None)
        if not self.transport.is_closing():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is given: the connection waits for the next request."""
        super().on_response_complete()
        if not self._answering and not self.transport.is_closing():
            self._shared.waiting[self] = None

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP: uvicorn would say so in the midst of an answer, and in plain text."""
        self._refuse(Refused.NO_HTTP)

    def _unsupported_upgrade_warning(self) -> None:
        """Somebody wants another protocol, and is answered in this one (RFC 9110, 7.8): that is in order."""

    def pause_writing(self) -> None:
        """The client does not read what it was sent."""
        super().pause_writing()
        self._reading.set(self._limits.answer_seconds_max, self.transport.abort)

    def resume_writing(self) -> None:
        """It reads again."""
        super().resume_writing()
        self._reading.stop()

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _await_head(self) -> None:
        self._arrival.set(self._limits.head_seconds_max, self._head_is_late)

    def _head_is_late(self) -> None:
        if self._answering:  # it is the next request that is late, and the present one ends in its own time
            self._await_head()
        elif self._in_head:
            self._refuse(Refused.HEAD_TOO_SLOW)
        else:
            self.transport.close()

    def _body_is_late(self) -> None:
        if self.flow.read_paused:  # by ourselves, while the application is at work: nothing can come then
            self._arrival.set(self._limits.request_seconds_max, self._body_is_late)
        else:
            self.transport.close()

    def _refuse_if_large(self, head_bytes: int) -> bool:
        if head_bytes > self._limits.head_bytes_max:
            self._refuse(Refused.HEAD_TOO_LARGE)
        return self.transport.is_closing()

    def _refuse(self, reason: Refused) -> None:
        """Close the connection, with a word of why unless it could be taken for another answer, or for a part of one."""
        if self._answering and self._in_body and not self.cycle.response_started:
            self.cycle.disconnected = True  # what the application would say of half a request is not sent any more
        if not self._answering or self.cycle.disconnected:
            said = self.app.refusal(reason) if isinstance(self.app, Refuses) else Refusal()
            headers = [*said.headers, (b"content-length", b"%d" % len(said.body)), (b"connection", b"close")]
            lines = [b"%b: %b\r\n" % header for header in headers]
            self.transport.write(b"".join((STATUS_LINE[reason.status], *lines, b"\r\n", said.body)))
        self.transport.close()
