"""Why something changed: every change of state is kept with its cause."""

from typing import Final

from msgspec import Struct

SYSTEM: Final = "system"
"""The actor of changes that no person and no event asked for."""


class Cause(Struct, frozen=True, kw_only=True):
    """What made a change.

    why: the reason in a few words.
    actor: who asked for it, as `member:<id>`, `stripe`, `operator:<name>` or `system`.
    event_id: the provider's event that told us, if one did.
    """

    why: str
    actor: str = SYSTEM
    event_id: str | None = None
