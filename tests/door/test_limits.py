"""The server that we ship, over raw sockets: what is too slow is cut off, and keeps nobody else out."""

from contextlib import AsyncExitStack

import pytest

from door.conftest import HASTY
from door.wire import HEALTH, WEBHOOK, HungUp, Line, Served, code_of, request, serving
from entrypoints.connections import Limits
from http_world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")


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


async def test_a_client_that_does_not_read_its_answers_is_cut_off(hasty: Served) -> None:
    async with Line(hasty) as line:
        await line.say(b"".join(request("GET", "/schema/openapi.json")) * 400)
        await hasty.comes_to(1)
        await hasty.comes_to(0)
        with pytest.raises(HungUp):
            for _ in range(400):
                await line.hear()
