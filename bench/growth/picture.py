"""The ratios as a picture: SVG, drawn by hand, so that it needs no library and reads in the light and in the dark."""

from html import escape
from typing import Final

from bench.growth.compare import Growth
from bench.growth.report import pairs, ratio_of_buffers, ratio_of_latency

LEFT: Final = 400
WIDTH: Final = 460
ROW: Final = 17
TOP: Final = 64
RIGHT: Final = 30
RATIO_MAX: Final = 3.0
STYLE: Final = (
    "text{font:12px system-ui,sans-serif;fill:#222}.t{font-size:15px;font-weight:600}.g{stroke:#ccc}.b{stroke:#c33;stroke-dasharray:4 3}"
    ".p{fill:#2a6fbb}.l{fill:none;stroke:#d9822b;stroke-width:2}.bg{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.g{stroke:#444}.bg{fill:#16181c}.p{fill:#6ea8e8}.b{stroke:#f66}}"
)


def place(ratio: float) -> float:
    """Where a ratio lies; what is more than there is room for lies at the edge."""
    return LEFT + WIDTH * min(ratio, RATIO_MAX) / RATIO_MAX


def drawn(results: Growth) -> str:
    """Each question on a line: how many times as many pages, and how many times as long."""
    found = [pair for pair in pairs(results) if pair[1].known_to_grow is None]
    least, most = results.sizes[0].payments, results.sizes[-1].payments
    height, width = TOP + ROW * len(found) + 20, LEFT + WIDTH + RIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>What each question costs at {most:,} payments, as a multiple of {least:,}</title><style>{STYLE}</style>",
        f'<rect class="bg" width="{width}" height="{height}"/>',
        f'<text class="t" x="12" y="22">What each question costs at {most:,} payments, as a multiple of {least:,}</text>',
        '<circle class="p" cx="18" cy="40" r="4"/><text x="28" y="44">pages</text>',
        '<circle class="l" cx="88" cy="40" r="4"/><text x="98" y="44">latency, median</text>',
    ]
    for tenth in range(int(RATIO_MAX * 2) + 1):
        ratio = tenth / 2
        kind = "b" if ratio == results.bound else "g"
        parts.append(
            f'<line class="{kind}" x1="{place(ratio):.0f}" x2="{place(ratio):.0f}" y1="{TOP - 8}" y2="{height - 16}"/>'
        )
        parts.append(
            f'<text x="{place(ratio):.0f}" y="{TOP - 12}" text-anchor="middle">{ratio:g}{"+" if ratio == RATIO_MAX else ""}</text>'
        )
    for number, (small, large) in enumerate(found):
        y = TOP + ROW * number + 8
        name = large.what + (" (big member)" if large.big else "")
        parts.append(f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<circle class="p" cx="{place(ratio_of_buffers(small, large)):.1f}" cy="{y}" r="4"/>')
        parts.append(f'<circle class="l" cx="{place(ratio_of_latency(small, large)):.1f}" cy="{y}" r="4"/>')
    return "\n".join([*parts, "</svg>", ""])
