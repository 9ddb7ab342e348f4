"""Requests that a client marked with a key, so that it may send them again: who is at work on one, and what was answered."""

from typing import Final, Protocol

from msgspec import Struct

from domain.member import UserId

KEPT_DAYS: Final = 1
"""How long an answer is kept, counted from the claim of its key. An older key is as good as a new one."""


class Claim(Struct, frozen=True, kw_only=True):
    """The right to answer the request of one key. `lease` fences it: who claims the key later has another one."""

    user_id: UserId
    key: str
    lease: int


class Answer(Struct, frozen=True, kw_only=True):
    """What was answered: the HTTP status, the headers in their order, the bytes of the body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class InProgress(Struct, frozen=True, kw_only=True):
    """Another request is at work under this key. `seconds_left`: until its lease ends at the latest."""

    seconds_left: float


class Mismatch(Struct, frozen=True):
    """The key came with another request before."""


Claimed = Claim | Answer | InProgress | Mismatch


class IdempotencyKeys(Protocol):
    """The keys of all callers. Each call is a transaction of its own, by the store's own clock. All raise TryAgain."""

    async def claim(self, user_id: UserId, key: str, fingerprint: bytes, *, lease_seconds: float) -> Claimed:
        """Claim a key that is new, old enough to be forgotten, or free again for the same request; else what stands in the way.

        fingerprint: a digest of the request. lease_seconds: after which the claim may be taken over, should its holder be gone.
        """
        ...

    async def keep(self, claim: Claim, answer: Answer) -> bool:
        """Keep the answer; whether the claim was still held and unanswered."""
        ...

    async def release(self, claim: Claim, *, forget: bool) -> None:
        """Give up a claim that is still held and unanswered.

        forget: whether the key may come with another request from now on; else the same request alone may claim it again.
        """
        ...


class Answers(Protocol):
    """The answers, as part of a unit of work."""

    def keep(self, claim: Claim, answer: Answer) -> None:
        """Note the answer. The commit raises Conflict, and changes nothing, when the claim is no longer held or was answered."""
        ...
