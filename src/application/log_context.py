"""What the work at hand is about: the ids that every log line written meanwhile carries, whoever writes it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_present: ContextVar[Mapping[str, str]] = ContextVar("log_context", default=NOTHING)
_collected: ContextVar[dict[str, str] | None] = ContextVar("collected_ids", default=None)


def present() -> Mapping[str, str]:
    """The ids by their names, such as `payment_id`."""
    return _present.get()


@contextmanager
def collected() -> Iterator[dict[str, str]]:
    """All ids that the work within turns out to be about, also those that its parts have forgotten by its end; of each name the last."""
    before, ids = _collected.get(), dict(_present.get())
    _collected.set(ids)
    try:
        yield ids
    finally:
        _collected.set(before)


@contextmanager
def about(**ids: object) -> Iterator[None]:
    """Work that is about these things too. What becomes known meanwhile is forgotten with it."""
    before = _present.get()
    also_about(**ids)
    try:
        yield
    finally:
        # Not by a token: that may be given back only where it was taken, and work that is thrown away may end elsewhere.
        _present.set(before)


def also_about(**ids: object) -> None:
    """What the work at hand turns out to be about, until it ends."""
    named = {name: str(value) for name, value in ids.items()}
    _present.set({**_present.get(), **named})
    if (whole := _collected.get()) is not None:
        whole.update(named)
