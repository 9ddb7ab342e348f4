"""Being told to stop while things are still starting.

Python raises KeyboardInterrupt wherever the signal finds it, and loses it where nothing can be raised (a finaliser, a callback of an
import). So it is remembered as well, and asked for before anything begins to serve.
"""

import signal
import sys
from types import FrameType
from typing import Final

_told = False


SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""What tells us to stop: Ctrl-C, a supervisor, and a terminal that was closed."""


def listen_for_stop() -> None:
    """Take the signals as the word to stop, until a running event loop takes them over."""
    for number in SIGNALS:
        signal.signal(number, _stop)
    sys.unraisablehook = _quiet_about_interrupts


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
