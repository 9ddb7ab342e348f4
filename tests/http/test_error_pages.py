"""What goes wrong in a browser is told as a page, in the member's language, with a way on; programs get problem details."""

import httpx
import pytest
from dependency_injector import providers

from adapters.memory.unit_of_work import MemoryUnitOfWork
from application.errors import TryAgain
from builders import a_member
from domain.member import Locale
from entrypoints.http.app import create_app
from entrypoints.http.frame import Frame
from http_world import World, browser

HTML = "text/html; charset=utf-8"
AS_BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def asked(app: Frame, path: str, cookies: httpx.Cookies, **headers: str) -> httpx.Response:
    """The answer of an application."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type] # Litestar's own types of ASGI
    async with httpx.AsyncClient(transport=transport, base_url="https://pay.example.org", cookies=cookies) as client:
        return await client.get(path, headers=headers)


class BrokenUnitOfWork(MemoryUnitOfWork):
    """A store that fails in a way that the test names."""

    error: Exception = TryAgain("the store is away")

    async def __aenter__(self) -> "BrokenUnitOfWork":
        raise self.error


@pytest.mark.parametrize(
    ("path", "browsing", "html"),
    [
        ("/nowhere", True, True),
        ("/nowhere", False, False),
        ("/dashboard/nowhere", False, True),
        ("/payment/nowhere", False, True),
        ("/api/v1/nowhere", True, False),
        ("/health/nowhere", True, False),
        ("/assets/nowhere", True, False),
    ],
)
async def test_people_get_pages_and_programs_get_problems(
    client: httpx.AsyncClient, path: str, browsing: bool, html: bool
) -> None:
    answer = await client.get(path, headers=AS_BROWSER if browsing else {"accept": "*/*"})

    assert 404 == answer.status_code
    assert (HTML if html else "application/problem+json") == answer.headers["content-type"]
    assert answer.headers["request-id"] in answer.text


@pytest.mark.parametrize(
    ("locale", "words"), [("fr", "Page introuvable"), ("en", "Page not found"), ("ar", 'dir="rtl"')]
)
async def test_an_error_page_speaks_the_members_language(
    world: World, client: httpx.AsyncClient, locale: str, words: str
) -> None:
    browser(world, client, a_member(locale=Locale(locale)))
    answer = await client.get("/dashboard/company/payment")

    assert (404, HTML) == (answer.status_code, answer.headers["content-type"])
    assert words in answer.text
    assert "content-security-policy" in answer.headers


async def test_a_database_that_is_away_is_a_503_with_a_way_to_try_again(
    world: World, client: httpx.AsyncClient
) -> None:
    browser(world, client, a_member(locale=Locale.ENGLISH))
    world.container.begin.override(providers.Factory(BrokenUnitOfWork, world.store))
    app = create_app(world.container)
    answer = await asked(app, "/dashboard/talent/payment", client.cookies)

    assert (503, HTML) == (answer.status_code, answer.headers["content-type"])
    assert "retry-after" in answer.headers
    assert 'href="/dashboard/talent/payment">Try again' in answer.text


async def test_an_unforeseen_error_is_a_500_that_tells_nothing_from_inside(
    world: World, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser(world, client, a_member(locale=Locale.ENGLISH))
    monkeypatch.setattr(BrokenUnitOfWork, "error", ZeroDivisionError("canary-7319"))
    world.container.begin.override(providers.Factory(BrokenUnitOfWork, world.store))
    answer = await asked(create_app(world.container), "/dashboard/talent/payment", client.cookies)

    assert (500, HTML) == (answer.status_code, answer.headers["content-type"])
    assert "canary" not in answer.text
    assert "Something went wrong" in answer.text


async def test_a_page_that_takes_too_long_ends_as_a_page(world: World, client: httpx.AsyncClient) -> None:
    browser(world, client, a_member(locale=Locale.ENGLISH))
    answer = await asked(Frame(world.app.app, seconds_max=0.0), "/dashboard/talent/payment", client.cookies)

    assert (503, HTML) == (answer.status_code, answer.headers["content-type"])
    assert "Not available just now" in answer.text


async def test_a_method_that_a_page_has_not_is_405(world: World, client: httpx.AsyncClient) -> None:
    answer = await browser(world, client).delete("/dashboard/billing")

    assert (405, HTML) == (answer.status_code, answer.headers["content-type"])
    assert "GET" in answer.headers["allow"]
