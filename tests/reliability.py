"""Runs everything that shows how reliable the service is, at length, and writes what it has shown to docs/reliability.md.

make reliability [SEEDS=100000 POINTS=1000 PAYMENTS=300 DELIVERIES=20000 BURST=30000]
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "reliability.md"
PAYMENTS: Final = (sys.executable, "-m", "entrypoints.cli")
Json = dict[str, Any]  # Any: JSON

LONG_RUNS: Final = {
    "tests/door/test_webhook_fuzz.py": ("PAYMENTS_FUZZ_CASES", "DELIVERIES", "20000"),
    "tests/faults/test_crash_points.py": ("PAYMENTS_CRASH_POINTS", "POINTS", "1000"),
    "tests/journeys/test_chaos.py": ("PAYMENTS_CHAOS", "PAYMENTS", "300"),
    "tests/journeys/test_burst.py": ("PAYMENTS_BURST", "BURST", "30000"),
}
"""Tests that can be made longer: by which variable of theirs, which of ours, and how long they are without it."""

HEAD: Final = """# Reliability

What the tests show at length, and what they showed last. Written by `make reliability`; the same checks run, shorter, in `make
test`. Which test shows which scenario of failure stands in [scenarios.toml](scenarios.toml).

"""

SIMULATED: Final = """## Simulated worlds

`payments simulate` runs the real use cases and the real worker, several replicas of them, over a store in memory that behaves as
Postgres does (waiting locks and keys, versions, deadlocks, lost connections, commits of unknown outcome), before a simulated
Stripe and a simulated mail provider. All time is virtual and all chance comes from the seed: the same seed is the same world.
Faults come first, then quiet. What must always be true is checked after every commit; what must become true, at the end.

"""

MUTANTS: Final = """## Planted bugs

Each is a small change of our own code that breaks one promise. The simulator has to find it; the figure is how many worlds that
took.

"""

CRASHES: Final = """## Real crashes on a real Postgres

Every use case is broken at each of its requests to Postgres: the backend is ended before the request, ended while it is idle, or
the answer to the commit is cut off. Its caller hears of a passing fault, tries again, and then the invariants of `payments audit`
hold.

"""

CHAOS: Final = """## Everything falls while members pay

The service and its worker are killed, Postgres is restarted without a farewell, and deliveries are lost, doubled, delayed and
reordered. Then: one reconciliation, a worker that has come to rest, and each paid checkout is one payment, one year, one receipt
number without a gap and one mail.

"""

BURST: Final = """## A burst after an outage

Deliveries of events that concern nobody, over 32 kept connections at once, to one process of the service, its Postgres and whoever
delivers on the same machine. Each is answered 200 and kept once. The rate and the growth of the process's memory are those of all but
the first third.

"""

FUZZ: Final = """## Hostile deliveries

Bytes, headers, signatures, sizes, encodings and nesting of all kinds, signed and not, at the webhook door of the server that we
ship. Only 200, 400, 413 and 503 are answered, and nothing is kept that Stripe did not sign.

"""


def ran(*arguments: str) -> Json:
    """The JSON that a command of ours prints. Stops everything when the command finds a fault."""
    done = subprocess.run(arguments, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.stdout.write(done.stdout.decode())
        raise SystemExit(f"`{' '.join(arguments[2:])}` found a fault")
    found: Json = json.loads(done.stdout)
    return found


def figures_of(test: str, variable: str, wanted: str) -> list[tuple[str, str]]:
    """What a long test noted about its run. Stops everything when it fails."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", test, f"--junitxml={report}"]
        if subprocess.run(command, cwd=ROOT, env=os.environ | {variable: wanted}, check=False).returncode != 0:
            raise SystemExit(f"{test} found a fault")
        properties = ElementTree.parse(report).iter("property")  # noqa: S314 # written by pytest just now
        return [(found.attrib["name"], found.attrib["value"]) for found in properties]


def summed(figures: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same figures of several tests as one."""
    totals: dict[str, int] = {}
    for name, value in figures:
        totals[name] = totals.get(name, 0) + int(value)
    return [(name, f"{value:,}") for name, value in totals.items()]


def table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    """A table of two columns."""
    lines = [f"| {name} | {value} |" for name, value in (head, ("---", "---:"), *rows)]
    return "\n".join(lines) + "\n\n"


def simulated(seeds: str) -> str:
    """What the simulated worlds have shown."""
    found = ran(*PAYMENTS, "simulate", "--seeds", seeds, "--json")
    rows = [
        ("worlds", f"{found['seeds']:,}"),
        ("violations", "0"),
        ("simulated years", f"{found['years']:,.1f}"),
        ("payments", f"{found['payments']:,}"),
        ("commits looked at", f"{found['checks']:,}"),
        ("faults survived", f"{found['faults_survived']:,}"),
        ("worlds a second", f"{found['seeds_per_second']:.0f}"),
    ]
    faults = [(name, f"{times:,}") for name, times in sorted(found["faults"].items())]
    moves = [(name, f"{times:,}") for name, times in sorted(found["moves"].items())]
    return SIMULATED + table(("", "seen"), rows) + table(("fault", "times"), faults) + table(("move", "times"), moves)


def planted() -> str:
    """How many worlds each planted bug took."""
    found = ran(*PAYMENTS, "simulate", "--mutants", "--json")
    rows = [(name, str(worlds)) for name, worlds in sorted(found.items())]
    return MUTANTS + table(("bug", "worlds"), rows)


def main() -> None:
    """Run all, and write the page."""
    at = datetime.now(UTC)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    parts = [HEAD, f"Last run: {at:%Y-%m-%d}, {machine}.\n\n", simulated(os.environ.get("SEEDS", "100000")), planted()]
    for text, (test, (theirs, ours, usual)) in zip((FUZZ, CRASHES, CHAOS, BURST), LONG_RUNS.items(), strict=True):
        figures = figures_of(test, theirs, os.environ.get(ours, usual))
        parts += [text, table(("", "seen"), summed(figures))]
    PAGE.write_text("".join(parts).rstrip() + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
