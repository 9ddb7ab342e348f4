"""What the handlers of the bare program share."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeAlias

import asyncpg
from msgspec import Struct

Message = dict[str, Any]  # Any: as ASGI has it
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

JSON = (b"content-type", b"application/json")
HTML = (b"content-type", b"text/html; charset=utf-8")


class Answer(Struct):
    """An answer, but for its length."""

    status: int
    body: bytes
    headers: Headers


def as_text(instant: datetime | None) -> str | None:
    """An instant (UTC) as the API writes it; null for none."""
    return f"{instant.isoformat(timespec='microseconds')[:26]}Z" if instant is not None else None
