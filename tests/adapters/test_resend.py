"""Whatever Resend, a proxy or the network does, a mailer answers with one of two faults and gives nothing away."""

import asyncio
import contextlib
import json
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from msgspec.structs import replace

from adapters.email.resend import ResendMailer
from application.errors import MailRefused, MailUnavailable
from application.ports.mail import Letter

API_KEY = "re_secret_4711"
KEY = "confirmation/01900000-0000-7000-8000-000000000001"
SENDER = "Talents Acting <payments@example.test>"
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def a_letter(**changes: str) -> Letter:
    """A letter that can be sent; each part of it can be recognised."""
    letter = Letter(to="salma@example.test", subject="the subject", html="<p>the html</p>", text="the text")
    return replace(letter, **changes)


def an_http_answer(status: int, body: bytes, *fields: str, kind: str = "application/json") -> bytes:
    """The bytes of an HTTP answer."""
    head = [f"HTTP/1.1 {status} Word", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([*head, *fields, "", ""]).encode() + body


def an_error(status: int, name: str, *fields: str) -> bytes:
    """An error as Resend writes it; its words repeat what was sent."""
    message = f"{API_KEY} {a_letter()}"
    return an_http_answer(
        status, json.dumps({"statusCode": status, "name": name, "message": message}).encode(), *fields
    )


def saying(content: bytes) -> Answer:
    """A server that reads a request and says these bytes, whatever was asked."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(content)
        await writer.drain()

    return answer


async def read_request(reader: asyncio.StreamReader) -> tuple[list[str], bytes]:
    """The lines of the head of an HTTP request, and its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    length = next(int(line.split(":")[1]) for line in head if line.lower().startswith("content-length"))
    return head, await reader.readexactly(length)


@contextlib.asynccontextmanager
async def a_provider(answer: Answer) -> AsyncIterator[str]:
    """A TCP server on a free port that answers each connection once; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def a_mailer(address: str, *, api_key: str = API_KEY, timeout_seconds: int = 10) -> ResendMailer:
    """A mailer to a provider of the test."""
    return ResendMailer(api_key=api_key, sender=SENDER, api_base=address, timeout_seconds=timeout_seconds)


async def fault_from(answer: Answer, *, timeout_seconds: int = 10) -> MailUnavailable | MailRefused:
    """What sending to such a provider raises."""
    async with a_provider(answer) as address:
        try:
            await a_mailer(address, timeout_seconds=timeout_seconds).send(a_letter(), key=KEY)
        except (MailUnavailable, MailRefused) as fault:
            return fault
    raise AssertionError("the mail was taken")


async def test_a_mail_is_asked_for_with_its_key_its_sender_and_both_bodies() -> None:
    asked: list[tuple[list[str], bytes]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await read_request(reader))
        writer.write(an_http_answer(200, b'{"id": "mail-1"}'))

    async with a_provider(answer) as address:
        mail_id = await a_mailer(f"{address}/").send(a_letter(), key=KEY)

    ((head, body),) = asked
    assert "mail-1" == mail_id
    assert "POST /emails HTTP/1.1" == head[0]
    fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    assert (KEY, f"bearer {API_KEY}") == (fields["idempotency-key"], fields["authorization"])
    expected = {"from": SENDER, "to": ["salma@example.test"], "subject": "the subject"}
    assert expected | {"html": "<p>the html</p>", "text": "the text"} == json.loads(body)


async def test_two_mailers_in_one_process_keep_to_their_own_provider_and_key() -> None:
    def named(name: str) -> Answer:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head, _ = await read_request(reader)
            assert f"Authorization: Bearer {name}" in head
            await asyncio.sleep(0.01)
            writer.write(an_http_answer(200, json.dumps({"id": name}).encode()))

        return answer

    async with a_provider(named("one")) as first, a_provider(named("two")) as second:
        mailers = [a_mailer(first, api_key="one"), a_mailer(second, api_key="two")] * 4
        ids = await asyncio.gather(*(mailer.send(a_letter(), key=KEY) for mailer in mailers))

    assert ["one", "two"] * 4 == ids


@pytest.mark.parametrize("name", ["rate_limit_exceeded", "daily_quota_exceeded", "something_new"])
async def test_too_many_requests_are_surely_not_sent(name: str) -> None:
    fault = await fault_from(saying(an_error(429, name, "Retry-After: 7")))

    assert isinstance(fault, MailUnavailable)
    assert (7, False) == (fault.retry_after_seconds, fault.in_doubt)


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ([], None),
        (["Retry-After: 0"], 0),
        (["Retry-After: 1.2"], 2),
        (["retry-after: 999999999"], 86_400),
        (["Retry-After: -5"], None),
        (["Retry-After: soon"], None),
        (["Retry-After: \u0667"], None),
        (["Date: Fri, 01 May 2026 12:00:00 GMT", "Retry-After: Fri, 01 May 2026 12:01:30 GMT"], 90),
        (["Date: Fri, 01 May 2026 12:00:00 GMT", "Retry-After: Fri, 01 May 2026 11:00:00 GMT"], 0),
        (["Retry-After: Fri, 01 May 2026 12:01:30 GMT"], None),
    ],
    ids=lambda value: ascii(value)[-40:],
)
async def test_the_time_to_wait_is_read_from_the_answer(fields: list[str], seconds: int | None) -> None:
    fault = await fault_from(saying(an_error(429, "rate_limit_exceeded", *fields)))

    assert isinstance(fault, MailUnavailable)
    assert seconds == fault.retry_after_seconds


@pytest.mark.parametrize(
    "content",
    [
        an_error(408, "timeout"),
        an_error(409, "concurrent_idempotent_requests"),
        an_error(409, "something_new"),
        an_http_answer(200, b"not json"),
        an_http_answer(200, b"\xff\xfe"),
        an_http_answer(200, b"<html>hello</html>", kind="text/html"),
        an_http_answer(200, b"{}"),
        an_http_answer(200, b"null"),
        an_http_answer(200, b"[]"),
        an_http_answer(200, b'"mail-1"'),
        an_http_answer(200, b'{"id": null}'),
        an_http_answer(200, b'{"id": ""}'),
        an_http_answer(302, b"{}", "Location: http://127.0.0.1:1/"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhalf",
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
    ids=lambda content: ascii(content)[2:60],
)
async def test_an_answer_that_settles_nothing_leaves_the_mail_in_doubt_and_to_be_tried_again(content: bytes) -> None:
    fault = await fault_from(saying(content))

    assert isinstance(fault, MailUnavailable)
    assert fault.in_doubt


@pytest.mark.parametrize(
    "content",
    [
        an_error(500, "application_error"),
        an_error(500, "internal_server_error"),
        an_error(503, "service_unavailable"),
        an_error(599, "something_new"),
        an_http_answer(502, b"<html>bad gateway</html>", kind="text/html"),
        an_http_answer(403, b"<html>blocked</html>", kind="text/html"),
        an_http_answer(500, b""),
    ],
    ids=lambda content: ascii(content)[2:60],
)
async def test_an_answered_error_was_no_mail_so_that_a_day_of_them_loses_none(content: bytes) -> None:
    fault = await fault_from(saying(content))

    assert isinstance(fault, MailUnavailable)
    assert not fault.in_doubt


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "validation_error"),
        (400, "invalid_idempotency_key"),
        (404, "not_found"),
        (409, "invalid_idempotent_request"),
        (422, "missing_required_field"),
        (451, "security_error"),
        (418, "something_new"),
    ],
)
async def test_a_refusal_by_resend_itself_is_final_and_named(status: int, name: str) -> None:
    fault = await fault_from(saying(an_error(status, name)))

    assert isinstance(fault, MailRefused)
    assert f"the mail provider answered {status}, {name}" == str(fault)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (401, "missing_api_key"),
        (401, "restricted_api_key"),
        (403, "invalid_api_key"),
        (403, "validation_error"),
        (422, "invalid_from_address"),
    ],
)
async def test_a_fault_of_our_account_loses_no_letter(status: int, name: str) -> None:
    """A key that was rolled, or a domain that is not verified yet: an operator mends it, and the letters go out."""
    fault = await fault_from(saying(an_error(status, name)))

    assert isinstance(fault, MailUnavailable)
    assert (60, False) == (fault.retry_after_seconds, fault.in_doubt)


async def test_a_provider_that_is_silent_or_drips_is_given_up_in_time() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.1)

    async with asyncio.timeout(5):
        faults = await asyncio.gather(fault_from(silent, timeout_seconds=1), fault_from(dripping, timeout_seconds=1))

    assert [True, True] == [isinstance(fault, MailUnavailable) and fault.in_doubt for fault in faults]


@pytest.mark.parametrize(
    ("address", "api_key"),
    [
        ("http://127.0.0.1:1", API_KEY),
        ("http://[::bad", API_KEY),
        ("ftp://127.0.0.1", API_KEY),
        ("http://127.0.0.1:1", f"{API_KEY}\n"),
        ("http://127.0.0.1:1", f"{API_KEY}\u00e9\u0639"),
    ],
    ids=ascii,
)
async def test_a_letter_that_never_left_is_surely_not_sent(address: str, api_key: str) -> None:
    with pytest.raises(MailUnavailable) as caught:
        await a_mailer(address, api_key=api_key).send(a_letter(), key=KEY)

    assert not caught.value.in_doubt
    assert API_KEY not in whole_story(caught.value)


@pytest.mark.parametrize("status", [200, 401, 422, 429, 500])
async def test_no_fault_and_no_log_line_repeats_the_key_the_reader_or_the_letter(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "asyncio")
    fault = await fault_from(saying(an_error(status, f"{API_KEY} the text")))

    told = whole_story(fault) + "".join(record.getMessage() for record in caplog.records if record.levelno > 10)
    for secret in (API_KEY, "salma@example.test", "the subject", "the html", "the text"):
        assert secret not in told


def whole_story(fault: BaseException) -> str:
    """All that a log could say about a fault: its text and everything that is chained to it."""
    links = [fault]
    while (link := links[-1].__cause__ or links[-1].__context__) is not None and link not in links:
        links.append(link)
    return "".join("".join(traceback.format_exception_only(link)) for link in links)
