"""One browser for each module of browser tests, and members who use it."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from journeys.pages.chromium import chromium, launch
from journeys.pages.visitor import Look, Visitor, a_visitor
from journeys.system import System

Comes = Callable[..., Awaitable[Visitor]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The browser. Without one these tests are skipped, except where they are what decides."""
    async with async_playwright() as playwright:
        program = chromium(playwright)
        if program is None:
            assert "CI" not in os.environ, "no browser was found, and none could be installed: see `make browser`"
            pytest.skip("no Chromium on this machine: `make browser` installs one")
        opened = await launch(playwright, program)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="module")
async def comes(browser: Browser, system: System) -> AsyncIterator[Comes]:
    """Lets members come, each with a browser of their own. What their pages did wrong fails the test."""
    visitors: list[Visitor] = []

    async def come(look: Look | None = None, **member: Any) -> Visitor:  # Any: fields of a member
        visitors.append(await a_visitor(browser, system, look or Look(), **member))
        return visitors[-1]

    yield come
    for visitor in visitors:
        await visitor.context.close()

    assert [] == [fault for visitor in visitors for fault in visitor.guard.faults]
