"""The real application over the store in memory: real HTTP semantics, milliseconds a test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from canaries import WATCH
from http_world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh application."""
    world = World(tmp_path)
    yield world
    WATCH.look_into(world.store)


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of it."""
    transport = httpx.ASGITransport(app=world.app)  # type: ignore[arg-type] # Litestar's own types of ASGI
    async with httpx.AsyncClient(transport=transport, base_url="https://pay.example.org") as opened:
        yield opened
