"""The watch over the pages sees what it is there for."""

from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Literal

import pytest
from playwright.async_api import Browser

from journeys.pages.guard import PAGE_BYTES_MAX, RULES_OF_COLOURS, Guard, faults_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

GOOD = """<!doctype html><html lang="en" dir="ltr"><head><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width"></head><body><main><h1>A page</h1>{}</main></body></html>"""


FILES = {
    "/broken.js": ("text/javascript", "throw new Error('planted')"),
    "/heavy.css": ("text/css", f"/* {'heavy ' * (PAGE_BYTES_MAX // 6 + 1)} */"),
    "/gloomy.css": ("text/css", "@media (prefers-color-scheme: dark) { main { background: #000; color: #222 } }"),
    "/small.css": ("text/css", "button { width: 9px; height: 9px; padding: 0; margin: 0; border: 0; display: block }"),
}


class OnePage(BaseHTTPRequestHandler):
    """Serves the same page at every path but those of a few files, and nothing at `/absent.css`."""

    def __init__(self, page: str, policy: str, *arguments: object) -> None:
        self.page = page
        self.policy = policy
        super().__init__(*arguments)  # type: ignore[arg-type] # what the server hands over

    def do_GET(self) -> None:  # the name that http.server asks for
        """Answer."""
        media_type, text = FILES.get(self.path, ("text/html", self.page))
        body = text.encode()
        self.send_response(404 if self.path == "/absent.css" else 200)
        self.send_header("content-type", media_type)
        self.send_header("content-security-policy", self.policy)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Be quiet."""


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a page with the body that the test names."""
    page = GOOD.format(request.param) if not request.param.startswith("<!") else request.param
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(OnePage, page, "default-src 'self'"))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def seen(browser: Browser, address: str) -> list[str]:
    """All that the watch says of a page."""
    context = await browser.new_context(viewport={"width": 320, "height": 640})
    guard = Guard(context, address)
    page = await context.new_page()
    await page.goto(address)
    found = await faults_of(page)
    await context.close()
    return guard.faults + found


@pytest.mark.parametrize("served", ["<p>Fine.</p><link rel='stylesheet' href='/gloomy.css'>"], indirect=True)
@pytest.mark.parametrize(("scheme", "faults"), [("light", []), ("dark", ["axe color-contrast", "axe color-contrast"])])
async def test_what_cannot_be_read_in_the_dark_is_seen(
    browser: Browser, served: str, scheme: Literal["light", "dark"], faults: list[str]
) -> None:
    context = await browser.new_context(color_scheme=scheme)
    page = await context.new_page()
    await page.goto(served)
    found = await faults_of(page, RULES_OF_COLOURS)
    await context.close()

    assert faults == [fault.partition(":")[0] for fault in found]


@pytest.mark.parametrize("served", ["<p>Fine.</p>"], indirect=True)
async def test_a_good_page_has_no_faults(browser: Browser, served: str) -> None:
    assert [] == await seen(browser, served)


@pytest.mark.parametrize(
    ("served", "fault"),
    [
        ('<img alt="" src="http://127.0.0.1:9/x.png">', "loads from elsewhere"),
        ("<script>1</script>", "console: "),
        ("<img src='/x'>", "axe image-alt"),
        ("<p style='width: 9px'>x</p>", "console: "),
        ("<h1>Another</h1>", "has 2 main headings"),
        (f"<pre>{'wide ' * 200}</pre>", "px wider than the window"),
        (f"<p>{'heavy ' * (PAGE_BYTES_MAX // 6 + 1)}</p>", "weighs"),
        ("<script src='/broken.js'></script>", "script: planted"),
        ("<link rel='stylesheet' href='/absent.css'>", "loads in vain: 404"),
        ("<link rel='stylesheet' href='/heavy.css'>", "weighs"),
        ("<font color='#eeeeee'>pale</font>", "axe color-contrast"),
        ("<label>Town <input autocomplete='nonsense'></label>", "axe autocomplete-valid"),
        ("<link rel='stylesheet' href='/small.css'><button>a</button><button>b</button>", "axe target-size"),
        ("<h4>Too deep</h4>", "axe heading-order"),
        ("<!doctype html><h1>Bare</h1>", "has no lang"),
        ("<!doctype html><h1>Bare</h1>", "has no dir"),
        ("<!doctype html><h1>Bare</h1>", "has no title"),
        ("<!doctype html><h1>Bare</h1>", "has no viewport"),
    ],
    indirect=["served"],
)
async def test_a_planted_fault_is_seen(browser: Browser, served: str, fault: str) -> None:
    assert fault in "\n".join(await seen(browser, served))
