"""Whatever use case is at work, and whichever of its words to Postgres the line breaks at: its caller hears of a passing fault, tries
again as callers do, and everything is as if nothing had happened."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from itertools import count
from typing import Final

import pytest
from msgspec import Struct

from application.errors import ApplicationFault, ProviderUnavailable, TryAgain
from domain.checkout import CLAIM
from entrypoints.http.problems import problem_of
from faults.crash_lane import Lane, Way, a_lane
from faults.stories.kit import Call, Story
from faults.stories.told import STORIES
from postgres_world import a_talent

LANES: Final = 4
BETWEEN_TRIES: Final = CLAIM + timedelta(seconds=1)
"""How long a caller waits before the second try: a claim that a crash left behind has ended by then."""

POINTS_WANTED: Final = int(os.environ.get("PAYMENTS_CRASH_POINTS", "0"))
"""How many points to go through at least. Every request and every commit is gone through once in any case."""

SEED: Final = 4
FIRST_OF: Final = {Way.ENDED: 1, Way.IDLE: 2}
"""At the odd requests the line breaks in the one way, at the even ones in the other: each is gone through once."""


class Plan(Struct, frozen=True):
    """One story to be broken at its requests in turn, the first one and each `step`-th; at a second one as well, so many requests later."""

    story: Story
    way: Way
    first: int = 1
    step: int = 1
    again_after: int = 0


class Tally:
    """points: how often each story was broken. wrong: what was not as it must be."""

    def __init__(self) -> None:
        self.points: Counter[tuple[Way, str]] = Counter()
        self.wrong: list[str] = []


def plans(wanted: Callable[[], bool]) -> Iterator[Plan]:
    """Each story in both ways at every second request, and at every commit; while more are wanted, in all other ways too."""
    for story in STORIES:
        yield from (Plan(story, way, first, step=2) for way, first in FIRST_OF.items())
        yield Plan(story, Way.UNANSWERED)
    chance = random.Random(SEED)  # noqa: S311 # where to break, not a secret
    further = [Plan(story, Way.GONE) for story in STORIES]
    further += [Plan(story, way, first=first + 1, step=2) for story in STORIES for way, first in FIRST_OF.items()]
    while True:
        for plan in further:
            if not wanted():
                return
            yield plan
        further = [Plan(story, chance.choice(list(Way)), again_after=chance.randint(1, 8)) for story in STORIES]


async def tried(call: Call, lane: Lane) -> str | None:
    """What the caller was told that callers must never be told; null when all is well."""
    try:
        await call(lane.crashing)
    except ApplicationFault as fault:
        status = problem_of(fault).status
        return None if status == 503 else f"the caller was told {status} for {type(fault).__name__}: {fault}"
    except Exception as error:
        return f"nobody has a word for {type(error).__name__}: {error}"
    return None


async def try_again(call: Call, lane: Lane) -> None:
    """The caller's second try, and a third one where the provider's failures call for a new attempt or another connection was broken."""
    lane.outside.clock.pass_time(BETWEEN_TRIES)
    with suppress(ProviderUnavailable, TryAgain):
        await call(lane.crashing)
        return
    lane.outside.clock.pass_time(BETWEEN_TRIES)
    await call(lane.crashing)


async def broken_at(plan: Plan, point: int, lane: Lane, number: int) -> tuple[int, list[str]]:
    """At which request a story broke that was to break at `point` or after it, 0 for nowhere; and what was wrong then."""
    member = a_talent(f"member-{number}")
    call = await plan.story.begin(lane, member)
    lane.crash_at(point, plan.way, again_after=plan.again_after)
    wrong = [await tried(call, lane)]
    struck_at = next(iter(lane.struck), 0)
    lane.mend()

    if not plan.story.by_worker:
        await try_again(call, lane)
    if lane.at_last is not None:
        await lane.at_last()
    await lane.sound.works(lane.observer)
    fate = await lane.fate_of(member.user_id)
    if fate != plan.story.ends:
        wrong.append(f"it ended as {fate}")
    await lane.close()
    where = f"{plan.story.name}, {plan.way}, request {point}"
    return struck_at, [f"{where}: {one}" for one in wrong if one is not None]


async def go_through(lane: Lane, queue: Iterator[Plan], tally: Tally) -> None:
    """Break stories on one lane as long as there are any."""
    numbers = count(1)
    for plan in queue:
        point, struck_at = plan.first, plan.first
        while struck_at:
            try:
                struck_at, wrong = await broken_at(plan, point, lane, next(numbers))
            except Exception as error:
                error.add_note(f"{plan.story.name}, {plan.way}, request {point}")
                raise
            tally.wrong += wrong
            if struck_at:
                tally.points[plan.way, plan.story.name] += 1
                point = struck_at + plan.step
        tally.wrong += [f"{plan.story.name}, {plan.way}: {one}" for one in await lane.violations()]


@pytest.mark.timeout(600 + POINTS_WANTED)
async def test_wherever_a_use_case_breaks_the_second_try_leaves_all_as_it_must_be(
    new_database_url: Callable[[], Awaitable[str]], record_property: Callable[[str, object], None]
) -> None:
    tally = Tally()
    queue = plans(lambda: tally.points.total() < POINTS_WANTED)
    async with AsyncExitStack() as stack:
        lanes = [await stack.enter_async_context(a_lane(await new_database_url())) for _ in range(LANES)]
        async with asyncio.TaskGroup() as tasks:
            for lane in lanes:
                tasks.create_task(go_through(lane, queue, tally))
    by_way = {way: sum(points for (of, _), points in tally.points.items() if of is way) for way in Way}
    record_property("stories", len(STORIES))
    record_property("points", tally.points.total())
    for way, points in by_way.items():
        record_property(f"broken: {way}", points)

    assert [] == tally.wrong
    assert {story.name for story in STORIES} == {name for way, name in tally.points if way is Way.ENDED}
    assert {story.name for story in STORIES if not story.only_reads} <= {
        name for way, name in tally.points if way is Way.UNANSWERED
    }
    assert tally.points.total() >= POINTS_WANTED
