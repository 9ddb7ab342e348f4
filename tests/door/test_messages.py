"""One message after the other, over raw sockets: what is too large or ambiguous is refused, and nothing is taken for a part of another."""

from typing import Final

import pytest

from door.wire import HEALTH, KIB, WEBHOOK, Line, Served, code_of, problem_in, request
from entrypoints.sandbox.events import signature_header
from http_world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")


HEADS_TOO_LARGE: Final = {
    "a long header": request("GET", HEALTH, [(b"X-Long", b"a" * 17 * KIB)]),
    "many headers": request("GET", HEALTH, [(b"X-%d" % number, b"a" * 50) for number in range(300)]),
    "a long target": request("GET", f"{HEALTH}?{'a' * 17 * KIB}"),
    "no end": [f"GET {HEALTH} HTTP/1.1\r\nX: ".encode(), b"a" * 17 * KIB],
    "no end of a megabyte": [f"GET {HEALTH} HTTP/1.1\r\nX: ".encode(), b"a" * KIB * KIB],
}


@pytest.mark.parametrize("parts", HEADS_TOO_LARGE.values(), ids=HEADS_TOO_LARGE)
async def test_a_head_of_more_than_16_kib_is_431_and_the_end_of_the_connection(
    served: Served, parts: list[bytes]
) -> None:
    async with Line(served) as line:
        answer = await line.ask(*parts)

    assert (431, "close") == (answer.status, answer.header("connection"))
    assert "invalid_request" == problem_in(answer)["code"]


async def test_a_head_of_15_kib_is_read(served: Served) -> None:
    async with Line(served) as line:
        answer = await line.ask(*request("GET", HEALTH, [(b"X-Long", b"a" * 15 * KIB)]))

    assert 200 == answer.status


async def test_the_next_request_s_head_is_not_blamed_for_what_came_with_it(served: Served) -> None:
    first = b"".join(request("POST", WEBHOOK, [(b"X-Long", b"a" * 10 * KIB)], b"x" * 30 * KIB))
    half, rest = (f"GET {HEALTH} HTTP/1.1\r\nX-Long: ".encode() + b"a" * 10 * KIB), b"\r\nHost: x\r\n\r\n"
    async with Line(served) as line:
        answers = [await line.ask(first * 2 + half), await line.hear(), await line.ask(rest)]

    assert [400, 400, 200] == [answer.status for answer in answers]


AMBIGUOUS: Final = {
    "length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked",
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 5",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6",
    "the same length twice": b"Content-Length: 5\r\nContent-Length: 5",
    "a negative length": b"Content-Length: -5",
    "a signed length": b"Content-Length: +5",
    "a list of lengths": b"Content-Length: 5, 5",
    "a length with a space before its colon": b"Content-Length : 5",
    "a folded length": b"Content-Length:\r\n 5",
    "an unknown coding": b"Transfer-Encoding: gzip",
    "chunks in disguise": b"Transfer-Encoding: xchunked",
    "chunks that are not the last coding": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "a NUL in a header": b"Content-Length: 5\r\nX: a\0b",
    "a line that ends too early": b"Content-Length: 5\nX: a",
}


@pytest.mark.parametrize("headers", AMBIGUOUS.values(), ids=AMBIGUOUS)
async def test_whatever_two_servers_could_read_differently_is_400_and_the_end_of_the_connection(
    served: Served, headers: bytes
) -> None:
    async with Line(served) as line:
        answer = await line.ask(f"POST {WEBHOOK} HTTP/1.1\r\nHost: x\r\n".encode(), headers, b"\r\n\r\n", b"0\r\n\r\n")

    assert (400, "close") == (answer.status, answer.header("connection"))
    assert "invalid_request" == code_of(answer)


@pytest.mark.parametrize(
    ("version", "hosts", "status"),
    [
        ("1.1", b"", 400),
        ("1.1", b"Host: a\r\nHost: a\r\n", 400),
        ("1.1", b"Host: a\r\nhOST: b\r\n", 400),
        ("1.0", b"Host: a\r\nHost: b\r\n", 400),
        ("1.0", b"", 200),
        ("1.1", b"Host: a\r\n", 200),
    ],
)
async def test_a_request_names_one_host_unless_it_is_of_the_version_that_knew_none(
    served: Served, version: str, hosts: bytes, status: int
) -> None:
    async with Line(served) as line:
        answer = await line.ask(f"GET {HEALTH} HTTP/{version}\r\n".encode(), hosts, b"Connection: close\r\n\r\n")

    assert (status, "close") == (answer.status, answer.header("connection"))
    assert status == 200 or problem_in(answer)["detail"].startswith("Host:")


async def test_each_request_of_a_connection_is_held_to_a_host_of_its_own(served: Served) -> None:
    async with Line(served) as line:
        first = await line.ask(*request("GET", HEALTH))
        again = await line.ask(*request("GET", HEALTH))
        without = await line.ask(f"GET {HEALTH} HTTP/1.1\r\n\r\n".encode())

    assert [200, 200, 400] == [first.status, again.status, without.status]


@pytest.mark.parametrize(("path", "largest"), [(WEBHOOK, 512 * KIB), ("/dev/sign-in", 64 * KIB)])
@pytest.mark.parametrize("chunks", [None, 1000, 100_000])
async def test_a_body_over_the_limit_is_413_whatever_it_says_of_its_length(
    served: Served, path: str, largest: int, chunks: int | None
) -> None:
    form = [(b"Content-Type", b"application/x-www-form-urlencoded")]
    async with Line(served) as line:
        just_fits = await line.ask(*request("POST", path, form, b"x" * largest, chunks=chunks))
    async with Line(served) as line:
        too_large = await line.ask(*request("POST", path, form, b"x" * (largest + 1), chunks=chunks))

    assert just_fits.status in (400, 422)
    assert 413 == too_large.status


async def test_a_length_over_the_limit_is_413_before_any_of_the_body_comes(served: Served) -> None:
    async with Line(served) as line:
        answer = await line.ask(f"POST {WEBHOOK} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n".encode())

    assert (413, "payload_too_large") == (answer.status, code_of(answer))


async def test_after_the_head_that_was_asked_for_the_connection_can_be_used(served: Served) -> None:
    async with Line(served) as line:
        await line.say(*request("HEAD", HEALTH), *request("GET", HEALTH, [(b"Connection", b"close")]))
        words = await line.last_words()
    first, _, rest = words.partition(b"\r\n\r\n")
    second, _, body = rest.partition(b"\r\n\r\n")

    assert first.startswith(b"HTTP/1.1 200 ")
    assert second.startswith(b"HTTP/1.1 200 ")
    assert b'{"status":"live"}' == body


async def test_a_client_that_wants_another_protocol_is_answered_in_this_one_without_alarm(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    headers = [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"), (b"Sec-WebSocket-Version", b"13")]
    async with Line(served) as line:
        answer = await line.ask(*request("GET", HEALTH, headers))

    assert 200 == answer.status
    assert [] == [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]


async def test_what_follows_a_request_and_is_none_does_not_speak_into_its_answer(served: Served) -> None:
    async with Line(served) as line:
        await line.say(*request("GET", HEALTH), b"\0\1 no request\r\n\r\n")
        words = await line.last_words()

    assert 0 <= words.count(b"HTTP/1.1") <= 1
    assert b"no HTTP" not in words


CHUNKED: Final = f"POST {WEBHOOK} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n".encode()


@pytest.mark.parametrize(
    "endless", [b"0\r\n" + b"X-T: a\r\n" * 100, b"0\r\nX-T: ", b"2;x="], ids=["lines", "line", "chunk"]
)
async def test_what_follows_a_body_without_end_is_cut_off(served: Served, endless: bytes) -> None:
    async with Line(served) as line:
        more = b"X-T: a\r\n" * 500 if endless.endswith(b"\n") else b"a" * 4 * KIB
        await line.say(CHUNKED + endless, *[more] * 300)

        assert b"" == await line.last_words()


async def test_a_trailer_is_no_header(served: Served, world: World) -> None:
    signature = signature_header(b"{}", int(world.clock.now().timestamp()), list(world.settings.stripe_webhook_secrets))
    async with Line(served) as line:
        answer = await line.ask(CHUNKED + f"0\r\nStripe-Signature: {signature}\r\n\r\n".encode())

    assert (400, "signature_invalid") == (answer.status, code_of(answer))
