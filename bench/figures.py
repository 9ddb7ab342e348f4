"""Figures that are measured once a run, beside the rounds."""

from msgspec import Struct


class Figure(Struct, frozen=True, kw_only=True):
    """One figure of one program. about: its name in words. unit: s, ms, MB (a million bytes), us (of CPU), or jobs/s.

    The name begins with the kind, by which the figure is asked for, and an underscore.
    """

    name: str
    about: str
    program: str
    value: float
    unit: str


class Extent(Struct, frozen=True, kw_only=True):
    """How much is done for them. webhooks: over how many memory is watched; none is no such figure."""

    starts: int
    webhooks: int
    payments: int
    noticed: int
    slices: int

    @classmethod
    def of(cls, short: bool, memory: bool) -> "Extent":
        """A full run, or a short one; with or without the growth of memory."""
        webhooks = 50_000 if memory else 0
        if short:
            return cls(starts=3, webhooks=webhooks, payments=600, noticed=60, slices=3)
        return cls(starts=5, webhooks=webhooks, payments=2000, noticed=150, slices=6)
