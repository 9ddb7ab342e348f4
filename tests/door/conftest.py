"""The server that we ship, as tests of raw sockets find it."""

from collections.abc import AsyncIterator
from typing import Final

import pytest
import pytest_asyncio

from door.wire import Served, serving
from entrypoints.connections import Limits
from entrypoints.http.frame import Frame
from http_world import World

HASTY: Final = Limits(head_seconds_max=0.15, request_seconds_max=0.3, answer_seconds_max=0.15, connections_max=8)
BODY_SECONDS: Final = 0.15


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One application for all of them: nothing here may leave anything in it."""
    return World(tmp_path_factory.mktemp("world"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(world: World) -> AsyncIterator[Served]:
    """The server with the limits that it is shipped with."""
    async with serving(world.app) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hasty(world: World) -> AsyncIterator[Served]:
    """A server that waits for nothing long, and takes few connections."""
    async with serving(Frame(world.app.app, body_seconds_max=BODY_SECONDS), HASTY) as served:
        yield served
