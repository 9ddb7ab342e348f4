"""Limits of rate that hold across replicas: each tells the others what it has counted of those who are near a limit."""

from hashlib import blake2b
from heapq import nlargest
from typing import Final

from msgspec import Struct

from application.ports.tallies import Tallies
from application.ports.world import Clock, NewId
from application.rate_limits import WINDOW_SECONDS, RateLimit, RateLimits

TOLD_MAX: Final = 500
"""How many tallies are told at once, those nearest to their quota first: a stranger with many addresses must not make a replica write
without end."""

KEY_BYTES: Final = 16


class Near(Struct, frozen=True, kw_only=True):
    """A subject that is near a limit, with what was counted of it here."""

    limit: RateLimit
    subject: str
    here: int

    @property
    def part(self) -> float:
        """How much of the quota is used."""
        return self.here / self.limit.quota

    @property
    def key(self) -> bytes:
        """What the subject is called among replicas: of one length, and nobody's name."""
        words = f"{self.limit.per} {self.limit.name} {self.subject}"
        return blake2b(words.encode(), digest_size=KEY_BYTES).digest()


class ShareRateLimits:
    """One exchange with the other replicas, to be repeated about once a second. It asks the store nothing when nobody is near a limit."""

    def __init__(self, *, limits: RateLimits, tallies: Tallies, clock: Clock, new_id: NewId) -> None:
        self._limits = limits
        self._tallies = tallies
        self._clock = clock
        self._replica = new_id()
        self._forget_at = clock.now().timestamp() + WINDOW_SECONDS

    async def __call__(self) -> None:
        """Tell and hear. Raises TryAgain when the store is away: until it is back, each replica goes by what it has counted itself."""
        near = [
            Near(limit=limit, subject=subject, here=here)
            for limit in self._limits.all
            for subject, here in limit.near().items()
        ]
        if near:
            told = {one.key: one for one in nlargest(TOLD_MAX, near, key=lambda one: one.part)}
            heard = await self._tallies.exchange(self._replica, {key: one.here for key, one in told.items()})
            for key, one in told.items():
                one.limit.hear(one.subject, heard.get(key, 0))
        now = self._clock.now().timestamp()
        if not 0 < self._forget_at - now <= WINDOW_SECONDS:
            self._forget_at = now + WINDOW_SECONDS
            await self._tallies.forget()
