"""No sixty seconds hold more than a quota, whoever is refused is told when there is room, and memory is bounded."""

import tracemalloc
from datetime import timedelta

import pytest

from adapters.memory.world import MemoryClock
from application.rate_limits import SUBJECTS_MAX, Allowance, RateLimit, RateLimited

SALMA, YASSINE = "salma-1", "yassine-2"


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock()


def a_limit(clock: MemoryClock, quota: int = 3) -> RateLimit:
    """A limit of so many a minute."""
    return RateLimit("requests", per="member", quota=quota, clock=clock)


def asked(limit: RateLimit, times: int = 1, subject: str = SALMA) -> int:
    """How many of so many requests are taken."""
    taken = 0
    for _ in range(times):
        try:
            limit.take(subject)
            taken += 1
        except RateLimited:
            pass
    return taken


def refused(limit: RateLimit) -> Allowance:
    """What is told to whoever asks too often."""
    with pytest.raises(RateLimited) as caught:
        limit.take(SALMA)
    return caught.value.allowance


def test_each_subject_has_its_quota_and_no_more(clock: MemoryClock) -> None:
    limit = a_limit(clock)

    assert (3, 3) == (asked(limit, 5), asked(limit, 5, YASSINE))


def test_what_remains_is_told_with_each(clock: MemoryClock) -> None:
    limit = a_limit(clock)
    told = [limit.take(SALMA) for _ in range(3)]

    assert [2, 1, 0] == [one.remaining for one in told if one is not None]
    assert Allowance(limit="requests", quota=3, remaining=0, seconds=60) == refused(limit)


def test_a_quota_of_zero_is_no_limit(clock: MemoryClock) -> None:
    limit = a_limit(clock, 0)

    assert 1000 == asked(limit, 1000)
    assert limit.take(SALMA) is None


def test_no_sixty_seconds_hold_more_than_the_quota(clock: MemoryClock) -> None:
    limit = a_limit(clock, 5)
    taken = []
    for second in range(600):
        taken += [second] * asked(limit, 1 + second % 2)
        clock.pass_time(timedelta(seconds=1))
    most = max(sum(second - 60 < one <= second for one in taken) for second in range(600))

    assert (5, 50) == (most, len(taken))


def test_there_is_room_when_it_was_said_and_not_before(clock: MemoryClock) -> None:
    limit = a_limit(clock)
    asked(limit, 1)
    clock.pass_time(timedelta(seconds=20))
    asked(limit, 2)
    clock.pass_time(timedelta(seconds=10))
    first = refused(limit)
    clock.pass_time(timedelta(seconds=first.seconds - 1))
    early = asked(limit)
    clock.pass_time(timedelta(seconds=1))
    in_time = asked(limit, 5)

    assert (30, 0, 1, 20) == (first.seconds, early, in_time, refused(limit).seconds)


def test_what_is_refused_does_not_count(clock: MemoryClock) -> None:
    limit = a_limit(clock)
    asked(limit, 3)
    for _ in range(60):
        clock.pass_time(timedelta(seconds=1))
        last = asked(limit)

    assert 1 == last


def test_a_clock_that_is_set_back_shuts_nobody_out(clock: MemoryClock) -> None:
    limit = a_limit(clock)
    asked(limit, 3)
    clock.pass_time(timedelta(hours=-1))

    assert 3 == asked(limit, 5)


def test_any_number_of_subjects_take_bounded_memory_and_drive_out_the_silent_first(clock: MemoryClock) -> None:
    limit = a_limit(clock)
    asked(limit, 3)
    asked(limit, 3, YASSINE)
    let_in = 0
    tracemalloc.start()
    for number in range(3 * SUBJECTS_MAX):
        limit.take(f"2001:db8:{number:x}/64")
        if number % (SUBJECTS_MAX // 2) == 0:
            let_in += asked(limit)
    megabytes = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()

    assert (0, 3) == (let_in, asked(limit, 3, YASSINE))
    assert megabytes < 10
