"""What one replica does at a time, however many there are."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Turns(Protocol):
    """Turns, by the store's own clock. They spare work and keep nobody safe: a replica that hangs may lose its turn and go on."""

    def turn(self, name: str, *, rest_seconds: float) -> AbstractAsyncContextManager[bool]:
        """Hold the turn at something for as long as the context lasts: true. False while another replica holds it.

        rest_seconds: for how long after its beginning nobody begins it anew. The turn of a replica that died ends by itself.

        Raises TryAgain when it cannot be taken.
        """
        ...
