"""Ids that order by the time of their making."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562), rising within this process also inside one millisecond."""
    return uuid7()
