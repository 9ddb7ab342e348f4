"""What the work at hand is about: the ids that every log line written meanwhile carries, whoever writes it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_present: ContextVar[Mapping[str, str]] = ContextVar("log_context", default=NOTHING)


def present() -> Mapping[str, str]:
    """The ids by their names, such as `payment_id`."""
    return _present.get()


@contextmanager
def about(**ids: object) -> Iterator[None]:
    """Work that is about these things too. What becomes known meanwhile is forgotten with it."""
    before = _present.get()
    _present.set({**before, **{name: str(value) for name, value in ids.items()}})
    try:
        yield
    finally:
        # Not by a token: that may be given back only where it was taken, and work that is thrown away may end elsewhere.
        _present.set(before)


def also_about(**ids: object) -> None:
    """What the work at hand turns out to be about, until it ends."""
    _present.set({**_present.get(), **{name: str(value) for name, value in ids.items()}})
