"""Being told to stop while things are still starting.

Python raises KeyboardInterrupt wherever the signal finds it, and loses it where nothing can be raised (a finaliser, a callback of an
import). So it is remembered as well, and asked for before anything begins to serve.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_told = False


SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""What tells us to stop: Ctrl-C, a supervisor, and a terminal that was closed."""


STOPPED: Final = 130
"""The exit code of a command that was broken off, as shells have it."""


def listen_for_stop() -> None:
    """Take the signals as the word to stop, until a running event loop takes them over."""
    for number in SIGNALS:
        signal.signal(number, _stop)
    sys.unraisablehook = _quiet_about_interrupts


@contextmanager
def ending_when_told(words: str) -> Iterator[None]:
    """Work that may be broken off at any place: whoever is told to stop meanwhile says so in one line, and ends with exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write(f"Stopped: {words}\n")
        sys.exit(STOPPED)


def told_to_stop() -> bool:
    """Whether the word has come."""
    return _told


def _quiet_about_interrupts(unraisable: "sys.UnraisableHookArgs") -> None:
    """Say nothing of an interrupt that found Python where nothing can be raised: it is remembered."""
    if not isinstance(unraisable.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)


def _stop(_number: int, _frame: FrameType | None) -> None:
    global _told
    _told = True
    raise KeyboardInterrupt
