"""Members and the moments at which they come back, in the order of time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from heapq import heappop, heappush
from random import Random
from typing import Final

from bench.growth.texts import Fee, Texts

DAY: Final = 86400.0
YEAR: Final = 365 * DAY
BIG: Final = "b1600000-0000-4000-8000-000000000001"
"""The member with one payment of every hundred."""

LOCALES: Final = ("fr", "fr", "fr", "fr", "ar", "ar", "en")
KINDS: Final = ("talent",) * 16 + ("professional",) * 3 + ("company",)


@dataclass(slots=True)
class Someone:
    """A member. years: how many were bought; ends: when the last one ends, in seconds since the epoch; 0 for none.

    is_settled: whether the subscription was written down.
    """

    user_id: str
    email: str
    customer: str
    locale: str
    fee: Fee
    years: int = 0
    ends: float = 0.0
    status: str = "NONE"
    is_settled: bool = False


class Crowd:
    """All members: who has been here before and is to come again at a certain time, and new ones without end."""

    def __init__(self, texts: Texts, chance: Random) -> None:
        self._texts = texts
        self._chance = chance
        self._coming: list[tuple[float, int, Someone, bool]] = []
        self._count = 0
        self.big = self._made(BIG)

    def new(self) -> Someone:
        """A member who was never here."""
        word = self._chance.randbytes(16).hex()
        return self._made(f"{word[:8]}-{word[8:12]}-4{word[13:16]}-a{word[17:20]}-{word[20:]}")

    def _made(self, user_id: str) -> Someone:
        self._count += 1
        kind = KINDS[self._count % len(KINDS)]
        return Someone(
            user_id=user_id,
            email=f"member.{user_id[:13]}@example.org",
            customer=f"cus_{self._chance.randbytes(7).hex()}",
            locale=LOCALES[self._count % len(LOCALES)],
            fee=self._texts.fees[kind],
        )

    def comes_again(self, one: Someone, at: float, *, twice: bool = False) -> None:
        """Have a member come at a time; `twice` to pay once more by a second checkout."""
        self._count += 1
        heappush(self._coming, (at, self._count, one, twice))

    def next_due(self, now: float) -> tuple[Someone, bool] | None:
        """Who is the first to come by now, and whether to pay a second time."""
        if not self._coming or self._coming[0][0] > now:
            return None
        _, _, one, twice = heappop(self._coming)
        return one, twice

    def still_to_come(self) -> list[Someone]:
        """Who has been here and has a time to come again."""
        return [one for _, _, one, _ in self._coming]


@lru_cache(maxsize=8192)
def _day(number: int) -> str:
    return datetime.fromtimestamp(number * DAY, UTC).strftime("%Y-%m-%d")


def stamp(at: float) -> str:
    """An instant (seconds since the epoch) as COPY reads it."""
    number, rest = divmod(at, DAY)
    whole = int(rest)
    return f"{_day(int(number))} {whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{int((rest - whole) * 1e6):06}+00"


def id_at(at: float, word: str) -> str:
    """A UUIDv7 of an instant, its other digits from a word of 18 hexadecimal ones."""
    time = f"{int(at * 1000):012x}"
    return f"{time[:8]}-{time[8:]}-7{word[:3]}-b{word[3:6]}-{word[6:18]}"
