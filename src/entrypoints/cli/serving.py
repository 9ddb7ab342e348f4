"""Serving: the HTTP application and the worker as processes that start with clear words and stop without losing anything."""

import asyncio
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from entrypoints.cli.environment import Unusable, check_port, settings_of_process
from entrypoints.cli.stopping import SIGNALS, told_to_stop
from entrypoints.connections import DEFAULT_LIMITS, Connections, Limits
from entrypoints.logs import configure_logs
from entrypoints.loops import look_for_cycles_rarely
from entrypoints.metrics import FOLDER_VARIABLE
from entrypoints.settings import SANDBOX_PORT, Settings

if TYPE_CHECKING:
    from entrypoints.http.frame import Frame
    from entrypoints.metrics.exposition import Exposition

Stop = Callable[[int, FrameType | None], Any]  # Any: as the standard library has it
"""Handles a signal."""

STOP_SECONDS_MAX: Final = 25
SANDBOX_SECONDS_MAX: Final = 20.0
DRAIN_VARIABLE: Final = "PAYMENTS_DRAIN_SECONDS"
"""By which the processes of `serve --workers` are told for how long to drain."""


OPTIONS: Final[dict[str, Any]] = {  # Any: each option has a type of its own
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,
    "timeout_graceful_shutdown": STOP_SECONDS_MAX,
    "ws": "none",
}
"""How uvicorn serves, in one process or several: we log ourselves, know our proxies ourselves (by itself it believes whatever the same
machine says of whom it asks for), and a request under way is answered before the end."""


class QuietServer(uvicorn.Server):
    """uvicorn without its own signal handling: whoever runs it decides when it stops."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the process."""
        yield


class Server(QuietServer):
    """Calls `ready` when it listens, and drains before it stops.

    drain_seconds: for how long it goes on serving once it is to stop, while it says that it is not ready and gives every connection up
    with its next answer. Whoever sends requests here goes elsewhere meanwhile, and none is on its way when the doors close.
    """

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None] | None, drain_seconds: float = 0) -> None:
        super().__init__(config)
        self._ready = ready
        self._drain_seconds = drain_seconds
        self._hurried = asyncio.Event()

    def stop(self) -> None:
        """Drain, then stop. Told twice, it does not drain."""
        if self.should_exit:
            self._hurried.set()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let everybody go elsewhere, then finish what is under way."""
        frame: Frame = self.config.loaded_app
        frame.drain()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurried.wait(), self._drain_seconds)
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        await super().startup(sockets)
        if self.started and self._ready is not None:
            self._ready()


def server_of(
    app: "Frame",
    host: str,
    port: int,
    ready: Callable[[], None] | None,
    *,
    limits: Limits = DEFAULT_LIMITS,
    drain_seconds: float = 0,
) -> Server:
    """A server for one process. A port of 0 is a free one."""
    connections: Any = Connections(limits)  # Any: uvicorn only calls what it describes as a class
    return Server(uvicorn.Config(app, host=host, port=port, http=connections, **OPTIONS), ready, drain_seconds)


def create_service() -> "Frame":
    """The application over the settings of this process."""
    from entrypoints.container import Container
    from entrypoints.http.app import create_app

    settings = settings_of_process()
    configure_logs(settings.log_level, as_json=settings.log_json)
    return create_app(Container(settings=settings))


def create_draining_service() -> "Frame":
    """The same, which drains before its process stops, and stops at once when its parent is no more."""
    frame = create_service()
    loop, stop = asyncio.get_running_loop(), stop_of_uvicorn()
    drain_first(frame, float(os.environ[DRAIN_VARIABLE]), loop, stop)
    end_with_parent(loop, stop)
    look_for_cycles_rarely()
    return frame


def stop_of_uvicorn() -> Stop:
    """How uvicorn stops this process: it has its signal handlers in place when it asks for the application."""
    stop = signal.getsignal(signal.SIGTERM)
    if not callable(stop):
        raise TypeError("uvicorn handles SIGTERM by a function")
    return stop


def drain_first(frame: "Frame", seconds: float, loop: asyncio.AbstractEventLoop, stop: Stop) -> None:
    """Let SIGTERM stop uvicorn so many seconds later, in which the service goes on serving and gives its connections up."""

    def drain(number: int, at: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, stop)  # told twice, it does not drain
        frame.drain()
        loop.call_soon_threadsafe(loop.call_later, seconds, stop, number, at)

    signal.signal(signal.SIGTERM, drain)


def end_with_parent(loop: asyncio.AbstractEventLoop, stop: Stop) -> None:
    """Close the doors as soon as the parent was killed, and finish what is under way: whoever starts anew finds the port free.

    Nor could the parent remove the folder of the counters. Nobody comes to read it; the counters themselves go on in open files.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        raise TypeError("uvicorn starts each of several processes as a child")
    killed = parent.sentinel

    def orphaned() -> None:
        loop.remove_reader(killed)
        stop(signal.SIGTERM, None)
        shutil.rmtree(os.environ[FOLDER_VARIABLE], ignore_errors=True)

    loop.add_reader(killed, orphaned)


def serve_in_processes(host: str, port: int, processes: int, *, drain_seconds: float) -> None:
    """Serve with several processes until told to stop. Raises ConfigurationError here rather than in each of them."""
    # Whichever of them answers /metrics tells what all have counted: they keep their counters in one folder.
    with TemporaryDirectory(prefix="payments_metrics_") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        os.environ[DRAIN_VARIABLE] = str(drain_seconds)
        create_service()
        connections: Any = Connections(DEFAULT_LIMITS)  # Any: uvicorn only calls what it describes as a class
        uvicorn.run(
            "entrypoints.cli.serving:create_draining_service",
            factory=True,
            host=host,
            port=port,
            workers=processes,
            http=connections,
            **OPTIONS,
        )


async def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    ready: Callable[[], None] | None = None,
    work: bool,
    drain_seconds: float = 0,
) -> None:
    """Serve in this process, with a worker beside it if `work`, until SIGINT or SIGTERM."""
    from entrypoints.container import Container
    from entrypoints.http.app import create_app
    from entrypoints.worker import worker_of

    container = Container(settings=settings)
    server = server_of(create_app(container), host, port, ready, drain_seconds=drain_seconds)
    worker = worker_of(container) if work else None

    def stop() -> None:
        if worker is not None:
            worker.stop()
        else:
            server.stop()

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    if told_to_stop():
        return

    working = asyncio.create_task(worker.run()) if worker is not None else None
    if working is not None:
        # The server's lifespan owns the connections: it ends when the worker is done with them.
        working.add_done_callback(lambda _: setattr(server, "should_exit", True))
    look_for_cycles_rarely()
    await server.serve()
    if working is not None:
        await working


async def work(settings: Settings, *, metrics_at: tuple[str, int] | None = None) -> None:
    """Run a worker in this process until SIGINT or SIGTERM. metrics_at: host and port of the page of its counters; null for none."""
    from entrypoints.container import Container
    from entrypoints.worker import worker_of

    container = Container(settings=settings)
    worker = worker_of(container)
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, worker.stop)
    if told_to_stop():
        return
    async with container.closing(), page_of(container.exposition(), container.measures().late, metrics_at):
        await worker.run()


@asynccontextmanager
async def page_of(
    exposition: "Exposition", late: Callable[[float], None], at: tuple[str, int] | None
) -> AsyncIterator[None]:
    """Serve the page of a process's counters while the context lasts, if it is to be served; `late` is told how late its loop is."""
    if at is None:
        yield
        return
    from entrypoints.metrics.page import MetricsPage
    from entrypoints.metrics.punctuality import watch_punctuality

    host, port = at
    connections: Any = Connections(DEFAULT_LIMITS)  # Any: uvicorn only calls what it describes as a class
    page: Any = MetricsPage(exposition)  # Any: uvicorn describes ASGI more closely than ASGI does
    config = uvicorn.Config(page, host=host, port=port, http=connections, lifespan="off", **OPTIONS)
    server = QuietServer(config)
    serving = asyncio.create_task(server.serve())
    watching = asyncio.create_task(watch_punctuality(late))
    try:
        yield
    finally:
        watching.cancel()
        server.should_exit = True
        await serving


@contextmanager
def sandbox_process(settings: Settings) -> Iterator[Callable[[], None]]:
    """The Stripe sandbox as a process of its own, for as long as the context lasts; nothing where Stripe itself is configured.

    Gives what waits until the sandbox listens.
    """
    if not settings.uses_sandbox:
        yield lambda: None
        return
    check_port("127.0.0.1", SANDBOX_PORT, "The Stripe sandbox")
    command = [sys.executable, "-m", "entrypoints.cli", "sandbox", "--while-stdin-is-open"]
    # In a session of its own: Ctrl-C reaches the parent alone, which stops the sandbox after the service. Should the parent be
    # killed, the pipe closes with it.
    process = subprocess.Popen(  # noqa: S603 # our own command
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True, env=os.environ
    )
    try:
        yield lambda: wait_for_sandbox(process)
        if process.poll() not in (None, 0):
            raise Unusable("The Stripe sandbox ended before the service did; run `payments sandbox` to see why.")
    finally:
        process.terminate()
        process.wait(timeout=10)


def wait_for_sandbox(process: "subprocess.Popen[bytes]") -> None:
    """Wait until the sandbox listens. Raises Unusable when it does not."""
    give_up_at = time.monotonic() + SANDBOX_SECONDS_MAX
    while time.monotonic() < give_up_at and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", SANDBOX_PORT), timeout=1):
            return
        time.sleep(0.02)
    raise Unusable("The Stripe sandbox does not start; run `payments sandbox` to see why.")
