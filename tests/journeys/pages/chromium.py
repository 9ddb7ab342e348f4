"""The browser of the browser tests: Debian's Chromium, or whichever the machine has."""

import os
import shutil
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Playwright

NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Chromium's own sandbox needs what containers and root do not have; it only opens pages of ours here.
OPTIONS: Final = ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"]


def chromium(playwright: Playwright) -> str | None:
    """The browser's program: of `CHROMIUM_PATH` and no other, else of the machine, else the one that Playwright has fetched."""
    named = os.environ.get("CHROMIUM_PATH")
    if named:
        return shutil.which(named)
    found = [path for name in NAMES if (path := shutil.which(name))]
    fetched = Path(playwright.chromium.executable_path)
    return found[0] if found else str(fetched) if fetched.exists() else None


async def launch(playwright: Playwright, program: str) -> Browser:
    """The browser, without a window."""
    return await playwright.chromium.launch(executable_path=program, args=OPTIONS)
