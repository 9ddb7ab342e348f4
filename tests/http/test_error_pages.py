"""What goes wrong in a browser is told as a page, in the member's language, with a way on; programs get problem details."""

from uuid import UUID

import httpx
import pytest
from dependency_injector import providers
from litestar import Request
from litestar.types import HTTPScope

from adapters.memory.unit_of_work import MemoryUnitOfWork
from application.errors import TryAgain
from builders import a_member
from domain.member import Locale
from entrypoints.http.answers import answer_problem
from entrypoints.http.app import create_app
from entrypoints.http.frame import Frame
from entrypoints.http.identity import TOKEN_COOKIE
from entrypoints.http.problems import Problem
from http_world import World, browser, form_fields

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
    for path in ("/dashboard/company/payment", "/dashboard/nowhere", "/nowhere"):
        answer = await client.get(path, headers=AS_BROWSER | {"accept-language": "de"})

        assert (404, HTML) == (answer.status_code, answer.headers["content-type"])
        assert words in answer.text
        assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "x" * 9000, "\u0661.\u0662.\u0663", "e30.e30.x", "e30.W10.x"])
async def test_a_cookie_that_is_no_token_decides_no_language(client: httpx.AsyncClient, token: str) -> None:
    answer = await client.get(
        "/nowhere", headers={b"accept": b"text/html", b"cookie": f"{TOKEN_COOKIE}={token}".encode()}
    )

    assert 404 == answer.status_code
    assert '<html lang="fr"' in answer.text


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


@pytest.mark.parametrize("path", ["/payment/success?session_id=cs_test_1", "/payment/cancel?payment_id=x"])
async def test_a_fault_after_paying_claims_nothing_and_leads_back_to_the_same_page(
    world: World, client: httpx.AsyncClient, path: str
) -> None:
    browser(world, client, a_member(locale=Locale.ENGLISH))
    world.container.begin.override(providers.Factory(BrokenUnitOfWork, world.store))
    answer = await asked(create_app(world.container), path.replace("=x", f"={UUID(int=7)}"), client.cookies)

    assert 503 == answer.status_code
    assert f'href="{path.replace("=x", f"={UUID(int=7)}")}">Try again' in answer.text
    assert "do not pay again" in answer.text
    assert "charged" not in answer.text.partition("<main")[2].partition("</main")[0]


@pytest.mark.parametrize(("status", "code"), [(429, "rate_limited"), (409, "conflict"), (413, "payload_too_large")])
async def test_every_problem_has_a_page(world: World, status: int, code: str) -> None:
    scope: HTTPScope = {
        "type": "http",
        "method": "GET",
        "path": "/dashboard/billing",
        "headers": [],
        "query_string": b"",
        "app": world.app.app,
        "litestar_app": world.app.app,
        "scheme": "https",
        "server": ("pay.example.org", 443),
    }  # type: ignore[typeddict-item] # as much of a request as a page needs
    page = answer_problem(Request(scope), Problem(status=status, code=code, detail="?", retry_after_seconds=7))

    assert status == page.status_code
    assert "7" == page.headers["retry-after"]
    assert "</html>" in page.content


@pytest.mark.parametrize("host", ["a:99999", "a:b:c", "[::1]:x", "", "\u00e9"])
@pytest.mark.parametrize("path", ["/dashboard/talent/payment", "/dev/sign-in", "/nowhere"])
@pytest.mark.parametrize("signed_in", [True, False])
async def test_no_host_that_a_stranger_names_is_an_error_of_ours(
    world: World, client: httpx.AsyncClient, host: str, path: str, signed_in: bool
) -> None:
    if signed_in:
        browser(world, client)
    headers = [(b"host", host.encode()), (b"accept", b"text/html")]
    answer = await client.get(f"{path}?x=%2F&y=1", headers=headers)

    assert 500 > answer.status_code
    assert answer.headers["content-type"].startswith("text/html") or answer.status_code == 303
    assert "content-security-policy" in answer.headers


async def test_no_host_that_a_stranger_names_is_led_to_or_told_of(world: World, client: httpx.AsyncClient) -> None:
    """Neither a page, a redirect, an answer of the API nor what Stripe is given takes an address from the request."""
    forged = {
        "host": "evil.example",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "javascript",
        "x-forwarded-prefix": "//evil.example",
        "x-original-url": "https://evil.example/",
        "forwarded": "host=evil.example;proto=http",
        "referer": "https://evil.example/",
    }
    member = a_member(locale=Locale.ENGLISH)
    answers = [await client.get("/dashboard/billing", headers=forged | AS_BROWSER)]
    browser(world, client, member)
    fields = await form_fields(client, "/dashboard/talent/payment")
    answers.append(await client.post("/dashboard/talent/payment", data=fields, headers=forged))
    started = await client.post("/api/v1/checkouts", json={}, headers=world.headers(member) | forged)
    await world.pay(started.json())
    payment_id, session_id = started.json()["payment_id"], started.json()["checkout_session_id"]
    for path in (
        *("/dashboard/talent/payment", "/dashboard/billing", f"/dashboard/billing/{payment_id}/receipt"),
        *(f"/payment/success?session_id={session_id}", f"/payment/cancel?payment_id={payment_id}"),
        *("/dev/sign-in", "/nowhere", "/api/v1/nowhere", "/schema/openapi.json"),
    ):
        answers.append(await client.get(path, headers=forged | AS_BROWSER))

    assert answers[0].headers["location"].startswith("https://pay.example.org/dev/sign-in?next=")
    assert (303, started.json()["url"]) == (answers[1].status_code, answers[1].headers["location"])
    assert [200] * 6 + [404, 404, 200] == [answer.status_code for answer in answers[2:]]
    assert [] == [answer.url.path for answer in (*answers, started) if "evil" in f"{answer.headers}{answer.text}"]


async def test_an_error_in_answering_an_error_is_answered_all_the_same(world: World) -> None:
    app = Frame(world.app.app)
    world.app.app.state.pages = None
    answer = await asked(app, "/dashboard/talent/payment", httpx.Cookies())

    assert (500, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert "request-id" in answer.headers
    assert "internal_error" == answer.json()["code"]
