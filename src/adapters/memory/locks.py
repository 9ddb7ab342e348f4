"""Row locks as Postgres has them: they wait in line, three of their strengths matter here, and a circle of waiters is broken."""

import asyncio
from collections import deque
from collections.abc import Hashable, Iterator
from enum import IntEnum
from typing import Final

from msgspec import Struct

from application.errors import TryAgain

LOCK_SECONDS_MAX: Final = 4.0
"""As `lock_timeout` of the connections to Postgres."""


class Strength(IntEnum):
    """How firmly a row is held.

    SHARED: a row that refers to it is being added (FOR KEY SHARE); it must stay, and may change.
    CHANGED: columns that nothing refers to are being changed (FOR NO KEY UPDATE).
    EXCLUSIVE: it was read to be changed (FOR UPDATE), or is being added, or one of its keys changes.
    """

    SHARED = 1
    CHANGED = 2
    EXCLUSIVE = 3

    def bars(self, other: "Strength") -> bool:
        """Whether two works cannot hold one row in these ways at once."""
        return Strength.EXCLUSIVE in (self, other) or self is other is Strength.CHANGED


class Waiter(Struct, frozen=True, eq=False):
    """Somebody in line for a row. `strengthens`: holds it already, so that only the other holders are in the way."""

    owner: object
    strength: Strength
    strengthens: bool
    granted: "asyncio.Future[None]"


class Locks:
    """Who holds and who waits for which row. Owners are compared by identity."""

    def __init__(self) -> None:
        self._holders: dict[Hashable, dict[object, Strength]] = {}
        self._lines: dict[Hashable, deque[Waiter]] = {}
        self._awaited: dict[object, tuple[Hashable, Waiter]] = {}

    async def take(self, owner: object, key: Hashable, strength: Strength = Strength.EXCLUSIVE) -> None:
        """Hold a row until `release`, once nobody is in the way.

        Raises TryAgain for whoever would close a circle of waiters, and for who has waited too long.
        """
        holders = self._holders.setdefault(key, {})
        mine = holders.get(owner)
        if mine is not None and mine >= strength:
            return
        waiter = Waiter(owner, strength, mine is not None, asyncio.get_running_loop().create_future())
        line = self._lines.setdefault(key, deque())
        if not any(True for _ in self._in_the_way(key, waiter)):
            holders[owner] = strength
            return
        line.append(waiter)
        self._awaited[owner] = key, waiter
        try:
            if self._closes_a_circle(owner):
                raise TryAgain("two works waited for each other")
            async with asyncio.timeout(LOCK_SECONDS_MAX):
                await waiter.granted
        except TimeoutError as error:
            raise TryAgain("waited too long for another work") from error
        finally:
            self._awaited.pop(owner, None)
            if waiter in line:
                line.remove(waiter)
                self._let_in(key)

    def release(self, owner: object) -> None:
        """Give back all that an owner holds."""
        for key in [key for key, holders in self._holders.items() if owner in holders]:
            del self._holders[key][owner]
            self._let_in(key)

    def is_held(self, key: Hashable) -> bool:
        """Whether anybody holds a row."""
        return bool(self._holders.get(key))

    def _in_the_way(self, key: Hashable, waiter: Waiter) -> Iterator[object]:
        for owner, strength in self._holders.get(key, {}).items():
            if owner is not waiter.owner and strength.bars(waiter.strength):
                yield owner
        if not waiter.strengthens:
            for earlier in self._lines.get(key, ()):
                if earlier is waiter:
                    return
                if earlier.strength.bars(waiter.strength):
                    yield earlier.owner

    def _closes_a_circle(self, start: object) -> bool:
        seen: list[object] = []
        ahead = [start]
        while ahead:
            owner = ahead.pop()
            if owner not in self._awaited:
                continue
            key, waiter = self._awaited[owner]
            for other in self._in_the_way(key, waiter):
                if other is start:
                    return True
                if other not in seen:
                    seen.append(other)
                    ahead.append(other)
        return False

    def _let_in(self, key: Hashable) -> None:
        line, holders = self._lines.get(key, deque()), self._holders.setdefault(key, {})
        for waiter in list(line):
            if not any(True for _ in self._in_the_way(key, waiter)):
                line.remove(waiter)
                self._awaited.pop(waiter.owner, None)
                holders[waiter.owner] = max(waiter.strength, holders.get(waiter.owner, waiter.strength))
                if not waiter.granted.done():
                    waiter.granted.set_result(None)
        if not line and not holders:
            self._lines.pop(key, None)
            self._holders.pop(key, None)
