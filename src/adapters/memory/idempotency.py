"""Idempotency keys in memory."""

from datetime import datetime, timedelta
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from adapters.memory.store import Key, MemoryStore
from adapters.memory.transaction import MemoryTransaction
from application.errors import Conflict
from application.ports.idempotency import KEPT_DAYS, Answer, Claim, Claimed, InProgress, Mismatch
from domain.member import UserId


class KeptKey(Struct, frozen=True, kw_only=True):
    """A key that a caller sent: the digest of its request, who may answer it until when, and the answer once there is one."""

    claim: Claim
    fingerprint: bytes
    leased_until: datetime
    claimed_at: datetime
    answer: Answer | None = None

    @property
    def where(self) -> Key:
        """Its place in the store."""
        return place_of(self.claim)

    def answered(self, claim: Claim, answer: Answer) -> "KeptKey | None":
        """With an answer; null when the claim is no longer held or was answered."""
        return replace(self, answer=answer) if self.claim == claim and self.answer is None else None


def place_of(claim: Claim) -> Key:
    """Where the key of a claim is stored."""
    return KeptKey, (claim.user_id, claim.key)


class MemoryIdempotencyKeys:
    """The port IdempotencyKeys."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def claim(self, user_id: UserId, key: str, fingerprint: bytes, *, lease_seconds: float) -> Claimed:
        now = self._store.clock.now()
        claim = Claim(user_id=user_id, key=key, lease=1)
        known = self._known(claim)
        if known is not None and known.claimed_at > now - timedelta(days=KEPT_DAYS):
            if known.fingerprint != fingerprint:
                return Mismatch()
            if known.answer is not None:
                return known.answer
            if known.leased_until > now:
                return InProgress(seconds_left=(known.leased_until - now).total_seconds())
        if known is not None:
            claim = replace(claim, lease=known.claim.lease + 1)
        until = now + timedelta(seconds=lease_seconds)
        self._write(KeptKey(claim=claim, fingerprint=fingerprint, leased_until=until, claimed_at=now))
        return claim

    async def keep(self, claim: Claim, answer: Answer) -> bool:
        known = self._known(claim)
        kept = known.answered(claim, answer) if known is not None else None
        if kept is not None:
            self._write(kept)
        return kept is not None

    async def release(self, claim: Claim, *, forget: bool) -> None:
        known = self._known(claim)
        if known is None or known.claim != claim or known.answer is not None:
            return
        if forget:
            del self._store.rows[known.where]
        else:
            self._write(replace(known, leased_until=self._store.clock.now()))

    def _known(self, claim: Claim) -> KeptKey | None:
        row = self._store.rows.get(place_of(claim))
        return cast("KeptKey", row.value) if row is not None else None

    def _write(self, kept: KeptKey) -> None:
        self._store.put(kept.where, kept)


class MemoryAnswers:
    """The port Answers."""

    def __init__(self, work: MemoryTransaction) -> None:
        self._work = work

    def keep(self, claim: Claim, answer: Answer) -> None:
        def answered(known: KeptKey | None) -> KeptKey:
            kept = known.answered(claim, answer) if known is not None else None
            if kept is None:
                raise Conflict("another writer changed the claim of the idempotency key first")
            return kept

        self._work.note_put(KeptKey, place_of(claim)[1], answered)
