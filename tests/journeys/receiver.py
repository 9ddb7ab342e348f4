"""A server on 127.0.0.1 that takes what processes send to it by POST."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Take = Callable[[str, Message, bytes], bytes | None]
"""Takes a path, headers and a body. Returns what is answered with 200; null for 404."""


@contextmanager
def receiving(take: Take) -> Iterator[int]:
    """A server that listens, by its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Hand the request over, and answer."""
            answer = take(self.path, self.headers, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200 if answer is not None else 404)
            self.send_header("Content-Length", str(len(answer or b"")))
            self.end_headers()
            self.wfile.write(answer or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing of each request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
