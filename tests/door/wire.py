"""HTTP byte by byte: the server that we ship, and a client that sends whatever it is told to."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Final

from msgspec import Struct

from entrypoints.cli.serving import Server, server_of
from entrypoints.connections import DEFAULT_LIMITS, Limits
from entrypoints.http.frame import Frame

HOST: Final = "127.0.0.1"
PATIENCE_SECONDS: Final = 20.0
WEBHOOK: Final = "/api/webhooks/stripe"
HEALTH: Final = "/health/live"
KIB: Final = 1024

Header = tuple[bytes, bytes]


class Answer(Struct, frozen=True):
    """What the server said. Names of headers are in lower case."""

    status: int
    headers: list[Header]
    body: bytes

    def header(self, name: str) -> str:
        """The first header of a name; empty when there is none."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name.encode()), "")


def problem_in(answer: Answer) -> dict[str, str]:
    """The problem, which has the id that its answer has."""
    problem: dict[str, str] = json.loads(answer.body)

    assert ("application/problem+json", "no-store") == (answer.header("content-type"), answer.header("cache-control"))
    assert (str(answer.status), answer.header("request-id")) == (str(problem["status"]), problem["request_id"])

    return problem


def code_of(answer: Answer) -> str:
    """The code of a problem."""
    return problem_in(answer)["code"]


class HungUp(Exception):
    """The server closed the connection without a whole answer."""


class Served:
    """A server that runs."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._server.servers[0].sockets[0].getsockname()[1]
        return port

    @property
    def connections(self) -> int:
        """How many it has open."""
        return len(self._server.server_state.connections)

    async def comes_to(self, connections: int) -> None:
        """Wait until so many connections are open."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.connections != connections:
                await asyncio.sleep(0.001)


@asynccontextmanager
async def serving(app: Frame, limits: Limits = DEFAULT_LIMITS) -> AsyncIterator[Served]:
    """The server as `payments serve` runs it, on a free port."""
    server = server_of(app, HOST, 0, None, limits=limits)
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:
            assert not running.done(), "the server did not start"
            await asyncio.sleep(0.001)
        yield Served(server)
    finally:
        server.should_exit = True
        await running


class Line:
    """One connection, opened when it is needed and again when the server has closed it."""

    def __init__(self, served: Served) -> None:
        self._port = served.port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> "Line":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.hang_up()

    async def hang_up(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()
        self._reader = self._writer = None

    async def say(self, *parts: bytes) -> None:
        """Send bytes as they are. A server that has closed meanwhile is noticed by `hear`."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(HOST, self._port)
        with suppress(OSError):
            for part in parts:
                self._writer.write(part)
                await self._writer.drain()

    async def hear(self, seconds: float = PATIENCE_SECONDS) -> Answer:
        """The next answer. Raises HungUp when the connection ends before it is whole."""
        assert self._reader is not None, "nothing was said"
        try:
            async with asyncio.timeout(seconds):
                answer = await self._read(self._reader)
        except (asyncio.IncompleteReadError, OSError) as error:
            await self.hang_up()
            raise HungUp from error
        if answer.header("connection") == "close":
            await self.hang_up()
        return answer

    async def last_words(self) -> bytes:
        """What the server still says before it closes the connection. Raises TimeoutError when it does not."""
        assert self._reader is not None, "nothing was said"
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._reader.read()
        except ConnectionError:
            return b""

    async def drip(self, drop: bytes, every_seconds: float) -> bytes:
        """Send a few bytes again and again until the server says something or closes, and return its first words."""
        assert self._reader is not None, "nothing was said"
        give_up_at = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while asyncio.get_running_loop().time() < give_up_at:
            await self.say(drop)
            try:
                async with asyncio.timeout(every_seconds):
                    return await self._reader.read(65536)
            except ConnectionError:
                return b""
            except TimeoutError:
                continue
        raise TimeoutError

    async def ask(self, *parts: bytes) -> Answer:
        """Send one request and hear its answer."""
        await self.say(*parts)
        return await self.hear()

    async def _read(self, reader: asyncio.StreamReader) -> Answer:
        status = 100
        while status < 200:  # what comes before the answer proper is passed over
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head[:-4].split(b"\r\n")
            status = int(first.split(b" ", 2)[1])
        headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
        length = next((int(value) for name, value in headers if name == b"content-length"), None)
        assert length is not None, f"an answer of unknown length: {headers}"
        return Answer(status, headers, await reader.readexactly(length))


def request(
    method: str, path: str, headers: Iterable[Header] = (), body: bytes = b"", *, chunks: int | None = None
) -> list[bytes]:
    """The bytes of a request: its head, then its body in one piece, or chunked in pieces of so many bytes."""
    framing = (b"Transfer-Encoding", b"chunked") if chunks else (b"Content-Length", str(len(body)).encode())
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: pay.example.org"]
    lines += [name + b": " + value for name, value in (*headers, framing)]
    head = b"\r\n".join([*lines, b"", b""])
    if not chunks:
        return [head, body]
    pieces = [body[start : start + chunks] for start in range(0, len(body), chunks)]
    return [head, *(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces), b"0\r\n\r\n"]
