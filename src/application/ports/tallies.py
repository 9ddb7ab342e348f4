"""What each replica has counted towards the limits of rate, told to the others."""

from collections.abc import Mapping
from typing import Final, Protocol
from uuid import UUID

TOLD_SECONDS: Final = 5
"""How long a tally counts after it was told: a replica that has ended tells nothing more."""


class Tallies(Protocol):
    """The tallies of all replicas, by the store's own clock. Nothing of them has to outlive a crash. All raise TryAgain."""

    async def exchange(self, replica: UUID, counted: Mapping[bytes, int]) -> Mapping[bytes, int]:
        """Tell what a replica has counted of each key in the last minute, in place of what it told before.

        Returns the sum of what others told of these keys in the last TOLD_SECONDS; keys of which nobody told are missing.
        """
        ...

    async def forget(self) -> int:
        """Delete what was told more than a minute ago; how many tallies were deleted."""
        ...
