"""A Sentry on 127.0.0.1: takes the envelopes that processes send, and shows the events in them."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]  # Any: JSON


class Sentry:
    """What has come."""

    def __init__(self, port: int) -> None:
        self.dsn = f"http://public@127.0.0.1:{port}/1"
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

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take an envelope."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sentry.take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing of each request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sentry = Sentry(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield sentry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
