"""What an examination finds, and how one is made: all checks side by side, each with a deadline of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

SECONDS_MAX: Final = 15.0
"""So long one check may take."""


class State(StrEnum):
    """How a check ended. A warning keeps nothing from working now."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


class Finding(Struct, frozen=True, kw_only=True):
    """What one check says. `mend` is what to do; null where there is nothing to do."""

    name: str
    state: State
    says: str
    mend: str | None = None


def ok(name: str, says: str) -> Finding:
    """All is well."""
    return Finding(name=name, state=State.OK, says=says)


def warning(name: str, says: str, mend: str) -> Finding:
    """It works, and should be looked at."""
    return Finding(name=name, state=State.WARNING, says=says, mend=mend)


def fault(name: str, says: str, mend: str) -> Finding:
    """It does not work."""
    return Finding(name=name, state=State.FAULT, says=says, mend=mend)


Check = Callable[[], Awaitable[Sequence[Finding]]]


async def examined(checks: dict[str, Check], *, seconds_max: float = SECONDS_MAX) -> list[Finding]:
    """The findings of all checks, in their order."""
    found = await asyncio.gather(*(_done(name, check, seconds_max) for name, check in checks.items()))
    return [finding for findings in found for finding in findings]


async def _done(name: str, check: Check, seconds_max: float) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(seconds_max):
            return await check()
    except TimeoutError:
        return [
            fault(name, f"no answer within {seconds_max:.0f} seconds", "Look at the network between here and there.")
        ]
    except Exception as error:
        # A check that breaks is a fault of its own, and no reason to leave the others out. Its words may quote a secret.
        return [fault(name, f"the check itself broke: {type(error).__name__}", "Please report this.")]
