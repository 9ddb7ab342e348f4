"""Forms: only ours, only for this member, and never charging a price that was not seen."""

import hmac
import re
from base64 import urlsafe_b64decode

import httpx
import pytest
from litestar.datastructures import Headers

from builders import a_member
from domain.member import UserId
from domain.payment import PaymentStatus
from entrypoints.http.forms import ForgedForm, FormGuard
from entrypoints.http.identity import TOKEN_COOKIE
from entrypoints.http.origins import origin_of
from http_world import World, browser, form_fields

TALENT = "/dashboard/talent/payment"
OURS = {"origin": "https://pay.example.org", "sec-fetch-site": "same-origin"}


async def test_the_form_leads_to_the_hosted_page(world: World, client: httpx.AsyncClient) -> None:
    browser(world, client)
    answer = await client.post(TALENT, data=await form_fields(client, TALENT), headers=OURS)

    (session,) = world.gateway.sessions.values()
    assert (303, session.url) == (answer.status_code, answer.headers["location"])
    assert "form-action" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("token", [None, "", "x", "1.x", "99999999999.x", "\u0661.x", "." * 5000, "1" * 5000])
async def test_a_form_without_our_token_does_nothing(
    world: World, client: httpx.AsyncClient, token: str | None
) -> None:
    fields = await form_fields(browser(world, client), TALENT) | {"csrf_token": token or ""}
    if token is None:
        del fields["csrf_token"]
    answer = await client.post(TALENT, data=fields, headers=OURS)

    assert (403, "text/html; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    assert [] == world.store.payments()


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://pay.example.org.evil.example"},
        {"origin": "http://pay.example.org"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_form_on_another_site_does_nothing(
    world: World, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    fields = await form_fields(browser(world, client), TALENT)
    answer = await client.post(TALENT, data=fields, headers=headers)

    assert 403 == answer.status_code
    assert [] == world.store.payments()


async def test_a_token_of_one_member_is_of_no_use_to_another(world: World, client: httpx.AsyncClient) -> None:
    fields = await form_fields(browser(world, client, a_member(user_id=UserId("u1"))), TALENT)
    browser(world, client, a_member(user_id=UserId("u2")))
    answer = await client.post(TALENT, data=fields, headers=OURS)

    assert 403 == answer.status_code


async def test_what_a_caller_proves_itself_with_is_compared_in_constant_time(
    world: World, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signature of the member's token, by the library that reads it, and that of the form."""
    compared: list[bytes] = []
    in_constant_time = hmac.compare_digest

    def noted(one: bytes, other: bytes) -> bool:
        compared.extend((one, other))
        return in_constant_time(one, other)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    fields = await form_fields(browser(world, client), TALENT)
    answer = await client.post(TALENT, data=fields, headers=OURS)
    token = client.cookies[TOKEN_COOKIE].rpartition(".")[2]

    assert 303 == answer.status_code
    assert fields["csrf_token"].partition(".")[2].encode() in compared
    assert urlsafe_b64decode(f"{token}==") in compared


def test_a_token_lasts_a_day_and_is_bound_to_the_secret() -> None:
    guard = FormGuard("secret", "https://pay.example.org")
    token = guard.token("u1")
    guard.check("u1", token)
    written, _, signature = token.partition(".")
    older = f"{int(written) - 25 * 3600}.{signature}"

    with pytest.raises(ForgedForm):
        guard.check("u1", older)
    with pytest.raises(ForgedForm):
        FormGuard("another secret", "https://pay.example.org").check("u1", token)


@pytest.mark.parametrize(
    ("body", "type"),
    [
        (b"\xff\xfe=1", "application/x-www-form-urlencoded"),
        (b"--x", "multipart/form-data; boundary=x"),
        (b"{", "application/json"),
        (b"x=1", "text/plain"),
        (b"", ""),
        (b"a=1&" * 10_000, "application/x-www-form-urlencoded"),
    ],
)
async def test_bytes_that_are_no_form_of_ours_are_refused_in_words(
    world: World, client: httpx.AsyncClient, body: bytes, type: str
) -> None:
    answer = await browser(world, client).post(TALENT, content=body, headers=OURS | {"content-type": type})

    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"].startswith("text/html")
    assert [] == world.store.payments()


@pytest.mark.parametrize("change", [{"amount": "29999"}, {"currency": "usd"}, {"amount": ""}, {"amount": "\u0663"}])
async def test_a_price_that_was_not_seen_is_shown_before_it_is_paid(
    world: World, client: httpx.AsyncClient, change: dict[str, str]
) -> None:
    fields = await form_fields(browser(world, client), TALENT) | change
    answer = await client.post(TALENT, data=fields, headers=OURS)

    assert 409 == answer.status_code
    assert "300,00" in answer.text
    assert "location" not in answer.headers


async def test_a_refused_currency_is_told_with_the_fixed_price_in_another(
    world: World, client: httpx.AsyncClient
) -> None:
    world.gateway.unchargeable.add("mad")
    first = await client.post(TALENT, data=await form_fields(browser(world, client), TALENT), headers=OURS)
    page = await client.get(TALENT)
    second = await client.post(TALENT, data=await form_fields(client, TALENT), headers=OURS)

    (way_on,) = re.findall(r'class="button" href="([^"]+)"', first.text)
    assert 409 == first.status_code
    assert "30,00" in first.text
    assert "Les paiements en" in first.text
    assert TALENT == way_on
    assert "Les paiements en" in page.text
    assert 303 == second.status_code
    assert "checkout.example" in second.headers["location"]


async def test_a_member_who_has_paid_is_led_back_to_the_page_that_says_so(
    world: World, client: httpx.AsyncClient
) -> None:
    fields = await form_fields(browser(world, client), TALENT)
    await client.post(TALENT, data=fields, headers=OURS)
    world.gateway.pay("cs_test_1")
    await client.get("/payment/success?session_id=cs_test_1")
    answer = await client.post(TALENT, data=fields, headers=OURS)

    assert (303, TALENT) == (answer.status_code, answer.headers["location"])
    assert [PaymentStatus.SUCCEEDED] == [payment.status for payment in world.store.payments()]


async def test_while_stripe_is_away_a_page_says_so_with_a_way_on(world: World, client: httpx.AsyncClient) -> None:
    fields = await form_fields(browser(world, client), TALENT)
    world.gateway.fail_next("create_customer")
    answer = await client.post(TALENT, data=fields, headers=OURS)

    assert (503, "text/html; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    assert "retry-after" in answer.headers
    assert answer.headers["request-id"] in answer.text
    assert 'class="button' in answer.text


async def test_giving_up_is_a_form_and_not_a_link(world: World, client: httpx.AsyncClient) -> None:
    fields = await form_fields(browser(world, client), TALENT)
    await client.post(TALENT, data=fields, headers=OURS)
    (payment,) = world.store.payments()
    path = f"/payment/cancel?payment_id={payment.id}"
    action = (await client.get(TALENT)).text.partition('action="/payment/cancel')[2].partition('"')[0]
    looked = await client.get(path)
    after_a_look = world.store.payments()[0].status
    data = {"payment_id": str(payment.id), "csrf_token": fields["csrf_token"]}
    world.gateway.fail_next("expire_checkout")
    failed = await client.post(path, data=data, headers=OURS)
    given_up = await client.post("/payment/cancel", data=data, headers=OURS)

    assert f"?payment_id={payment.id}" == action
    assert 200 == looked.status_code
    assert PaymentStatus.PENDING is after_a_look
    assert 503 == failed.status_code
    assert f'href="{path}">' in failed.text
    assert "d\u00e9bit" not in failed.text.partition("<main")[2]
    assert (303, path) == (given_up.status_code, given_up.headers["location"])
    assert [PaymentStatus.CANCELLED] == [payment.status for payment in world.store.payments()]


@pytest.mark.parametrize("payment_id", ["", "x", "01900000-0000-7000-8000-00000000dead"])
async def test_what_is_not_the_members_own_cannot_be_given_up(
    world: World, client: httpx.AsyncClient, payment_id: str
) -> None:
    fields = await form_fields(browser(world, client), TALENT)
    data = {"payment_id": payment_id, "csrf_token": fields["csrf_token"]}
    answer = await client.post("/payment/cancel", data=data, headers=OURS)

    assert 404 == answer.status_code


@pytest.mark.parametrize("charset", ["bogus", "hex", "utf-7", "unicode_escape"])
@pytest.mark.parametrize("path", [TALENT, "/payment/cancel", "/dev/sign-in"])
async def test_a_form_in_parts_is_refused(world: World, client: httpx.AsyncClient, path: str, charset: str) -> None:
    """Our pages send no such forms, and each part may name an encoding of its own."""
    body = (
        f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\nContent-Type: text/plain; charset={charset}\r\n\r\n'
        "99999999999.+2AA-\\ud800\r\n--x--\r\n"
    )
    headers = OURS | {"content-type": "multipart/form-data; boundary=x"}
    answer = await browser(world, client).post(path, content=body.encode(), headers=headers)

    assert 415 == answer.status_code


@pytest.mark.parametrize("token", ["99999999999.%ED%A0%80", "99999999999.%00", "%FF.%FF"])
async def test_a_token_of_any_bytes_is_no_token(world: World, client: httpx.AsyncClient, token: str) -> None:
    headers = OURS | {"content-type": "application/x-www-form-urlencoded"}
    answer = await browser(world, client).post(TALENT, content=f"csrf_token={token}".encode(), headers=headers)

    assert 403 == answer.status_code


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Pay.Example.org", "https://pay.example.org"),
        ("https://pay.example.org:443/base", "https://pay.example.org"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("HTTPS://pay.example.org:8443", "https://pay.example.org:8443"),
    ],
)
def test_origins_are_compared_as_browsers_write_them(url: str, origin: str) -> None:
    guard = FormGuard("secret", url)

    assert origin == origin_of(url)
    guard.check_origin(Headers({"origin": origin, "sec-fetch-site": "same-origin"}))
