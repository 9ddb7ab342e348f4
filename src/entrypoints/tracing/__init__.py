"""Traces: what one payment passed through, from its checkout to its mail, across processes and days.

The trace of a payment has the payment's own id (a UUID and a trace id are both 16 bytes), so that nothing has to be stored or handed on
for requests, deliveries and jobs to meet in one trace: whoever does some work tells of it once it is over, when it is known which payment
it was about. Nothing here knows how traces are sent; `exporter` does.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Final

from msgspec import Struct, field

from application.log_context import collected

Attributes = dict[str, str | int]

TOLD: Final[tuple[str, ...]] = ("request_id", "payment_id", "payment_intent_id", "event_id", "job_id")
"""The ids that a trace may name. Not the member's: it is theirs, and may be an e-mail address."""


class Origin(StrEnum):
    """Why some work is done: somebody asked and waits, or a job was due."""

    REQUEST = "request"
    JOB = "job"


class Step(Struct, frozen=True, kw_only=True):
    """A call to another system, in the course of some work. Its times are nanoseconds since 1970."""

    name: str
    went_well: bool
    began_at: int
    ended_at: int
    attributes: Attributes


class Work(Struct, kw_only=True):
    """A request or a job. Whoever does it may name it, add attributes, and say that it failed.

    caller: the `traceparent` (W3C Trace Context) that whoever asked has sent, if any.
    """

    origin: Origin
    name: str
    caller: str | None = None
    attributes: Attributes = field(default_factory=dict)
    failed: bool = False
    steps: list[Step] = field(default_factory=list)


Tell = Callable[[Work, Mapping[str, str], int, int], None]
"""Hears of each work that is over: what it was about (`TOLD`), and its beginning and end in nanoseconds since 1970."""

_present: ContextVar[Work | None] = ContextVar("traced_work", default=None)


class Tracing:
    """Follows what the process does, and tells of it."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    @contextmanager
    def work(self, origin: Origin, name: str, *, caller: str | None = None) -> Iterator[Work]:
        """Some work, from here to the end of the context."""
        work, began_at = Work(origin=origin, name=name, caller=caller), time.time_ns()
        before = _present.get()
        _present.set(work)
        try:
            with collected() as ids:
                yield work
        except BaseException:
            work.failed = True
            raise
        finally:
            _present.set(before)
            about = {name: ids[name] for name in TOLD if name in ids}
            self._tell(work, about, began_at, max(began_at, time.time_ns()))

    def step(self, name: str, *, seconds: float, went_well: bool, **attributes: str | None) -> None:
        """A call to another system that has just ended, after so many seconds; told with the work at hand, if there is any."""
        work, ended_at = _present.get(), time.time_ns()
        if work is None:
            return
        work.steps.append(
            Step(
                name=name,
                went_well=went_well,
                began_at=ended_at - int(seconds * 1_000_000_000),
                ended_at=ended_at,
                attributes={key: value for key, value in attributes.items() if value is not None},
            )
        )
