"""A Sentry on 127.0.0.1: takes the envelopes that processes send, and shows the events in them."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from typing import Any

from journeys.receiver import receiving

Json = dict[str, Any]  # Any: JSON


class Sentry:
    """What has come."""

    def __init__(self) -> None:
        self.dsn = ""
        self.events: list[Json] = []
        self.raw = b""

    def take(self, envelope: bytes) -> None:
        """Take an envelope: a line about it, then a line about each item and the item."""
        self.raw += envelope
        lines = envelope.split(b"\n")[1:]
        for about, item in zip(lines[::2], lines[1::2], strict=False):
            if json.loads(about)["type"] == "event":
                self.events.append(json.loads(item))


@contextmanager
def listening() -> Iterator[Sentry]:
    """A Sentry that listens."""
    sentry = Sentry()

    def take(_path: str, headers: Message, body: bytes) -> bytes:
        sentry.take(gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body)
        return b"{}"

    with receiving(take) as port:
        sentry.dsn = f"http://public@127.0.0.1:{port}/1"
        yield sentry
