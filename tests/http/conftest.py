"""The real application over the store in memory: real HTTP semantics, milliseconds a test."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from http_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A fresh application."""
    return World(tmp_path)


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of it."""
    transport = httpx.ASGITransport(app=world.app)  # type: ignore[arg-type] # Litestar's own types of ASGI
    async with httpx.AsyncClient(transport=transport, base_url="https://pay.example.org") as opened:
        yield opened
