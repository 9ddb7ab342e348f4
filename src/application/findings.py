"""What a reconciliation finds: things that are not as the provider says."""

import logging
from typing import Literal

from msgspec import Struct

log = logging.getLogger(__name__)


Thing = Literal["payment", "event", "checkout", "charge", "refund", "dispute", "customer"]
"""What can differ."""


class Difference(Struct, frozen=True, kw_only=True):
    """One thing that differed.

    before, after: as it was stored, and as it is now; both the same where the repair failed.
    repaired: whether it is as the provider says now.
    """

    what: Thing
    id: str
    before: str
    after: str
    why: str
    repaired: bool


class Findings:
    """Gathers what the parts of one run find, so that it is kept also when the run has to stop.

    foreign: how many things another installation on the account had made, and were left alone.
    """

    def __init__(self) -> None:
        self.checked = 0
        self.foreign = 0
        self.differences: list[Difference] = []

    def note(self, what: Thing, id: str, before: str, after: str, why: str, *, repaired: bool = True) -> None:
        """Keep a difference."""
        log.warning("%s %s: %s, was %s", what, id, why, before)
        self.differences.append(Difference(what=what, id=id, before=before, after=after, why=why, repaired=repaired))
