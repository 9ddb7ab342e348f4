"""A breaker: while the provider keeps giving no answer, callers are told so at once instead of waiting for each deadline."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from application.errors import ProviderUnavailable

FAILURES_MAX: Final = 5
OPEN_SECONDS: Final = 10.0


class Breaker:
    """Opens after `failures_max` calls in a row without an answer, and lets one call at a time try again after `open_seconds`.

    An answer of any kind closes it: a refusal, a limit and an error of the provider's own are answers.
    """

    def __init__(
        self,
        *,
        failures_max: int = FAILURES_MAX,
        open_seconds: float = OPEN_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures_max = failures_max
        self._open_seconds = open_seconds
        self._now = now
        self._failures = 0
        self._opens_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are turned away just now."""
        return self._failures >= self._failures_max and self._now() < self._opens_until

    def __enter__(self) -> Self:
        if self.is_open:
            left = self._opens_until - self._now()
            raise ProviderUnavailable("Stripe gave no answer to the last calls", retry_after_seconds=int(left) + 1)
        if self._failures >= self._failures_max:
            # This call tries whether there is an answer again; the others wait for what comes of it.
            self._opens_until = self._now() + self._open_seconds
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, ProviderUnavailable) and error.silent:
            self._failures += 1
            self._opens_until = self._now() + self._open_seconds
        elif error is None or isinstance(error, Exception):
            self._failures = 0
