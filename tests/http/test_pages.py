"""The pages as a browser gets them: who sees what, in which language, and what the headers promise."""

import re
from datetime import timedelta

import httpx
import jwt
import pytest

from builders import a_member
from domain.member import Locale, UserType
from entrypoints.http.identity import TOKEN_COOKIE
from entrypoints.http.tokens import sign_token
from http_world import World, browser, form_fields

TALENT = "/dashboard/talent/payment"
PAGES = [TALENT, "/dashboard/billing"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_promises_that_nothing_from_elsewhere_runs_in_it(
    world: World, client: httpx.AsyncClient, path: str
) -> None:
    answer = await browser(world, client).get(path)

    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert (200, "text/html; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    assert "'none'" == policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"]
    assert "'self'" == policy["script-src"] == policy["style-src"]
    assert {"'self'", "http://127.0.0.1:12111"} == set(policy["form-action"].split())
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "same-origin" == answer.headers["referrer-policy"]
    assert "nosniff" == answer.headers["x-content-type-options"]
    assert "no-store" == answer.headers["cache-control"]
    assert "max-age=31536000; includeSubDomains" == answer.headers["strict-transport-security"]
    assert "style=" not in answer.text
    assert "<style" not in answer.text
    assert re.search(r"<script(?! src=)", answer.text) is None
    assert re.search(r" on\w+=", answer.text) is None


@pytest.mark.parametrize("path", PAGES)
async def test_without_a_token_a_visitor_is_sent_to_sign_in_and_comes_back(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)

    assert 303 == answer.status_code
    base, _, following = answer.headers["location"].partition("?next=")
    assert "https://pay.example.org/dev/sign-in" == base
    assert f"https://pay.example.org{path}" == httpx.URL(f"http://x/?next={following}").params["next"]


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c", "x" * 9000])
async def test_a_token_that_proves_nobody_is_no_token(client: httpx.AsyncClient, token: str) -> None:
    client.cookies.set(TOKEN_COOKIE, token)

    assert 303 == (await client.get(TALENT)).status_code


async def test_a_bearer_token_opens_no_page_and_a_cookie_no_api(world: World, client: httpx.AsyncClient) -> None:
    """A form on another site can send cookies along, so the API must not take them."""
    by_header = await client.get(TALENT, headers=world.headers())
    by_cookie = await browser(world, client).get("/api/v1/payments")

    assert (303, 401) == (by_header.status_code, by_cookie.status_code)


@pytest.mark.parametrize("user_type", list(UserType))
async def test_a_member_has_the_page_of_their_own_user_type_only(
    world: World, client: httpx.AsyncClient, user_type: UserType
) -> None:
    browser(world, client, a_member(user_type=user_type))
    answers = {other: await client.get(f"/dashboard/{other}/payment") for other in UserType}

    assert {user_type} == {other for other, answer in answers.items() if answer.status_code == 200}
    assert {404} == {answer.status_code for other, answer in answers.items() if other is not user_type}
    assert f"/dashboard/{user_type}/payment" == (await client.get("/")).headers["location"]


async def test_a_token_without_a_member_opens_no_page(world: World, client: httpx.AsyncClient) -> None:
    secret = world.settings.tokens.secret or ""
    client.cookies.set(TOKEN_COOKIE, jwt.encode({"sub": "back-end", "exp": 4_000_000_000}, secret, algorithm="HS256"))
    answer = await client.get(TALENT)

    assert 403 == answer.status_code
    assert "text/html; charset=utf-8" == answer.headers["content-type"]


@pytest.mark.parametrize(
    ("token", "accepted", "chosen", "shown"),
    [
        (Locale.ARABIC, "fr", None, "ar"),
        (None, "ar-MA,fr;q=0.8", None, "ar"),
        (None, "de, en;q=0.5, fr;q=0.9", None, "fr"),
        (None, "de", None, "fr"),
        (None, "", None, "fr"),
        (None, "en;q=0, ar;q=0.1", None, "ar"),
        (None, "en;q=x, ;;, ar;q=0.1", None, "ar"),
        (Locale.ARABIC, "fr", "en", "en"),
        (Locale.ARABIC, "fr", "xx", "ar"),
    ],
)
async def test_the_language_is_chosen_by_hand_then_token_then_browser(
    world: World, client: httpx.AsyncClient, token: Locale | None, accepted: str, chosen: str | None, shown: str
) -> None:
    browser(world, client, a_member(locale=token)) if token is not None else unspoken(world, client)
    if chosen is not None:
        client.cookies.set("payments_language", chosen)
    answer = await client.get(TALENT, headers={"accept-language": accepted})

    assert f'<html lang="{shown}" dir="{"rtl" if shown == "ar" else "ltr"}">' in answer.text


def unspoken(world: World, client: httpx.AsyncClient) -> None:
    """A cookie whose token names no language."""
    claims = {"sub": "u1", "user_type": "talent", "email": "a@b.example", "name": "A", "exp": 4_000_000_000}
    client.cookies.set(TOKEN_COOKIE, jwt.encode(claims, world.settings.tokens.secret or "", algorithm="HS256"))


@pytest.mark.parametrize(
    ("back", "leads_to"),
    [
        ("/dashboard/billing?starting_after=x", "/dashboard/billing?starting_after=x"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/%0d%0aset-cookie:x=y", "/%0d%0aset-cookie:x=y"),
        ("/\r\nset-cookie: x=y", "/"),
        ("javascript:alert(1)", "/"),
        ("/" + "x" * 5000, "/"),
        ("", "/"),
    ],
)
async def test_switching_the_language_leads_back_to_us_and_nowhere_else(
    client: httpx.AsyncClient, back: str, leads_to: str
) -> None:
    answer = await client.get("/language/ar", params={"back": back})

    assert (303, leads_to) == (answer.status_code, answer.headers["location"])
    assert "payments_language=ar" in answer.headers["set-cookie"]
    assert {"httponly", "secure", "samesite=lax"} <= set(answer.headers["set-cookie"].lower().split("; "))
    assert 1 == len(answer.headers.get_list("set-cookie"))
    assert {"content-security-policy", "strict-transport-security", "referrer-policy"} <= answer.headers.keys()


async def test_names_with_markup_and_bidi_marks_are_shown_and_not_obeyed(
    world: World, client: httpx.AsyncClient
) -> None:
    evil = '<script>alert(1)</script>\u202e"><img src=x onerror=alert(1)>\u2066{{7*7}}%(day)s'
    browser(world, client, a_member(name=evil))
    checkout = (
        await client.post(TALENT, data=await form_fields(client, TALENT), headers={"origin": "https://pay.example.org"})
    ).headers
    payment = world.store.payments()[0]
    await world.pay({"checkout_session_id": payment.checkout_session_id})
    pages = [(await client.get(path)).text for path in (*PAGES, f"/dashboard/billing/{payment.id}/receipt")]

    assert "location" in checkout
    for page in pages:
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "\u202e" not in page
        assert "\u2066" not in page
        assert "{{7*7}}%(day)s" in page


async def test_a_member_without_a_name_is_called_by_their_address(world: World, client: httpx.AsyncClient) -> None:
    answer = await browser(world, client, a_member(name="", email="someone@example.org")).get(TALENT)

    assert "someone@example.org" in answer.text


async def test_assets_may_be_kept_for_ever_and_change_their_name_with_their_content(
    world: World, client: httpx.AsyncClient
) -> None:
    page = (await browser(world, client).get(TALENT)).text
    paths = re.findall(r'(?:href|src)="(/assets/[^"]+)"', page)
    answers = [await client.get(path) for path in paths]

    assert {".css", ".js", ".svg"} == {"." + path.rpartition(".")[2] for path in paths}
    assert {(200, "public, max-age=31536000, immutable")} == {
        (answer.status_code, answer.headers["cache-control"]) for answer in answers
    }
    assert 404 == (await client.get("/assets/pages.css")).status_code
    assert 404 == (await client.get("/assets/..%2f__init__.py")).status_code


async def test_a_page_needs_little(world: World, client: httpx.AsyncClient) -> None:
    page = await browser(world, client).get(TALENT)
    paths = re.findall(r'(?:href|src)="(/assets/[^"]+)"', page.text)
    sizes = [len(page.content), *[len((await client.get(path)).content) for path in paths]]

    assert 50_000 > sum(sizes)


async def test_an_expired_token_in_the_middle_sends_to_sign_in(world: World, client: httpx.AsyncClient) -> None:
    token = sign_token(world.settings.tokens.secret or "", a_member(), scope="", lifetime=timedelta(hours=-1))
    client.cookies.set(TOKEN_COOKIE, token)
    answer = await client.post(TALENT, data={"csrf_token": "x"})

    assert 303 == answer.status_code
    assert [] == world.store.payments()


@pytest.mark.parametrize("name", ["\u200b", "\u3164\u115f", " \u2800 ", "\u202e"])
async def test_a_name_in_which_nothing_can_be_seen_is_no_name(
    world: World, client: httpx.AsyncClient, name: str
) -> None:
    answer = await browser(world, client, a_member(name=name, email="someone@example.org")).get(TALENT)

    assert "someone@example.org</bdi>" in answer.text
