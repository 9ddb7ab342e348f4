"""Ids that order by the time of their making."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562), rising within this process also inside one millisecond."""
    return uuid7()


def first_id_at(instant: datetime) -> UUID:
    """The least of all ids made from an instant (UTC) on: a UUIDv7 begins with the milliseconds of its making."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)
