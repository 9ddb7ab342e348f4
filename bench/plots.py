"""Bars, as SVG by hand: wide enough for a phone, in the colours of the reader's choice of light or dark."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from bench.figures import Figure
from bench.measure import Measurement, middle, ratio
from bench.place import BARE, SERVICE, WEBHOOK
from bench.report import Results, of_place, on_day

WIDTH: Final = 360
MARGIN: Final = 12
BAR: Final = 14
LINE: Final = 17
GAP: Final = 10
RATES: Final = (15, 500)
STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#1f2328}.t{font-weight:600;font-size:15px}.n{fill:#59636e;font-size:12px}"
    ".a{fill:#1a7f6b}.b{fill:#8fb8e0}.g{fill:#c9ced4}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.n{fill:#9198a1}.a{fill:#3fb99c}.b{fill:#4a78a8}.g{fill:#59636e}}"
)


class Bar(Struct, frozen=True):
    """A bar of parts, each a colour (a, b or g) and a length, under its name and before its value in words."""

    name: str
    parts: tuple[tuple[str, float], ...]
    value: str

    @property
    def length(self) -> float:
        """Of all parts."""
        return sum(part for _, part in self.parts)


class Group(Struct, frozen=True):
    """Bars that are drawn to one scale, under a heading."""

    heading: str
    bars: tuple[Bar, ...]


def plots(results: Results, folder: Path) -> list[Path]:
    """Draw what a run has measured, and return where."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {
        "bench-webhook.svg": webhook(results.measurements),
        "bench-paths.svg": paths(results.measurements),
        "bench-latency.svg": latency(results.once),
    }
    titles = {
        "bench-webhook.svg": ("CPU for each webhook, microseconds", "green: server; blue: Postgres"),
        "bench-paths.svg": ("CPU of the server for each request", "times that of the bare program"),
        "bench-latency.svg": ("Webhooks that arrive by chance", "ms from when each was due"),
    }
    written = []
    for name, groups in drawn.items():
        if groups:
            path = folder / name
            title, note = titles[name]
            path.write_text("\n".join(svg(title, f"{note}; {on_day(results)}", groups)) + "\n", encoding="ascii")
            written.append(path)
    return written


def webhook(measurements: Sequence[Measurement]) -> list[Group]:
    """Server and Postgres of every program, at each number of connections."""
    found = [one for one in measurements if one.path == WEBHOOK]
    groups = []
    for connections in sorted({one.connections for one in found}):
        its = of_place(found, WEBHOOK, connections)
        bars = []
        for program, own in sorted(its.items(), key=lambda item: middle(item[1], "sum_us")):
            server, postgres = middle(own, "server_us"), middle(own, "postgres_us")
            bars.append(Bar(program, (("a", server), ("b", postgres)), f"{server:.0f} + {postgres:.0f}"))
        groups.append(Group(f"{connections} connection{'s' if connections > 1 else ''}", tuple(bars)))
    return groups


def paths(measurements: Sequence[Measurement]) -> list[Group]:
    """The service beside bare, path by path."""
    bars = []
    for path, connections in dict.fromkeys((one.path, one.connections) for one in measurements):
        its = of_place(measurements, path, connections)
        if SERVICE in its and BARE in its:
            times = ratio(its[SERVICE], its[BARE], "server_us")
            bars.append(
                Bar(
                    f"{path}, {connections} connection{'s' if connections > 1 else ''}",
                    (("a", times),),
                    f"{times:.1f} x",
                )
            )
    return [Group("service, where bare is 1", tuple(bars))] if bars else []


def latency(figures: Sequence[Figure]) -> list[Group]:
    """Half of all, and 99 of 100, at each rate."""
    found = {(one.name, one.program): one.value for one in figures}
    groups = []
    for rate in RATES:
        bars = [
            Bar(f"p{share}, {program}", ((colour, value),), f"{value:.1f}")
            for share in (50, 99)
            for program, colour in ((SERVICE, "a"), (BARE, "g"))
            if (value := found.get((f"latency_{rate}_p{share}", program))) is not None
        ]
        if bars:
            groups.append(Group(f"{rate} a second", tuple(bars)))
    return groups


def svg(title: str, note: str, groups: Sequence[Group]) -> Iterator[str]:
    """The picture, line by line. Every group has a scale of its own."""
    body = list(marks(title, note, groups))
    height = MARGIN + max(int(place) for place, _ in body) + MARGIN
    said = "; ".join(
        f"{group.heading}: " + ", ".join(f"{bar.name} {bar.value}" for bar in group.bars) for group in groups
    )
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img">'
    yield f"<title>{title}</title>"
    yield f"<desc>{note}. {said}</desc>"
    yield f"<style>{STYLE}</style>"
    yield from (mark for _, mark in body)
    yield "</svg>"


def marks(title: str, note: str, groups: Sequence[Group]) -> Iterator[tuple[float, str]]:
    """What is drawn, each with the height at which it ends."""
    at = MARGIN + LINE
    yield at, text(MARGIN, at, title, "t")
    at += LINE
    yield at, text(MARGIN, at, note, "n")
    for group in groups:
        at += GAP + LINE + 4
        yield at, text(MARGIN, at, group.heading, "t")
        longest = max(bar.length for bar in group.bars) or 1.0
        for bar in group.bars:
            at += LINE
            yield at, text(MARGIN, at, bar.name)
            yield at, text(WIDTH - MARGIN, at, bar.value, end=True)
            at += 5
            left = float(MARGIN)
            for colour, part in bar.parts:
                width = part / longest * (WIDTH - 2 * MARGIN)
                yield at + BAR, rectangle(left, at, width, colour)
                left += width
            at += BAR + 4


def text(left: float, at: float, words: str, kind: str = "", *, end: bool = False) -> str:
    """Words on a line."""
    named = f' class="{kind}"' if kind else ""
    anchored = ' text-anchor="end"' if end else ""
    return f'<text x="{left:.0f}" y="{at:.0f}"{named}{anchored}>{words}</text>'


def rectangle(left: float, top: float, width: float, colour: str) -> str:
    """A part of a bar."""
    return f'<rect class="{colour}" x="{left:.1f}" y="{top:.0f}" width="{max(width, 1):.1f}" height="{BAR}"/>'
