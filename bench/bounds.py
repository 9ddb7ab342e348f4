"""What the service is held to: ratios to other programs, within the rounds of one run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct, toml

from bench.measure import Measurement, ratio

FILE: Final = Path(__file__).parent / "bounds.toml"
SERVICE: Final = "service"


class Bound(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ratio of the service to another program. wanted: what is to be reached. worst: what is not to be exceeded."""

    path: str
    connections: int
    figure: Literal["server_us", "sum_us", "a_second", "p50_ms", "p99_ms"]
    against: str
    wanted: float
    worst: float

    def measured(self, measurements: Sequence[Measurement]) -> float | None:
        """The ratio in a run; null where one of the two programs was not measured."""
        found = [one for one in measurements if (one.path, one.connections) == (self.path, self.connections)]
        own = [one for one in found if one.program == SERVICE]
        base = [one for one in found if one.program == self.against]
        return ratio(own, base, self.figure) if own and base else None

    def holds(self, measured: float, limit: float) -> bool:
        """Whether a ratio is as good as a limit: the more requests a second the better, of all else the less."""
        return measured >= limit if self.figure == "a_second" else measured <= limit

    def told(self, measured: float | None) -> str:
        """One line for whoever has asked."""
        about = f"{self.path}, {self.connections} connections, {self.figure} against {self.against}"
        if measured is None:
            return f"NOT MEASURED  {about}"
        word = (
            "worse" if not self.holds(measured, self.worst) else "good" if self.holds(measured, self.wanted) else "open"
        )
        return f"{word:12}  {about}: {measured:.3f} (wanted {self.wanted}, worst {self.worst})"


class Bounds(Struct, frozen=True, forbid_unknown_fields=True):
    """The file of bounds."""

    bound: list[Bound]


def read_bounds() -> list[Bound]:
    """All bounds."""
    return toml.decode(FILE.read_bytes(), type=Bounds).bound


def check(bounds: Sequence[Bound], measurements: Sequence[Measurement]) -> bool:
    """Say of each bound how it stands. False where one is exceeded, or could not be measured."""
    good = True
    for bound in bounds:
        measured = bound.measured(measurements)
        good = good and measured is not None and bound.holds(measured, bound.worst)
        print(bound.told(measured))
    return good
