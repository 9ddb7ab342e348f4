"""What no event told is asked for, and what differs from what the provider says is repaired through the verbs that events use."""

import logging
from collections.abc import Awaitable, Sequence
from typing import Protocol

from msgspec import Struct

from application.errors import ProviderUnavailable
from application.findings import Difference, Findings

log = logging.getLogger(__name__)


class Part(Protocol):
    """One part of a reconciliation: looks at one kind of thing and notes what it finds."""

    def __call__(self, findings: Findings, *, whatever_the_age: bool) -> Awaitable[None]: ...


class Reconciliation(Struct, frozen=True, kw_only=True):
    """What one run found. `complete` is false when the provider stopped answering: the rest is left to the next run."""

    checked: int
    differences: tuple[Difference, ...]
    complete: bool

    @property
    def repaired(self) -> int:
        """How many differences are none any more."""
        return sum(found.repaired for found in self.differences)


class Reconcile:
    """Does all parts one after the other. However many replicas do so at once, nothing is repaired twice."""

    def __init__(self, *, parts: Sequence[Part]) -> None:
        self._parts = tuple(parts)

    async def __call__(self, *, whatever_the_age: bool = False) -> Reconciliation:
        """One run. What is young is left to its events, and lists are read from the last complete run on, unless told otherwise.

        Raises TryAgain when the store is away.
        """
        findings, complete = Findings(), True
        try:
            for part in self._parts:
                await part(findings, whatever_the_age=whatever_the_age)
        except ProviderUnavailable as fault:
            log.warning("the reconciliation stops: %s", fault)
            complete = False
        return Reconciliation(checked=findings.checked, differences=tuple(findings.differences), complete=complete)
