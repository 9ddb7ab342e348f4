"""What holds for every request: an id, deadlines, a line in the log, and nothing kept in any cache."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any, Final, cast
from urllib.parse import quote

import msgspec
from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import HTTPReceiveMessage, HTTPScope, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from application.log_context import about
from entrypoints.http.answers import answer_problem
from entrypoints.http.problems import (
    HTTP_CODES,
    MEDIA_TYPE,
    TOO_LATE,
    UNFORESEEN,
    BodyMissing,
    BodyTooSlow,
    Problem,
    problem_response,
)
from entrypoints.metrics.measures import OTHER
from entrypoints.refusals import Refusal, Refused
from entrypoints.request_ids import id_for
from entrypoints.tracing import Origin, Tracing

log = logging.getLogger("http")

DRAINING: Final = "draining"
"""Where each request's scope says whether the process is about to stop."""

REQUEST_SECONDS_MAX: Final = 14.0
"""Every request ends within 15 seconds, whatever the payment provider does."""

BODY_SECONDS_MAX: Final = 10.0
"""A body that does not come in this time is waited for no longer."""

PATH_LENGTH_SHOWN: Final = 300
HEAD: Final = "HEAD"
TOO_MANY: Final = 429
UNFORESEEN_STATUS: Final = 500
Header = tuple[bytes, bytes]

NOT_KEPT: Final = (b"cache-control", b"no-store")
NOT_GUESSED: Final = (b"x-content-type-options", b"nosniff")
HSTS: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class Frame:
    """Wraps the whole application, so that also what no route answers has an id and is logged."""

    def __init__(
        self,
        app: Litestar,
        *,
        seconds_max: float = REQUEST_SECONDS_MAX,
        body_seconds_max: float = BODY_SECONDS_MAX,
        trusted_proxies: Sequence[str] = (),
        tracing: Tracing | None = None,
    ) -> None:
        """trusted_proxies: addresses and networks of those whose X-Forwarded-For is believed; nobody else's is."""
        self.app = app
        named: Any = app  # Any: uvicorn describes ASGI in types of its own
        self._behind_proxies: Any = (  # Any: as above
            ProxyHeadersMiddleware(named, trusted_hosts=list(trusted_proxies)) if trusted_proxies else app
        )
        self._standing = [NOT_GUESSED, HSTS] if app.state.app_url.startswith("https://") else [NOT_GUESSED]
        self._tracing = tracing
        self._draining = False
        self._seconds_max = seconds_max
        self._body_seconds_max = body_seconds_max

    def drain(self) -> None:
        """Be ready for nothing new any more, and give every connection up with its next answer."""
        self._draining = True

    def refusal(self, reason: Refused) -> Refusal:
        """What is said to a client whose request never became one."""
        current = id_for(b"")
        with about(request_id=current):
            log.info("no request: refused with %s, %s", reason.status, reason.name)
        problem = Problem(status=reason.status, code=HTTP_CODES[reason.status], detail=reason.detail)
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"request-id", current.encode()), NOT_KEPT, *self._standing]
        return Refusal(headers=headers, body=msgspec.json.encode(problem.body(self.app.state.app_url, current)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        verb = scope["method"]
        if verb == HEAD:
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        headers = dict(scope["headers"])
        current = id_for(headers.get(b"request-id", b""))
        if self._tracing is None:
            with about(request_id=current):
                await self._answered(scope, receive, send, current, verb)
            return
        caller = headers.get(b"traceparent", b"").decode("latin-1")
        with about(request_id=current), self._tracing.work(Origin.REQUEST, verb, caller=caller) as work:
            status = await self._answered(scope, receive, send, current, verb)
            route = str(scope.get("path_template", ""))
            work.name = f"{verb} {route or OTHER}"
            work.failed = status >= UNFORESEEN_STATUS
            work.attributes |= {"http.request.method": verb, "http.response.status_code": status}
            work.attributes |= {"http.route": route} if route else {}

    async def _answered(self, scope: HTTPScope, receive: Receive, send: Send, current: str, verb: str) -> int:
        """The status of the answer. verb: the method as it was asked."""
        # Escaped: a path may hold line ends, which would write lines of their own.
        shown = quote(scope["path"], safe="/:@")[:PATH_LENGTH_SHOWN]
        started = time.perf_counter()
        arrival = _Arrival(receive, self._body_seconds_max)
        answer = _Answer(send, current, self._standing, last=self._draining)
        scope.setdefault("state", {})[DRAINING] = self._draining
        try:
            async with asyncio.timeout(self._seconds_max):
                await self._behind_proxies(scope, arrival.receive, answer.send)
        except TimeoutError:
            if answer.status is None:
                request = self.app.request_class(scope)
                too_late = answer_problem(request, TOO_LATE).to_asgi_response(None, request)
                await too_late(scope, receive, answer.send)
        except Exception:
            # An error in answering an error. Whoever asked gets the plainest answer there is.
            log.exception("a request could not be answered")
            if answer.status is None:
                request = self.app.request_class(scope)
                plain = problem_response(UNFORESEEN, self.app.state.app_url).to_asgi_response(None, request)
                await plain(scope, receive, answer.send)
        finally:
            # Litestar names the route in the scope, once it has found one.
            route = str(scope.get("path_template", ""))
            if "user_id" in scope.get("path_params", {}):  # which may be an e-mail address
                shown = route
            seconds, status = time.perf_counter() - started, answer.status or 500
            # Of what is refused for its number, the first of each minute is logged where it is counted.
            level = logging.DEBUG if status == TOO_MANY else logging.INFO
            log.log(level, "%s %s answered %s in %.1f ms", verb, shown, status, seconds * 1000)
            self.app.state.measures.request(verb, route, status, seconds)
        return status


def _without_body(send: Send) -> Send:
    """The same answer without its body: HEAD is answered as GET would be (RFC 9110, 9.3.2)."""

    async def heads(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return heads


class _Arrival:
    """Waits for the body, as long as it may take."""

    def __init__(self, receive: Receive, seconds_max: float) -> None:
        self._receive = receive
        self._seconds_max = seconds_max
        self._late_at: float | None = None
        self._whole = False

    async def receive(self) -> HTTPReceiveMessage:
        """The next ASGI message. Raises BodyTooSlow, and BodyMissing when the client is gone before its body was whole."""
        if self._late_at is None:
            self._late_at = asyncio.get_running_loop().time() + self._seconds_max
        try:
            async with asyncio.timeout_at(None if self._whole else self._late_at):
                message = cast("HTTPReceiveMessage", await self._receive())
        except TimeoutError as error:
            raise BodyTooSlow from error
        if message["type"] == "http.disconnect":
            if not self._whole:
                raise BodyMissing
        else:
            self._whole = not message["more_body"]
        return message


class _Answer:
    """Adds the headers that every answer has, and remembers the status."""

    def __init__(self, send: Send, current: str, standing: Sequence[Header], *, last: bool) -> None:
        self._send = send
        self._current = current
        self._standing = standing
        self._last = last
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        """Send one ASGI message."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", []), (b"request-id", self._current.encode())]
            if not any(name.lower() == b"cache-control" for name, _ in headers):
                headers.append(NOT_KEPT)
            headers += self._standing
            if self._last:
                headers.append((b"connection", b"close"))
            message["headers"] = headers
        await self._send(message)
