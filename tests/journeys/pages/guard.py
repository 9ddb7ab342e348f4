"""What no page may do, watched in every browser test: load from elsewhere, break the policy, fail in a script, grow heavy."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # the package has no types
from playwright.async_api import BrowserContext, ConsoleMessage, Page, Request, Response

PAGE_BYTES_MAX: Final = 50_000
"""Of a whole page with everything that it loads, as it is before any compression."""

RULES_OF_MAILS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""Mails have no landmarks: mail clients show them inside pages of their own."""

RULES: Final = (*RULES_OF_MAILS, "best-practice")

RULES_OF_COLOURS: Final = ("color-contrast", "link-in-text-block")
"""What can differ between a page in the light and the same page in the dark."""

ERROR_PAGE: Final = "Failed to load resource: the server responded with a status of"
"""What Chromium says of every page whose status is an error, also where that page was asked for on purpose."""

SHAPE: Final = """() => ({
    lang: document.documentElement.lang,
    dir: document.documentElement.dir,
    title: document.title,
    viewport: document.querySelector('meta[name=viewport]')?.content ?? '',
    headings: document.querySelectorAll('h1').length,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    bytes: [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .filter((entry) => entry.initiatorType !== 'fetch')
        .reduce((sum, entry) => sum + entry.decodedBodySize, 0),
})"""

AXE: Final = Axe()


class Guard:
    """Watches the pages of one browser context."""

    def __init__(self, context: BrowserContext, *addresses: str) -> None:
        """addresses: the services that pages may load from."""
        self._origins = {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, addresses)}
        self.faults: list[str] = []
        context.on("request", self._requested)
        context.on("response", self._answered)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))

    def _requested(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "data" and f"{parts.scheme}://{parts.netloc}" not in self._origins:
            self.faults.append(f"loads from elsewhere: {request.url}")

    def _answered(self, response: Response) -> None:
        """A page may be an error, asked for on purpose; what a page loads may not."""
        if response.status >= 400 and not response.request.is_navigation_request():
            self.faults.append(f"loads in vain: {response.status} {response.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(ERROR_PAGE):
            self.faults.append(f"console: {message.text}")


async def faults_of(page: Page, rules: Sequence[str] = RULES) -> list[str]:
    """What is wrong with a page as it stands: its shape, its weight, and every rule of accessibility that it breaks."""
    await page.wait_for_load_state()
    shape: dict[str, Any] = await page.evaluate(SHAPE)  # Any: JSON
    faults = [f"has no {name}" for name in ("lang", "dir", "title", "viewport") if not shape[name]]
    if shape["headings"] != 1:
        faults.append(f"has {shape['headings']} main headings")
    if shape["overflow"] > 0:
        faults.append(f"is {shape['overflow']} px wider than the window")
    if shape["bytes"] > PAGE_BYTES_MAX:
        faults.append(f"weighs {shape['bytes']} bytes")
    found = await AXE.run(page, options={"runOnly": list(rules), "resultTypes": ["violations"], "preload": False})
    broken = found.response["violations"]
    return faults + [f"axe {rule['id']}: {node['html'][:200]}" for rule in broken for node in rule["nodes"]]
