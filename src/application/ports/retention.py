"""Forgetting what has served, so that tables stay small. All ages are judged by the store's own clock."""

from typing import Protocol


class Retention(Protocol):
    """Forgets the oldest first, in batches. Each call is a transaction of its own, and passes over what others hold."""

    async def strip_bodies(self, *, days: int, limit: int) -> int:
        """Drop the bodies of up to `limit` events received so long ago, never those of parked ones; how many were dropped."""
        ...

    async def forget_events(self, *, days: int, limit: int) -> int:
        """Delete up to `limit` events received so long ago, never parked ones; how many were deleted."""
        ...

    async def forget_jobs(self, *, days: int, limit: int) -> int:
        """Delete up to `limit` jobs that retried an event and ended so long ago, never of parked events; how many were deleted."""
        ...

    async def forget_answers(self, *, days: int, limit: int) -> int:
        """Delete up to `limit` idempotency keys claimed so long ago, with their answers; how many were deleted."""
        ...
