"""How often somebody may do something in a minute, counted in this process, and with what other replicas tell of theirs.

Each limit counts whole seconds over the last sixty, so that no sixty seconds hold more than its quota. What is refused does not count:
who keeps asking gets in as soon as there is room.
"""

import logging
from collections import OrderedDict
from typing import Final

from msgspec import Struct

from application.ports.tallies import TOLD_SECONDS
from application.ports.world import Clock

log = logging.getLogger(__name__)

WINDOW_SECONDS: Final = 60

SUBJECTS_MAX: Final = 10_000
"""How many subjects one limit remembers. Beyond it, the one that has been silent the longest is forgotten: memory stays bounded
whatever a stranger with a million addresses does."""

NEAR: Final = 0.1
"""The part of a quota from which on a replica tells the others what it has counted."""

ONE_OF: Final = {"member": "a member", "address": "an address"}


class Quotas(Struct, frozen=True, kw_only=True):
    """How many a minute; 0 is no limit. requests: of a member, and of an address where no token is valid.

    checkouts: of a member. authentication_failures, signature_failures: of an address.
    """

    checkouts: int = 0
    requests: int = 0
    authentication_failures: int = 0
    signature_failures: int = 0


class Allowance(Struct, frozen=True, kw_only=True):
    """Where a subject stands with a limit. `seconds`: until there is room for more than now, 60 at most."""

    limit: str
    quota: int
    remaining: int
    seconds: int


class RateLimited(Exception):
    """The quota is used up. `allowance.seconds` says when there is room again, as far as this replica knows."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(f"more than {allowance.quota} {allowance.limit} a minute")
        self.allowance = allowance


class Window:
    """What one subject did in the last minute: here, second by second, and elsewhere, as a sum."""

    __slots__ = ("_elsewhere", "_elsewhere_until", "_seconds", "_silent_until", "here")

    def __init__(self) -> None:
        self._seconds: dict[int, int] = {}
        self._elsewhere = self._elsewhere_until = self._silent_until = 0
        self.here = 0

    def move_to(self, second: int) -> None:
        """Forget what is older than the window. A clock that was set back begins anew: what lies ahead would count for ever."""
        if self._seconds and next(reversed(self._seconds)) > second:
            self._seconds.clear()
            self.here = 0
        while self._seconds and (oldest := next(iter(self._seconds))) <= second - WINDOW_SECONDS:
            self.here -= self._seconds.pop(oldest)

    def add(self, second: int) -> None:
        """Count one."""
        self._seconds[second] = self._seconds.get(second, 0) + 1
        self.here += 1

    def hear(self, elsewhere: int, second: int) -> None:
        """Take what others told."""
        self._elsewhere, self._elsewhere_until = elsewhere, second + TOLD_SECONDS

    def used(self, second: int) -> int:
        """How many count, here and elsewhere."""
        told_just_now = 0 <= self._elsewhere_until - second <= TOLD_SECONDS
        return self.here + (self._elsewhere if told_just_now else 0)

    def is_news(self, second: int) -> bool:
        """Whether a refusal is the first one in a minute."""
        if 0 < self._silent_until - second <= WINDOW_SECONDS:
            return False
        self._silent_until = second + WINDOW_SECONDS
        return True

    def seconds_until_free(self, places: int, second: int) -> int:
        """How long until so many of those counted here are older than the window; the whole window if they are not that many."""
        for counted, times in self._seconds.items():
            places -= times
            if places <= 0:
                return counted + WINDOW_SECONDS - second
        return WINDOW_SECONDS


class RateLimit:
    """One limit for all its subjects: `quota` a minute, where 0 is no limit. `per`: what its subjects are, members or addresses."""

    def __init__(self, name: str, *, per: str, quota: int, clock: Clock) -> None:
        self.name = name
        self.per = per
        self.quota = quota
        self._clock = clock
        self._windows: OrderedDict[str, Window] = OrderedDict()
        self._near: dict[str, None] = {}
        self._near_from = max(1, int(quota * NEAR))

    def take(self, subject: str) -> Allowance | None:
        """Count one, and tell where the subject stands; null where there is no limit. Raises RateLimited, and counts nothing then."""
        if self.quota == 0:
            return None
        second = self._second()
        window = self._windows.get(subject)
        if window is None:
            window = self._windows[subject] = Window()
            if len(self._windows) > SUBJECTS_MAX:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(subject)
            window.move_to(second)
        used = window.used(second)
        if used >= self.quota:
            if window.is_news(second):
                # Once a minute: a flood must not fill the log as well. The context of the log names the member, and no address.
                log.warning("%s had %s %s within a minute: more are refused", ONE_OF[self.per], self.quota, self.name)
            raise RateLimited(self._allowance(0, window.seconds_until_free(used - self.quota + 1, second)))
        window.add(second)
        if window.here >= self._near_from:
            self._near[subject] = None
        return self._allowance(self.quota - used - 1, window.seconds_until_free(1, second))

    def near(self) -> dict[str, int]:
        """What was counted here of each subject that is near the quota."""
        second = self._second()
        found = {}
        for subject in list(self._near):
            window = self._windows.get(subject)
            if window is not None:
                window.move_to(second)
            if window is None or window.here < self._near_from:
                del self._near[subject]
            else:
                found[subject] = window.here
        return found

    def hear(self, subject: str, elsewhere: int) -> None:
        """Take what other replicas have counted of a subject."""
        if (window := self._windows.get(subject)) is not None:
            window.hear(elsewhere, self._second())

    def _allowance(self, remaining: int, seconds: int) -> Allowance:
        return Allowance(limit=self.name, quota=self.quota, remaining=remaining, seconds=seconds)

    def _second(self) -> int:
        return int(self._clock.now().timestamp())


class RateLimits:
    """All limits of the service."""

    def __init__(self, *, clock: Clock, quotas: Quotas) -> None:
        def limit(name: str, per: str, quota: int) -> RateLimit:
            return RateLimit(name, per=per, quota=quota, clock=clock)

        self.checkouts = limit("checkouts", "member", quotas.checkouts)
        self.requests_of_members = limit("requests", "member", quotas.requests)
        self.requests_of_addresses = limit("requests", "address", quotas.requests)
        self.authentication_failures = limit("authentication-failures", "address", quotas.authentication_failures)
        self.signature_failures = limit("signature-failures", "address", quotas.signature_failures)
        self.all = (
            *(self.checkouts, self.requests_of_members, self.requests_of_addresses),
            *(self.authentication_failures, self.signature_failures),
        )
