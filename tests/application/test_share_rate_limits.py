"""Limits hold across replicas, to within what the documents say, at a price that does not grow with the requests."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import pytest

from adapters.memory.tallies import MemoryTallies
from adapters.memory.world import CountingIds, MemoryClock
from application.errors import TryAgain
from application.rate_limits import Quotas, RateLimit, RateLimited, RateLimits
from application.share_rate_limits import TOLD_MAX, ShareRateLimits

QUOTA = 30


class WatchedTallies(MemoryTallies):
    """Tallies that count how often they were asked, and may be away."""

    def __init__(self, clock: MemoryClock) -> None:
        super().__init__(clock)
        self.sizes: list[int] = []
        self.forgotten = 0
        self.away = False

    async def exchange(self, replica: UUID, counted: Mapping[bytes, int]) -> Mapping[bytes, int]:
        if self.away:
            raise TryAgain("away")
        self.sizes.append(len(counted))
        return await super().exchange(replica, counted)

    async def forget(self) -> int:
        self.forgotten += 1
        return await super().forget()


class Replicas:
    """Several replicas over one store."""

    def __init__(self, number: int) -> None:
        self.clock = MemoryClock()
        self.tallies = WatchedTallies(self.clock)
        new_id = CountingIds()
        self.limits = [
            RateLimits(clock=self.clock, quotas=Quotas(checkouts=QUOTA, requests=600)) for _ in range(number)
        ]
        self.shares = [
            ShareRateLimits(limits=limits, tallies=self.tallies, clock=self.clock, new_id=new_id)
            for limits in self.limits
        ]

    async def pass_seconds(self, seconds: int = 1) -> None:
        """Let time pass, with an exchange in each second."""
        for _ in range(seconds):
            self.clock.pass_time(timedelta(seconds=1))
            for share in self.shares:
                await share()

    def starts(self, replica: int, times: int = 1, subject: str = "salma-1") -> int:
        """How many of so many checkouts one replica lets start."""
        return taken(self.limits[replica].checkouts, times, subject)


def taken(limit: RateLimit, times: int, subject: str) -> int:
    """How many of so many requests are taken."""
    let_in = 0
    for _ in range(times):
        try:
            limit.take(subject)
            let_in += 1
        except RateLimited:
            pass
    return let_in


async def test_what_one_replica_has_counted_counts_at_the_others_a_second_later() -> None:
    replicas = Replicas(2)
    first = replicas.starts(0, 20), replicas.starts(1, 4)
    await replicas.pass_seconds(2)
    second = replicas.starts(0, 20), replicas.starts(1, 20)
    await replicas.pass_seconds(58)

    assert ((20, 4), (6, 6)) == (first, second)
    assert 30 - 12 == replicas.starts(1, 40)


@pytest.mark.parametrize("number", [1, 2, 3, 8])
async def test_whoever_asks_steadily_gets_little_more_than_the_quota_from_several_replicas(number: int) -> None:
    replicas = Replicas(number)
    let_in = 0
    for second in range(59):
        let_in += replicas.starts(second % number) + replicas.starts((second + 1) % number)
        await replicas.pass_seconds()

    assert QUOTA <= let_in <= QUOTA + (number - 1) * (QUOTA // 10 + 1)


async def test_a_burst_within_a_second_gets_the_quota_from_each_replica_at_most_and_nothing_more_for_a_minute() -> None:
    replicas = Replicas(3)
    burst = sum(replicas.starts(replica, 100) for replica in range(3))
    later = 0
    for _ in range(59):
        await replicas.pass_seconds()
        later += sum(replicas.starts(replica, 5) for replica in range(3))

    assert (3 * QUOTA, 0) == (burst, later)


async def test_nothing_is_asked_of_the_store_while_nobody_is_near_a_limit() -> None:
    replicas = Replicas(2)
    for number in range(1000):
        replicas.starts(number % 2, 2, f"member-{number}")
    await replicas.pass_seconds(2)

    assert [] == replicas.tallies.sizes


async def test_one_statement_a_second_tells_of_all_who_are_near_and_of_so_many_at_most() -> None:
    replicas = Replicas(1)
    for number in range(3 * TOLD_MAX):
        replicas.starts(0, 3, f"member-{number}")
    replicas.starts(0, QUOTA)
    await replicas.pass_seconds(3)
    (told, _), *_ = sorted(replicas.tallies.rows.values(), reverse=True)

    assert [TOLD_MAX] * 3 == replicas.tallies.sizes
    assert QUOTA == told


async def test_whoever_is_near_no_limit_any_more_is_told_of_no_more() -> None:
    replicas = Replicas(1)
    replicas.starts(0, 5)
    await replicas.pass_seconds(59)
    asked = len(replicas.tallies.sizes)
    await replicas.pass_seconds(30)

    assert (59, 59) == (asked, len(replicas.tallies.sizes))


async def test_a_store_that_is_away_leaves_each_replica_to_its_own_count() -> None:
    replicas = Replicas(2)
    replicas.starts(0, QUOTA)
    await replicas.pass_seconds()
    replicas.starts(1, 3)
    await replicas.pass_seconds()
    heard = replicas.starts(1, 1)
    replicas.tallies.away = True
    with pytest.raises(TryAgain):
        await replicas.pass_seconds()
    replicas.clock.pass_time(timedelta(seconds=6))

    assert 0 == heard
    assert QUOTA - 3 == replicas.starts(1, 100)


async def test_a_replica_that_has_ended_is_no_longer_counted_and_its_tallies_are_forgotten() -> None:
    replicas = Replicas(2)
    replicas.starts(0, QUOTA)
    await replicas.pass_seconds()
    replicas.shares.pop(0)
    replicas.starts(1, 3)
    await replicas.pass_seconds()
    soon = replicas.starts(1, 1)
    await replicas.pass_seconds(7)
    late = replicas.starts(1, 1)
    await replicas.pass_seconds(180)

    assert (0, 1) == (soon, late)
    assert {} == replicas.tallies.rows
    assert 1 <= replicas.tallies.forgotten <= 4


async def test_members_and_addresses_of_one_name_are_two() -> None:
    replicas = Replicas(2)
    taken(replicas.limits[0].requests_of_members, 600, "203.0.113.9")
    taken(replicas.limits[1].requests_of_addresses, 100, "203.0.113.9")
    await replicas.pass_seconds(2)

    assert 500 == taken(replicas.limits[1].requests_of_addresses, 600, "203.0.113.9")
