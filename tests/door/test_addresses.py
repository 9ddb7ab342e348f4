"""Where a request comes from, as the server that we ship sees it."""

from pathlib import Path

from door.wire import Line, request, serving
from http_world import World


async def test_a_stranger_on_the_same_machine_cannot_say_to_be_somebody_else(tmp_path: Path) -> None:
    world = World(tmp_path, RATE_LIMIT_REQUESTS="3")
    forwarded = [(b"X-Forwarded-For", f"198.51.100.{number}".encode()) for number in range(4)]
    async with serving(world.app) as served, Line(served) as line:
        answers = [await line.ask(*request("GET", "/api/v1/plans", [header])) for header in forwarded]

    assert [200, 200, 200, 429] == [answer.status for answer in answers]


async def test_a_proxy_on_the_same_machine_is_believed_when_it_is_named(tmp_path: Path) -> None:
    world = World(tmp_path, RATE_LIMIT_REQUESTS="1", TRUSTED_PROXIES="127.0.0.1")
    forwarded = [(b"X-Forwarded-For", f"198.51.100.{number // 2}".encode()) for number in range(4)]
    async with serving(world.app) as served, Line(served) as line:
        answers = [await line.ask(*request("GET", "/api/v1/plans", [header])) for header in forwarded]

    assert [200, 429, 200, 429] == [answer.status for answer in answers]
