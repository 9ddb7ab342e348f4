"""`python -m bench`: measure the service beside the programs to compare with, in turns, and print what came out."""

import argparse
import asyncio
import shutil
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import uvloop

from bench import machine
from bench.bounds import broken, read_bounds
from bench.compare import Wanted, compare
from bench.database import Server
from bench.once import ONCE, Extent
from bench.paths import PATHS
from bench.place import Place
from bench.plots import plots
from bench.report import Results, kept, read_results, told

RESULTS: Final = Path(".local") / "bench"


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(
        prog="make bench", description="Measure the service beside what it is compared with."
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (3)")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long a measurement lasts (3)")
    parser.add_argument("--connections", default="1,8,32", help="numbers of connections for the webhook (1,8,32)")
    parser.add_argument("--others", default="16", help="numbers of connections for the other paths (16)")
    parser.add_argument("--paths", default=",".join(PATHS), help=f"what is measured ({','.join(PATHS)})")
    parser.add_argument("--check", action="store_true", help="end with 1 where a bound of bounds.toml is passed")
    parser.add_argument("--once", default=",".join(ONCE), help=f"what is measured once ({','.join(ONCE)})")
    parser.add_argument("--memory", action="store_true", help="also how memory grows over 50,000 webhooks")
    parser.add_argument("--short", action="store_true", help="fewer tries of what is measured once")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"folder of the results ({RESULTS})")
    parser.add_argument("--images", type=Path, help="draw the results into this folder")
    parser.add_argument(
        "--again", type=Path, metavar="JSON", help="measure nothing: tell the results of an earlier run"
    )
    return parser.parse_args()


def main() -> None:
    """Measure, or take an earlier run; tell, draw and check it."""
    asked = options()
    bounds = read_bounds()
    results = read_results(asked.again) if asked.again is not None else run(asked)
    for line in told(results):
        print(line)
    if asked.images is not None:
        for path in plots(results, asked.images):
            print(f"Drawn: {path}")
    if asked.check:
        faults = list(broken(bounds, results, {*words(asked.paths), *words(asked.once)}))
        for fault in faults:
            print(f"BROKEN       {fault}")
        raise SystemExit(1 if faults else 0)


def run(asked: argparse.Namespace) -> Results:
    """Measure, and keep what came out."""
    with ExitStack() as closing:
        folder = Path(tempfile.mkdtemp(prefix="payments_bench_"))
        folder.chmod(0o755)
        closing.callback(shutil.rmtree, folder, ignore_errors=True)
        server = Server(folder)
        closing.callback(server.stop)
        place = Place(server, folder)
        closing.callback(place.stripe.stop)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            results = runner.run(measured(place, asked))
    print(f"Kept in {kept(results, asked.out)}")
    return results


async def measured(place: Place, asked: argparse.Namespace) -> Results:
    """All that was asked for."""
    await place.open()
    wanted = Wanted(
        rounds=asked.rounds,
        seconds=asked.seconds,
        connections=numbers(asked.connections),
        others=numbers(asked.others),
        paths=words(asked.paths),
    )
    measurements = await compare(place, wanted) if wanted.paths else []
    once = [
        found for name in words(asked.once) for found in await ONCE[name](place, Extent.of(asked.short, asked.memory))
    ]
    return Results(
        at=datetime.now(UTC),
        machine=machine.described(),
        postgres=place.postgres,
        measurements=measurements,
        once=once,
    )


def words(text: str) -> list[str]:
    """What stands between commas."""
    return [word for word in text.split(",") if word]


def numbers(text: str) -> list[int]:
    """The same as numbers."""
    return [int(word) for word in words(text)]


if __name__ == "__main__":
    main()
