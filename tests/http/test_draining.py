"""A process that is about to stop serves on, takes nothing new, and gives every connection up."""

import httpx

from http_world import World


async def test_a_draining_process_is_not_ready_lives_and_serves_on_and_closes_each_connection(
    world: World, client: httpx.AsyncClient
) -> None:
    before = [await client.get(path) for path in ("/health/ready", "/api/v1/plans")]
    world.app.drain()
    ready, live, plans = [await client.get(path) for path in ("/health/ready", "/health/live", "/api/v1/plans")]

    assert [(200, None)] * 2 == [(answer.status_code, answer.headers.get("connection")) for answer in before]
    assert (503, 200, 200) == (ready.status_code, live.status_code, plans.status_code)
    assert {"process": "The process is about to stop.", "database": "ok"} == ready.json()["checks"]
    assert 0 < int(ready.headers["retry-after"])
    assert ["close"] * 3 == [answer.headers["connection"] for answer in (ready, live, plans)]
