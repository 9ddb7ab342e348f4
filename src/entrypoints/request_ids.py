"""The id of the request that is being answered: in every answer, every log line and every error."""

import re
import secrets
from contextvars import ContextVar
from typing import Final

ACCEPTED: Final = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_current: ContextVar[str] = ContextVar("request_id", default="-")


def request_id() -> str:
    """The id of the request that is being answered; a dash outside of any."""
    return _current.get()


def begin_request(given: bytes) -> str:
    """Take the id that the client gave, if it is a plain word, else a new one: it is the present one in this task from now on."""
    current = given.decode() if ACCEPTED.fullmatch(given) else f"req_{secrets.token_hex(10)}"
    _current.set(current)
    return current


def end_request() -> None:
    """Nothing is being answered any more in this task."""
    _current.set("-")
