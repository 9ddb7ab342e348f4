"""Runs the sandbox as a program of its own."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading

import msgspec
import uvicorn

from entrypoints.sandbox.app import create_app
from entrypoints.sandbox.config import SandboxConfig
from entrypoints.sandbox.state import StateFileBroken


class SandboxServer(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: SandboxConfig) -> None:
        self.listener = _listen(config)
        port = self.listener.getsockname()[1]
        self.sandbox_config = msgspec.structs.replace(config, port=port)
        super().__init__(
            uvicorn.Config(
                create_app(self.sandbox_config),
                log_level="warning",
                access_log=False,
                lifespan="on",
                timeout_graceful_shutdown=3,
                server_header=False,
            )
        )

    @property
    def url(self) -> str:
        """Where the API is."""
        return f"http://{self.sandbox_config.host}:{self.sandbox_config.port}"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts to listen, then says so."""
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(f"Stripe sandbox: {self.url}\n")
            sys.stdout.flush()

    async def run_here(self) -> None:
        """Serves in the running loop until it is told to stop (`should_exit`, SIGTERM or SIGINT)."""
        await self.serve(sockets=[self.listener])


def serve(config: SandboxConfig, *, while_stdin_is_open: bool = False) -> None:
    """Serves until SIGTERM or SIGINT, or until standard input closes where that is asked for.

    A port of 0 is replaced by a free one. Leaves with a message when it cannot start.
    """
    try:
        server = SandboxServer(config)
    except (StateFileBroken, OSError) as error:
        sys.exit(f"Stripe sandbox: {error}")
    if threading.current_thread() is threading.main_thread():
        # uvicorn shuts down first and then raises the signal anew: leave without a trace.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if while_stdin_is_open:
        threading.Thread(target=_stop_with_stdin, args=[server], daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(server.run_here())


def _stop_with_stdin(server: SandboxServer) -> None:
    # The descriptor itself: a thread that waits in a buffered reader keeps the interpreter from shutting down.
    while os.read(0, 4096):
        pass
    server.should_exit = True


def _listen(config: SandboxConfig) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    # With the protocol named, asyncio switches Nagle's delay off; without, each answer may wait 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((config.host, config.port))
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {config.host}:{config.port}: {error.strerror}") from None
    return listener
