"""Virtual time: it jumps, it keeps the order of asyncio, and it lets nothing in that has no place in the order."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from entrypoints.simulation.loop import NothingLeft, VirtualLoop

YEAR = 365 * 86_400.0


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    made = VirtualLoop()
    yield made
    made.close()


def test_a_year_of_sleep_takes_no_time(loop: VirtualLoop) -> None:
    began = time.monotonic()
    loop.run_until_complete(asyncio.sleep(YEAR))

    assert YEAR == loop.time()
    assert time.monotonic() - began < 1


def test_sleepers_wake_in_the_order_of_their_time_and_then_of_their_asking(loop: VirtualLoop) -> None:
    woken: list[str] = []

    async def sleeper(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append(name)

    async def all_of_them() -> None:
        await asyncio.gather(sleeper("last", 3), sleeper("second", 2), sleeper("third", 2), sleeper("first", 1))

    loop.run_until_complete(all_of_them())

    assert ["first", "second", "third", "last"] == woken


def test_a_deadline_is_kept_in_virtual_time(loop: VirtualLoop) -> None:
    async def too_long() -> None:
        async with asyncio.timeout(10):
            await asyncio.sleep(YEAR)

    with pytest.raises(TimeoutError):
        loop.run_until_complete(too_long())

    assert loop.time() == 10


def test_everybody_waiting_for_everybody_is_told(loop: VirtualLoop) -> None:
    with pytest.raises(NothingLeft):
        loop.run_until_complete(loop.create_future())
    loop.run_until_complete(asyncio.sleep(0))


def test_threads_are_refused(loop: VirtualLoop) -> None:
    async def in_a_thread() -> None:
        await asyncio.to_thread(time.monotonic)

    with pytest.raises(RuntimeError, match="no threads"):
        loop.run_until_complete(in_a_thread())
