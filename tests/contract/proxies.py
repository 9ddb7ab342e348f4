"""A proxy between asyncpg and Postgres: counts what the server answers, and breaks the line where a test wants it broken."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

SOCKET: Final = ".s.PGSQL.5432"
READY_FOR_QUERY: Final = ord("Z")
BACKEND_KEY: Final = ord("K")
SIMPLE_QUERY: Final = ord("Q")
SYNC: Final = ord("S")

HELD_UP: Final = frozenset(b"PBDEC")
HELD_DOWN: Final = frozenset(b"12tDCSK")
"""Messages that are handed on with the one that ends their group, which neither side waits for before: a tenth of the system calls."""


class Line:
    """One connection through the proxy. requests: how many times the client has asked something and waits for the answer.

    cut: the client hears nothing more, though the server goes on.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.pid = 0
        self.requests = 0
        self.cut = False


Hook = Callable[[Line, str], Awaitable[None]]
"""Called before a request goes to the server, with the SQL of a simple query, else '', or after its answer has gone to the client."""


class PostgresProxy:
    """answers: how many ReadyForQuery the server has sent. queries: the simple queries that the client sent."""

    def __init__(self, url: str, folder: Path) -> None:
        parts = urlsplit(url)
        self._host = parse_qs(parts.query).get("host", [None])[0]
        self._target = parts
        user = parts.netloc.rpartition("@")[0] or "postgres"
        self.url = f"postgresql://{user}@{parts.path}?host={folder}"
        self.answers = 0
        self.queries: list[str] = []
        self.before: Hook | None = None
        self.after: Hook | None = None
        self._lines = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until either side ends."""
        self._lines += 1
        line = Line(self._lines)
        server_reader, server_writer = await self._connect()
        up = asyncio.create_task(self._up(line, reader, server_writer))
        down = asyncio.create_task(self._down(line, server_reader, writer))
        await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        for task in (up, down):
            task.cancel()
        for side in (writer, server_writer):
            with suppress(OSError):
                side.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._host is not None and self._host.startswith("/"):
            return await asyncio.open_unix_connection(f"{self._host}/{SOCKET}")
        return await asyncio.open_connection(self._target.hostname or "127.0.0.1", self._target.port or 5432)

    async def _up(self, line: Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            head = await reader.readexactly(4)
            writer.write(head + await reader.readexactly(int.from_bytes(head) - 4))
            held = b""
            while True:
                kind, message = await _message(reader)
                held += message
                if kind in HELD_UP:
                    continue
                if kind in (SIMPLE_QUERY, SYNC):
                    query = message[5:-1].decode() if kind == SIMPLE_QUERY else ""
                    line.requests += 1
                    if query:
                        self.queries.append(query)
                    if self.before is not None:
                        await self.before(line, query)
                writer.write(held)
                held = b""
                await writer.drain()

    async def _down(self, line: Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            held = b""
            while True:
                kind, message = await _message(reader)
                held += message
                if kind == BACKEND_KEY:
                    line.pid = int.from_bytes(message[5:9])
                if line.cut and kind == READY_FOR_QUERY:
                    return  # the server has done it, and the client will never know
                if kind == READY_FOR_QUERY:
                    self.answers += 1
                if kind not in HELD_DOWN and not line.cut:
                    writer.write(held)
                    held = b""
                    await writer.drain()
                    if kind == READY_FOR_QUERY and line.requests and self.after is not None:
                        await self.after(line, "")


async def _message(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readexactly(5)
    return head[0], head + await reader.readexactly(int.from_bytes(head[1:5]) - 4)


@asynccontextmanager
async def proxy_before(url: str) -> AsyncIterator[PostgresProxy]:
    """A proxy before the server of a URL."""
    folder = Path(tempfile.mkdtemp(prefix="px"))
    proxy = PostgresProxy(url, folder)
    server = await asyncio.start_unix_server(proxy.serve, folder / SOCKET)
    yield proxy
    server.close()
    shutil.rmtree(folder)
