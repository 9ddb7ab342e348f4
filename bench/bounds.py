"""What the service is held to within one run: `make bench-check`, and bounds.toml."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct, toml

from bench.figures import Figure
from bench.measure import middle, ratio
from bench.place import SERVICE
from bench.report import Results

FILE: Final = Path(__file__).parent / "bounds.toml"
WORSE: Final = 1.25
"""What is not reached yet fails when it is worse than it was by this factor."""


class Bound(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure of a path and number of connections, or one that is measured `once`, and what it is to be.

    against: the program to which the figure is a ratio, within each round; null for the figure itself.
    measured: what it was when it was written down that the bound is not reached.
    """

    figure: str
    path: str | None = None
    connections: int | None = None
    program: str = SERVICE
    against: str | None = None
    at_most: float | None = None
    at_least: float | None = None
    measured: float | None = None

    @property
    def goal(self) -> float:
        """What is to be reached."""
        found = self.at_most if self.at_most is not None else self.at_least
        if found is None or (self.at_most is not None and self.at_least is not None):
            raise ValueError(f"{self.about}: needs either at_most or at_least")
        return found

    @property
    def limit(self) -> float:
        """What fails the check when it is passed."""
        if self.measured is None:
            return self.goal
        return self.measured * WORSE if self.at_most is not None else self.measured / WORSE

    @property
    def about(self) -> str:
        """Its name."""
        where = f"{self.path} x{self.connections} " if self.path is not None else ""
        return f"{where}{self.figure} of {self.program}" + (f" to {self.against}" if self.against is not None else "")

    def is_kept(self, value: float, limit: float) -> bool:
        """Whether a value is as good as a limit."""
        return value <= limit if self.at_most is not None else value >= limit

    def value(self, results: Results) -> float | None:
        """What a run has measured; null for nothing."""
        if self.path is None:
            own, base = of_figure(results.once, self.figure, self.program), None
            if self.against is not None:
                base = of_figure(results.once, self.figure, self.against)
                return own / base if own is not None and base else None
            return own
        found = [one for one in results.measurements if (one.path, one.connections) == (self.path, self.connections)]
        of_program = [one for one in found if one.program == self.program]
        if self.against is None:
            return middle(of_program, self.figure) if of_program else None
        of_other = [one for one in found if one.program == self.against]
        return ratio(of_program, of_other, self.figure) if of_program and of_other else None


class Bounds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file: what is reached, and what is not yet."""

    bound: list[Bound] = []
    not_reached: list[Bound] = []


def read_bounds(path: Path = FILE) -> Bounds:
    """All bounds. Raises ValueError for one that cannot be checked."""
    bounds = toml.decode(path.read_bytes(), type=Bounds)
    for bound in (*bounds.bound, *bounds.not_reached):
        if bound.limit <= 0:
            raise ValueError(f"{bound.about}: must be more than 0")
    if any(one.measured is not None for one in bounds.bound):
        raise ValueError("what was measured stands with what is not reached")
    if any(one.measured is None for one in bounds.not_reached):
        raise ValueError("what is not reached needs what was measured")
    return bounds


def of_figure(figures: Sequence[Figure], name: str, program: str) -> float | None:
    """A figure that is measured once a run."""
    return next((one.value for one in figures if (one.name, one.program) == (name, program)), None)


def broken(bounds: Bounds, results: Results, asked_for: set[str]) -> Iterator[str]:
    """Say of each bound how it stands; yields what fails.

    asked_for: the paths and the kinds of figures that were measured. What lies outside of it is passed over.
    """
    for bound in (*bounds.bound, *bounds.not_reached):
        if (bound.path or bound.figure.partition("_")[0]) not in asked_for:
            continue
        value = bound.value(results)
        if value is None:
            yield f"{bound.about}: not measured"
            continue
        sign = "at most" if bound.at_most is not None else "at least"
        told = f"{bound.about}: {value:.3g}, to be {sign} {bound.goal:.3g}"
        if bound.measured is not None:
            told += f", was {bound.measured:.3g}"
        if not bound.is_kept(value, bound.limit):
            yield f"{told}: {sign} {bound.limit:.3g} is allowed"
        elif bound.measured is None:
            print(f"kept         {told}")
        else:
            word = "reached now  " if bound.is_kept(value, bound.goal) else "not reached  "
            print(f"{word}{told}")
