"""The results as a table and as JSON."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from bench.figures import Figure
from bench.measure import Measurement, middle, ratio

BASE: Final = "bare"
DIGITS: Final = {"s": 2, "jobs/s": 0, "us": 0}
HEAD: Final = "| program | a second | p50 ms | p99 ms | server us | x bare | Postgres us | sum us | x bare | WAL B | load us | foreign |"


class Results(Struct, frozen=True, kw_only=True):
    """A whole run. machine and postgres: by name, as text."""

    at: datetime
    machine: dict[str, str]
    postgres: dict[str, str]
    measurements: list[Measurement]
    once: list[Figure]


def kept(results: Results, folder: Path) -> Path:
    """Write the results to a file of their own, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{results.at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    return path


def read_results(path: Path) -> Results:
    """The results of an earlier run."""
    return msgspec.json.decode(path.read_bytes(), type=Results)


def on_day(results: Results) -> str:
    """The commit and the day (UTC) of a run."""
    return f"{results.machine['commit']}, {results.at.astimezone(UTC):%Y-%m-%d}"


def surroundings(results: Results) -> Iterator[str]:
    """The machine, the versions, and the settings of Postgres, as a Markdown table."""
    yield "### where and with what\n"
    yield "| | |"
    yield "|---|---|"
    yield f"| measured | {results.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC |"
    for name, value in results.machine.items():
        yield f"| {name} | {value} |"
    postgres = ", ".join(f"{name} {value}" for name, value in results.postgres.items())
    yield f"| Postgres | {postgres} |"
    yield ""


def of_place(measurements: Sequence[Measurement], path: str, connections: int) -> dict[str, list[Measurement]]:
    """What was measured of one path with one number of connections, by program."""
    by_program: dict[str, list[Measurement]] = {}
    for one in measurements:
        if (one.path, one.connections) == (path, connections):
            by_program.setdefault(one.program, []).append(one)
    return by_program


def told(results: Results) -> Iterator[str]:
    """All of it in Markdown."""
    yield from tables(results.measurements)
    yield from table_of_figures(results.once)
    yield from surroundings(results)


def tables(measurements: Sequence[Measurement]) -> Iterator[str]:
    """A Markdown table for each path and number of connections, the cheapest server first."""

    for path, connections in sorted({(one.path, one.connections) for one in measurements}):
        by_program = of_place(measurements, path, connections)
        yield f"### {path}, {connections} connection{'s' if connections > 1 else ''}\n"
        yield HEAD
        yield f"|---{'|---' * (HEAD.count('|') - 2)}|"
        base = by_program.get(BASE, [])
        for program, its in sorted(by_program.items(), key=lambda item: middle(item[1], "server_us")):
            yield row(program, its, base)
        yield ""


def row(program: str, its: Sequence[Measurement], base: Sequence[Measurement]) -> str:
    """One program: medians over the rounds, and ratios within each round."""
    cells = [
        program,
        f"{middle(its, 'a_second'):.0f}",
        f"{middle(its, 'p50_ms'):.1f}",
        f"{middle(its, 'p99_ms'):.1f}",
        f"{middle(its, 'server_us'):.0f}",
        f"{ratio(its, base, 'server_us'):.2f}" if base else "-",
        f"{middle(its, 'postgres_us'):.0f}",
        f"{middle(its, 'sum_us'):.0f}",
        f"{ratio(its, base, 'sum_us'):.2f}" if base else "-",
        f"{middle(its, 'wal_bytes'):.0f}",
        f"{middle(its, 'load_us'):.0f}",
        f"{middle(its, 'foreign_cores'):.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def table_of_figures(figures: Sequence[Figure]) -> Iterator[str]:
    """A Markdown table of what is measured once a run, each program in a column."""
    if not figures:
        return
    programs = list(dict.fromkeys(one.program for one in figures))
    yield "### once a run\n"
    yield f"| | {' | '.join(programs)} |"
    yield f"|---{'|---' * len(programs)}|"
    for (about, unit), found in groupby(figures_by_name(figures), key=lambda one: (one.about, one.unit)):
        values = {one.program: f"{one.value:.{DIGITS.get(unit, 1)}f}" for one in found}
        yield f"| {about}, {unit} | {' | '.join(values.get(program, '-') for program in programs)} |"
    yield ""


def figures_by_name(figures: Sequence[Figure]) -> list[Figure]:
    """Those of one name beside each other, in the order in which the names first came."""
    names = list(dict.fromkeys(one.name for one in figures))
    return sorted(figures, key=lambda one: names.index(one.name))
