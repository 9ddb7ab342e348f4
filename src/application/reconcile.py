"""What no event told is asked for, and what differs from what the provider says is repaired through the verbs that events use."""

import logging
from collections.abc import Awaitable, Sequence
from typing import Protocol

from msgspec import Struct

from application.errors import ProviderRefused, ProviderUnavailable, TryAgain
from application.findings import Difference, Findings

log = logging.getLogger(__name__)


class Part(Protocol):
    """One part of a reconciliation: looks at one kind of thing and notes what it finds."""

    def __call__(self, findings: Findings, *, whatever_the_age: bool) -> Awaitable[None]: ...


class Reconciliation(Struct, frozen=True, kw_only=True):
    """What one run found. `faults`: what broke off a part of it, whose rest is left to the next run.

    foreign: how many things another installation on the account had made, and were left alone.
    """

    checked: int
    differences: tuple[Difference, ...]
    faults: tuple[str, ...] = ()
    foreign: int = 0

    @property
    def complete(self) -> bool:
        """Whether all parts came to their end."""
        return not self.faults

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

        A part that the provider does not answer, or refuses, keeps no other from being done. Raises TryAgain when the store is away
        from the beginning: what was found before it went is told.
        """
        findings = Findings()
        faults: list[str] = []
        for part in self._parts:
            try:
                await part(findings, whatever_the_age=whatever_the_age)
            except ProviderUnavailable as fault:
                log.warning("a part of the reconciliation stops: %s", fault)
                faults.append(f"the payment provider does not answer: {fault}")
            except ProviderRefused as fault:
                log.error("the payment provider refuses a part of the reconciliation: %s", fault)
                faults.append(f"the payment provider refuses: {fault}")
            except TryAgain as fault:
                if not findings.checked:
                    raise
                log.warning("the reconciliation stops: %s", fault)
                faults.append(f"the database went away: {fault}")
                break
        return Reconciliation(
            checked=findings.checked,
            differences=tuple(findings.differences),
            faults=tuple(dict.fromkeys(faults)),
            foreign=findings.foreign,
        )
