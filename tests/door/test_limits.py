"""The server that we ship, over raw sockets: what is too slow, too large or ambiguous is cut off, and keeps nobody else out."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Final

import pytest
import pytest_asyncio

from door.wire import Answer, HungUp, Line, Served, request, serving
from entrypoints.connections import Limits
from entrypoints.http.frame import Frame
from entrypoints.sandbox.events import signature_header
from http_world import World

WEBHOOK: Final = "/api/webhooks/stripe"
HEALTH: Final = "/health/live"
HASTY: Final = Limits(head_seconds_max=0.15, request_seconds_max=0.3, answer_seconds_max=0.15, connections_max=8)
BODY_SECONDS: Final = 0.15
KIB: Final = 1024


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One application for all of them: nothing here may leave anything in it."""
    return World(tmp_path_factory.mktemp("world"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(world: World) -> AsyncIterator[Served]:
    """The server with the limits that it is shipped with."""
    async with serving(world.app) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hasty(world: World) -> AsyncIterator[Served]:
    """A server that waits for nothing long, and takes few connections."""
    async with serving(Frame(world.app.app, body_seconds_max=BODY_SECONDS), HASTY) as served:
        yield served


def problem_in(answer: Answer) -> dict[str, str]:
    """The problem, which has the id that its answer has."""
    problem: dict[str, str] = json.loads(answer.body)

    assert ("application/problem+json", "no-store") == (answer.header("content-type"), answer.header("cache-control"))
    assert (str(answer.status), answer.header("request-id")) == (str(problem["status"]), problem["request_id"])

    return problem


def code_of(answer: Answer) -> str:
    """The code of a problem."""
    return problem_in(answer)["code"]


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


async def test_a_connection_that_says_nothing_is_closed_without_a_word(hasty: Served) -> None:
    async with Line(hasty) as line:
        await line.say()
        words = await line.last_words()

    assert b"" == words


@pytest.mark.parametrize("drop", [b"", b"x"], ids=["stops", "drips"])
async def test_a_head_that_does_not_end_in_its_time_is_408(hasty: Served, drop: bytes) -> None:
    async with Line(hasty) as line:
        await line.say(f"GET {HEALTH} HTTP/1.1\r\nX: ".encode())
        words = await line.drip(drop, 0.02)

    assert words.startswith(b"HTTP/1.1 408 ")


async def test_a_second_head_that_does_not_end_in_its_time_is_408_as_well(hasty: Served) -> None:
    async with Line(hasty) as line:
        first = await line.ask(*request("GET", HEALTH), b"GET /")
        second = await line.hear()

    assert [200, 408] == [first.status, second.status]
    assert "request_timeout" == code_of(second)


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


async def test_line_ends_keep_no_connection_open(hasty: Served) -> None:
    async with Line(hasty) as line:
        await line.ask(*request("GET", HEALTH))
        words = await line.drip(b"\r\n", 0.02)

    assert b"" == words


@pytest.mark.parametrize("drop", [b"", b"x"], ids=["stops", "drips"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
async def test_a_body_that_does_not_come_in_its_time_is_408_and_nothing_is_kept(
    world: World, hasty: Served, drop: bytes, chunked: bool
) -> None:
    head = request("POST", WEBHOOK, body=b"x" * 1000, chunks=500 if chunked else None)[0]
    async with Line(hasty) as line:
        await line.say(head)
        answer = await line.drip(b"1\r\nx\r\n" if chunked and drop else drop, 0.02)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer.lower()
    assert b'"code":"request_timeout"' in answer
    assert {} == world.store.rows


@pytest.mark.parametrize("drop", [b"", b"x"], ids=["stops", "drips"])
async def test_a_body_that_nobody_reads_keeps_no_connection_open(hasty: Served, drop: bytes) -> None:
    async with Line(hasty) as line:
        answer = await line.ask(request("GET", HEALTH, body=b"x" * 1000)[0])
        words = await line.drip(drop, 0.02)

    assert 200 == answer.status
    assert b"" == words


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_error_of_ours(
    world: World, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        async with Line(served) as line:
            await line.say(request("POST", WEBHOOK, body=b"x" * 1000)[0], b"x")
            await served.comes_to(1)
        await served.comes_to(0)
        async with Line(served) as other:
            await other.ask(*request("GET", HEALTH))

    assert f"POST {WEBHOOK} answered 400" in caplog.text
    assert [] == [record for record in caplog.records if record.levelname == "ERROR"]
    assert {} == world.store.rows


async def test_many_idle_connections_keep_nobody_out(hasty: Served) -> None:
    async with AsyncExitStack() as stack:
        idle = [await stack.enter_async_context(Line(hasty)) for _ in range(3 * HASTY.connections_max)]
        for line in idle:
            await line.say(b"GET /")
        async with Line(hasty) as line:
            answer = await line.ask(*request("GET", HEALTH))
        await hasty.comes_to(0)

    assert 200 == answer.status


async def test_the_connection_that_has_waited_the_longest_makes_room_and_none_that_is_at_work(world: World) -> None:
    limits = Limits(connections_max=3)
    async with serving(world.app, limits) as served, AsyncExitStack() as stack:
        busy, *idle = [await stack.enter_async_context(Line(served)) for _ in range(4)]
        await busy.say(request("POST", WEBHOOK, body=b"{}")[0])
        for line in idle:
            await line.ask(*request("GET", HEALTH))
        await served.comes_to(3)
        first = await idle[0].last_words()
        others = [await line.ask(*request("GET", HEALTH)) for line in idle[1:]]
        finished = await busy.ask(b"{}")

    assert b"" == first
    assert [200, 200, 400] == [answer.status for answer in [*others, finished]]


async def test_many_unfinished_bodies_keep_nobody_out(world: World) -> None:
    limits = Limits(connections_max=5)
    async with serving(world.app, limits) as served, AsyncExitStack() as stack:
        head = request("POST", WEBHOOK, body=b"a" * 1000)[0]
        for _ in range(2 * limits.connections_max):
            await (await stack.enter_async_context(Line(served))).say(head + b"{")
        async with Line(served) as line:
            answers = [await line.ask(*request("GET", HEALTH)) for _ in range(3)]

    assert [200, 200, 200] == [answer.status for answer in answers]


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


async def test_a_client_that_does_not_read_its_answers_is_cut_off(hasty: Served) -> None:
    async with Line(hasty) as line:
        await line.say(b"".join(request("GET", "/schema/openapi.json")) * 400)
        await hasty.comes_to(1)
        await hasty.comes_to(0)
        with pytest.raises(HungUp):
            for _ in range(400):
                await line.hear()
