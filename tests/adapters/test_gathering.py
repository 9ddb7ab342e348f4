"""What waits at the same moment is done together, and nobody waits for company."""

import asyncio
from collections.abc import Sequence

import pytest

from adapters.gathering import Together


class Work:
    """A verb that takes until it is let go, and what it was asked to do. refused: what is not done together."""

    def __init__(self, *refused: str) -> None:
        self.done: list[str | list[str]] = []
        self.go = asyncio.Event()
        self._refused = refused

    async def alone(self, item: str) -> str:
        self.done.append(item)
        await self.go.wait()
        return item.upper()

    async def together(self, items: Sequence[str]) -> list[str | None]:
        self.done.append(list(items))
        await self.go.wait()
        return [None if item in self._refused else item.upper() for item in items]


async def turns(number: int = 5) -> None:
    """Let everybody go on as far as they can."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_what_comes_while_nothing_is_under_way_is_done_at_once_and_alone() -> None:
    work = Work()
    work.go.set()
    verb = Together(work.alone, work.together)

    assert ["A", "B"] == [await verb("a"), await verb("b")]
    assert ["a", "b"] == work.done


async def test_what_comes_meanwhile_is_done_together_as_soon_as_that_is_over() -> None:
    work = Work()
    verb = Together(work.alone, work.together, together_max=3)
    asked = [asyncio.create_task(verb(item)) for item in "abcdef"]
    await turns()
    before = list(work.done)
    work.go.set()
    answers = await asyncio.gather(*asked)

    assert ["a"] == before
    assert list("ABCDEF") == answers
    assert ["a", ["b", "c", "d"], ["e", "f"]] == work.done


async def test_what_is_not_done_together_is_done_alone() -> None:
    work = Work("b")
    verb = Together(work.alone, work.together)
    asked = [asyncio.create_task(verb(item)) for item in "abc"]
    await turns()
    work.go.set()

    assert list("ABC") == await asyncio.gather(*asked)
    assert ["a", ["b", "c"], "b"] == work.done


async def test_nobody_waits_longer_than_a_moment_for_what_is_held_up() -> None:
    work = Work()
    verb = Together(work.alone, work.together, wait_seconds_max=0.01)
    asked = [asyncio.create_task(verb(item)) for item in "abc"]
    async with asyncio.timeout(5):
        while len(work.done) < 2:
            await asyncio.sleep(0.001)
    work.go.set()

    assert list("ABC") == await asyncio.gather(*asked)
    assert ["a", ["b", "c"]] == work.done


async def test_whoever_goes_away_harms_no_other() -> None:
    work = Work()
    verb = Together(work.alone, work.together)
    asked = [asyncio.create_task(verb(item)) for item in "abcd"]
    await turns()
    asked[0].cancel()
    asked[1].cancel()
    await turns()
    asked[2].cancel()
    await turns()
    work.go.set()
    last = await asyncio.gather(*asked, return_exceptions=True)

    assert "D" == last[3]
    assert ["a", ["c", "d"]] == work.done


async def test_an_error_is_that_of_whoever_asked() -> None:
    async def fails(_item: str) -> str:
        raise LookupError("no such thing")

    work = Work()
    work.go.set()
    verb = Together(fails, work.together)

    with pytest.raises(LookupError):
        await verb("a")
    with pytest.raises(LookupError):
        await verb("b")
