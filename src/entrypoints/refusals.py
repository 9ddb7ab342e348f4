"""What is said to a client whose request never became one, so that no handler could answer it."""

from collections.abc import Sequence
from enum import Enum
from typing import Protocol, runtime_checkable

from msgspec import Struct


class Refused(Enum):
    """Why a connection was cut off before there was a request, each with the status of the answer (RFC 9110, 15.5; RFC 6585, 5)."""

    NO_HTTP = (400, "What came is no HTTP/1.1 request.")
    NO_ONE_HOST = (400, "Host: the header has to be there exactly once.")
    HEAD_TOO_SLOW = (408, "The head of the request did not come in time.")
    HEAD_TOO_LARGE = (431, "The first line and the headers are larger than the service takes.")

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail


class Refusal(Struct, frozen=True, kw_only=True):
    """An answer to such a client; its length and its end are seen to by the connection."""

    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""


@runtime_checkable
class Refuses(Protocol):
    """An application that has a word for such a client."""

    def refusal(self, reason: Refused) -> Refusal:
        """What is said."""
