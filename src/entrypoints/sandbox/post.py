"""One HTTP POST over asyncio's own streams: sends the bytes as they are, follows no redirect, keeps no connection."""

import asyncio
import contextlib
import ssl
from urllib.parse import urlsplit


class NoAnswer(Exception):
    """The endpoint could not be reached, or did not answer in HTTP."""


async def post(url: str, body: bytes, headers: dict[str, str], timeout_seconds: float) -> int:
    """Posts and returns the status. Raises NoAnswer."""
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _post(url, body, headers)
    except TimeoutError:
        raise NoAnswer(f"no answer within {timeout_seconds:g} s") from None
    except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise NoAnswer(str(error) or type(error).__name__) from None


async def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    where = urlsplit(url)
    if where.scheme not in ("http", "https") or not where.hostname:
        raise ValueError(f"not an address to post to: {url}")
    secure = ssl.create_default_context() if where.scheme == "https" else None
    port = where.port or (443 if secure else 80)
    reader, writer = await asyncio.open_connection(where.hostname, port, ssl=secure)
    try:
        target = (where.path or "/") + (f"?{where.query}" if where.query else "")
        host = where.hostname if where.port is None else f"{where.hostname}:{where.port}"
        sent = {"Host": host, **headers, "Content-Length": str(len(body)), "Connection": "close"}
        lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
        writer.write("\r\n".join(lines).encode("latin-1") + body)
        await writer.drain()
        while True:
            status = _status(await reader.readuntil(b"\n"))
            if status >= 200:
                return status
            while (await reader.readuntil(b"\n")).strip():
                pass
    finally:
        writer.close()
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            await writer.wait_closed()


def _status(line: bytes) -> int:
    parts = line.split(None, 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/") or not parts[1].isdigit():
        raise ValueError("the endpoint does not speak HTTP")
    return int(parts[1])
