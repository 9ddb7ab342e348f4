"""The results as tables and as JSON."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import Final

import msgspec

from bench.growth.asked import Figures
from bench.growth.compare import Growth

FLOOR_MS: Final = 0.1
"""Differences of latency below this are of the machine and the client, and no growth."""

FLOOR_BUFFERS: Final = 6
"""So many pages more are what one more level of each index of a question's tables comes to."""


def kept(results: Growth, folder: Path) -> Path:
    """Write the results to a file of their own, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"growth-{results.at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    return path


def pairs(results: Growth) -> list[tuple[Figures, Figures]]:
    """Each question at the smallest and at the largest size."""
    least, most = results.sizes[0].payments, results.sizes[-1].payments
    small = {(one.name, one.what, one.big): one for one in results.figures if one.payments == least}
    return [(small[one.name, one.what, one.big], one) for one in results.figures if one.payments == most]


def ratio_of_buffers(small: Figures, large: Figures) -> float:
    """How many times as many pages."""
    return large.buffers / max(1, small.buffers)


def ratio_of_latency(small: Figures, large: Figures) -> float:
    """How many times as long, in the median."""
    return large.p50_ms / small.p50_ms


def breaks(small: Figures, large: Figures, bound: float) -> list[str]:
    """What of a question grows more than it may."""
    if large.known_to_grow is not None:
        return []
    allowed = bound * max(1.0, large.rows / max(small.rows, 1.0))  # what finds more may look at more
    found = [f"reads all of {table}" for table in large.whole]
    if ratio_of_buffers(small, large) > allowed and large.buffers > small.buffers + FLOOR_BUFFERS:
        found.append("pages")
    if ratio_of_latency(small, large) > allowed and large.p50_ms > small.p50_ms + FLOOR_MS:
        found.append("latency")
    return found


def broken(results: Growth) -> bool:
    """Whether anything grows more than it may."""
    return any(breaks(small, large, results.bound) for small, large in pairs(results))


def told(results: Growth) -> Iterator[str]:
    """All of it as Markdown."""
    yield from questions(results)
    yield ""
    yield from tables(results)
    yield ""
    yield from indexes(results)


def questions(results: Growth) -> Iterator[str]:
    """A line for each question."""
    least, most = results.sizes[0].payments, results.sizes[-1].payments
    yield f"| question | of | pages at {least:,} | at {most:,} | x | p50 ms | at {most:,} | x | p99 ms | at {most:,} | plan | grows |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|---|"
    for small, large in pairs(results):
        grows = ", ".join(breaks(small, large, results.bound))
        cells = [
            large.what,
            "big" if large.big else "any",
            str(small.buffers),
            str(large.buffers),
            f"{ratio_of_buffers(small, large):.2f}",
            f"{small.p50_ms:.2f}",
            f"{large.p50_ms:.2f}",
            f"{ratio_of_latency(small, large):.2f}",
            f"{small.p99_ms:.2f}",
            f"{large.p99_ms:.2f}",
            "generic" if large.generic else "custom",
            grows.upper() if grows else large.known_to_grow or "-",
        ]
        yield f"| {' | '.join(cells)} |"


def tables(results: Growth) -> Iterator[str]:
    """Bytes for each payment, by table."""
    head = [f"{size.payments:,}" for size in results.sizes]
    last = results.sizes[-1]
    yield f"| table | rows for each payment | {' | '.join(f'bytes for each of {one}' for one in head)} | of it indexes |"
    yield f"|---|--:|{'--:|' * len(head)}--:|"
    for table in last.tables:
        by_size = [
            next(one for one in size.tables if one.name == table.name).bytes / size.payments for size in results.sizes
        ]
        cells = [f"{value:.0f}" for value in by_size]
        yield f"| {table.name} | {table.rows / last.payments:.2f} | {' | '.join(cells)} | {table.indexes / last.payments:.0f} |"
    sums = [f"{size.bytes / size.payments:.0f}" for size in results.sizes]
    yield f"| all | | {' | '.join(sums)} | {sum(one.indexes for one in last.tables) / last.payments:.0f} |"


def indexes(results: Growth) -> Iterator[str]:
    """The indexes, the largest first, and those that nobody asked."""
    last = results.sizes[-1]
    yield f"| index | MiB at {last.payments:,} | bytes for each payment | asked |"
    yield "|---|--:|--:|---|"
    for one in last.indexes:
        asked = "yes" if one.scans else "a rule" if one.is_rule else "NEVER"
        yield f"| {one.name} | {one.bytes / 2**20:.1f} | {one.bytes / last.payments:.0f} | {asked} |"


def worst(figures: Sequence[tuple[Figures, Figures]]) -> list[tuple[Figures, Figures]]:
    """The same, the one whose pages grow most first."""
    return sorted(figures, key=lambda pair: ratio_of_buffers(*pair), reverse=True)
