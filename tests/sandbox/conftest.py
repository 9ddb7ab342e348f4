"""One running sandbox, reset before each test, with the real SDK before it and a receiver of webhooks behind it."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from threading import Thread

import pytest

from entrypoints.sandbox.server import SandboxServer
from sandbox.sandbox_world import Receiver, World, callers_of, make_server, open_world


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """An endpoint that keeps what it is sent."""
    async with Receiver.listening() as listening:
        yield listening


@pytest.fixture(scope="session")
def shared_server() -> Iterator[SandboxServer]:
    """A sandbox in a thread of its own, for all tests that need no other configuration."""
    server = make_server(None)
    thread = Thread(target=lambda: asyncio.run(server.run_here()))
    thread.start()
    limit = time.monotonic() + 20
    while not server.started and time.monotonic() < limit:
        time.sleep(0.01)
    yield server
    server.should_exit = True
    thread.join(20)


@pytest.fixture
async def world(shared_server: SandboxServer, receiver: Receiver) -> AsyncIterator[World]:
    """An empty sandbox that sends its events to the receiver."""
    async with callers_of(shared_server, receiver) as ready:
        await ready.tell("reset")
        await ready.tell("settings", {"webhook_url": receiver.url})
        yield ready


WorldMaker = Callable[[], AbstractAsyncContextManager[World]]


@pytest.fixture
def restartable(receiver: Receiver, tmp_path: Path) -> WorldMaker:
    """Opens sandboxes one after the other on the same state file."""

    @asynccontextmanager
    async def make() -> AsyncGenerator[World, None]:
        async with open_world(receiver, state_file=tmp_path / "state.json") as opened:
            yield opened

    return make


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of Stripe's recorded traffic, which lies beside the repository where it is at hand."""
    folder = Path(__file__).parents[3] / "shared" / "stripe"
    if not folder.is_dir():
        pytest.skip("the recordings of Stripe's traffic (shared/stripe) are not beside this checkout")
    return folder
