"""Work that waits at the same moment is done together."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Gather(Protocol):
    """Makes a verb for one item out of a verb for one and a verb for several."""

    def __call__(
        self,
        alone: Callable[[Item], Awaitable[Result]],
        together: Callable[[Sequence[Item]], Awaitable[Sequence[Result | None]]],
    ) -> Callable[[Item], Awaitable[Result]]:
        """The verb for one item: by `alone` at once while nothing else is under way, else `together` with those that wait too.

        together: a result for each item in its place; null for one that is to be done alone after all. Must not raise.
        """
        ...


def one_by_one(
    alone: Callable[[Item], Awaitable[Result]],
    together: Callable[[Sequence[Item]], Awaitable[Sequence[Result | None]]],  # never asked for
) -> Callable[[Item], Awaitable[Result]]:
    """Each alone: the port Gather where nothing is to be gained by more."""
    return alone
