"""One browser for each module of browser tests, and members who use it."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from journeys.pages.chromium import chromium, launch
from journeys.pages.visitor import Look, Visitor, a_visitor
from journeys.system import System

NO_BROWSER: Final = (
    "no Chromium is at CHROMIUM_PATH, or on this machine where it is not set: `make browser` installs one"
)

Comes = Callable[..., Awaitable[Visitor]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The browser. Without one these tests are skipped, except where they are what decides."""
    async with async_playwright() as playwright:
        program = chromium(playwright)
        if program is None:
            if os.environ.get("CI") == "true":
                pytest.fail(NO_BROWSER)
            pytest.skip(NO_BROWSER)
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
