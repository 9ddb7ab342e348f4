"""A client of HTTP/1.1 by hand: kept connections, one request under way on each, and answers that say their length."""

import asyncio
from typing import Final, cast
from urllib.parse import urlsplit

END_OF_HEAD: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length: "
STATUS: Final = slice(9, 12)


class Line(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._answered: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what the requests are written to."""
        self._transport = cast("asyncio.Transport", transport)  # of TCP; uvloop's has the methods and not the class

    def ask(self, request: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        """Send a request: the status and the body of its answer."""
        if self._transport is None:
            raise ConnectionError("not connected")
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answered

    def data_received(self, data: bytes) -> None:
        """Take an answer, once it is whole."""
        self._received += data
        head, end, body = self._received.partition(END_OF_HEAD)
        if not end or self._answered is None:
            return
        length = int(head.lower().partition(LENGTH)[2].partition(b"\r\n")[0])
        if len(body) >= length:
            self._received = b""
            self._answered.set_result((int(head[STATUS]), body))

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(error or ConnectionResetError("closed"))


class Client:
    """Asks one server. There are as many connections as requests were ever under way at once."""

    def __init__(self, url: str, key: str) -> None:
        """key: the secret key of the account."""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._free: list[Line] = []
        self._head = (
            f"Host: {parts.netloc}\r\nAuthorization: Bearer {key}\r\nStripe-Version: 2026-10-28.endive\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
        )

    async def post(self, path: str, form: str, key: str) -> bytes:
        """Send a form under an idempotency key and return the body of the answer. Raises ConnectionError unless that is a 200."""
        content = form.encode("ascii")
        head = f"POST {path} HTTP/1.1\r\n{self._head}Idempotency-Key: {key}\r\nContent-Length: {len(content)}\r\n\r\n"
        line = self._free.pop() if self._free else await self._connected()
        status, body = await line.ask(head.encode("ascii") + content)
        self._free.append(line)
        if status != 200:
            raise ConnectionError(f"answered {status}")
        return body

    async def _connected(self) -> Line:
        _, line = await asyncio.get_running_loop().create_connection(Line, self._host, self._port)
        return line
