"""The id of the request that is being answered: in every answer, every log line and every error."""

import random
import re
from typing import Final

from application.log_context import present

ACCEPTED: Final = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
NONE: Final = "-"


def request_id() -> str:
    """The id of the request that is being answered; a dash outside of any."""
    return present().get("request_id", NONE)


def id_for(given: bytes) -> str:
    """The id of a request that begins: the one that the client gave, if it is a plain word, else a new one."""
    if ACCEPTED.fullmatch(given):
        return given.decode()
    return f"req_{random.getrandbits(80):020x}"  # told to everybody: it is to be unique, and no secret
