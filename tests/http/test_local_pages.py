"""Signing in and reading mails on one machine; in production there is no trace of either."""

from pathlib import Path

import httpx
import pytest
from dependency_injector import providers
from msgspec.structs import replace

from adapters.email.folder import FolderMailer
from application.ports.mail import Letter
from entrypoints.http.app import create_app
from entrypoints.http.identity import TOKEN_COOKIE
from http_world import World

READY = {"user_id": "salma", "user_type": "talent", "name": "Salma", "email": "salma@example.org"}
LOCAL = ["/dev/sign-in", "/dev/outbox", "/dev/outbox/x", "/dev/outbox/x/html"]


async def test_one_click_signs_in_and_leads_to_the_members_page(client: httpx.AsyncClient) -> None:
    answer = await client.post("/dev/sign-in", data=READY)

    assert (303, "/dashboard/talent/payment") == (answer.status_code, answer.headers["location"])
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(f"{TOKEN_COOKIE}=")
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= set(cookie.split("; "))
    assert 200 == (await client.get("/dashboard/talent/payment")).status_code


@pytest.mark.parametrize(
    ("following", "leads_to"),
    [
        ("https://pay.example.org/dashboard/billing?x=1", "/dashboard/billing?x=1"),
        ("https://evil.example/", "/dashboard/talent/payment"),
        ("https://pay.example.org.evil.example/", "/dashboard/talent/payment"),
        ("https://pay.example.org//evil.example/", "/dashboard/talent/payment"),
        ("https://pay.example.org/\\evil.example/", "/dashboard/talent/payment"),
        ("//evil.example", "/dashboard/talent/payment"),
        ("https://pay.example.org/\r\nx: y", "/dashboard/talent/payment"),
    ],
)
async def test_signing_in_leads_to_pages_of_ours_and_nowhere_else(
    client: httpx.AsyncClient, following: str, leads_to: str
) -> None:
    answer = await client.post("/dev/sign-in", data=READY | {"next": following})

    assert leads_to == answer.headers["location"]


@pytest.mark.parametrize(
    "change",
    [
        {"user_id": ""},
        {"user_id": "x" * 129},
        {"user_type": "admin"},
        {"name": ""},
        {"email": "nobody"},
        {"email": "a b@c"},
    ],
)
async def test_a_member_that_cannot_be_is_told_which_field_is_at_fault(
    client: httpx.AsyncClient, change: dict[str, str]
) -> None:
    answer = await client.post("/dev/sign-in", data=READY | change)

    assert 422 == answer.status_code
    assert 'role="alert"' in answer.text
    assert 'aria-describedby="' in answer.text or change.keys() == {"user_type"}
    assert "salma@example.org" in answer.text or "email" in change
    assert "set-cookie" not in answer.headers


async def test_another_site_signs_nobody_in(client: httpx.AsyncClient) -> None:
    answer = await client.post("/dev/sign-in", data=READY, headers={"origin": "https://evil.example"})

    assert 403 == answer.status_code
    assert "set-cookie" not in answer.headers


async def test_a_mail_is_shown_as_it_looks_and_nothing_in_it_runs(world: World, client: httpx.AsyncClient) -> None:
    html = '<p style="color:red">Hello</p><script>alert(1)</script>'
    letter = Letter(to="a@example.org", subject="<b>Hello</b>", html=html, text="Hello <b>")
    mailer = FolderMailer(world.settings.local_folder / "outbox", "Talents Acting <billing@example.org>")
    mail_id = await mailer.send(letter, key="k1")
    listed = await client.get("/dev/outbox")
    shown = await client.get(f"/dev/outbox/{mail_id}")
    inside = await client.get(f"/dev/outbox/{mail_id}/html")

    assert "&lt;b&gt;Hello&lt;/b&gt;" in listed.text
    assert "Hello &lt;b&gt;" in shown.text
    assert "frame-src 'self'" in shown.headers["content-security-policy"]
    assert html in inside.text
    policy = inside.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize("mail_id", ["unknown", "..%2f..%2fsecrets", "%00"])
async def test_a_mail_that_is_not_there_is_404(client: httpx.AsyncClient, mail_id: str) -> None:
    assert 404 == (await client.get(f"/dev/outbox/{mail_id}")).status_code


@pytest.fixture
async def in_production(world: World) -> httpx.AsyncClient:
    """A client of the same application as it is in production, where no sign-in page is configured."""
    settings = replace(world.settings, production=True, sign_in_url=None, local_folder=Path("/nonexistent"))
    world.container.settings.override(providers.Object(settings))
    transport = httpx.ASGITransport(app=create_app(world.container))  # type: ignore[arg-type] # Litestar's own types of ASGI
    return httpx.AsyncClient(transport=transport, base_url="https://pay.example.org")


@pytest.mark.parametrize("path", LOCAL)
async def test_in_production_the_local_pages_do_not_exist(in_production: httpx.AsyncClient, path: str) -> None:
    got, posted = await in_production.get(path), await in_production.post(path, data=READY)

    assert (404, 404) == (got.status_code, posted.status_code)
    assert "set-cookie" not in posted.headers
    assert "/dev/" not in got.text.partition("<main")[0].replace("/language/", "").partition("back=")[0]


async def test_in_production_a_visitor_without_a_token_is_told_to_sign_in(in_production: httpx.AsyncClient) -> None:
    answer = await in_production.get("/dashboard/talent/payment", headers={"accept-language": "en"})

    assert (401, "text/html; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    assert "Please sign in" in answer.text
    assert 'class="button' not in answer.text
