"""`python -m bench`: measure the service beside the programs to compare with, in turns, and print what came out."""

import argparse
import asyncio
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import uvloop

from bench.bounds import check, read_bounds
from bench.compare import Wanted, compare
from bench.database import Server
from bench.paths import PATHS
from bench.report import kept, tables

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
    parser.add_argument("--check", action="store_true", help="end with 1 where a bound of bounds.toml is exceeded")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"folder of the results ({RESULTS})")
    return parser.parse_args()


def main() -> None:
    """Measure, print, and keep."""
    asked = options()
    with ExitStack() as closing:
        folder = Path(tempfile.mkdtemp(prefix="payments_bench_"))
        folder.chmod(0o755)
        closing.callback(shutil.rmtree, folder, ignore_errors=True)
        server = Server(folder)
        closing.callback(server.stop)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            wanted = Wanted(
                rounds=asked.rounds,
                seconds=asked.seconds,
                connections=[int(number) for number in asked.connections.split(",")],
                others=[int(number) for number in asked.others.split(",")],
                paths=asked.paths.split(","),
            )
            results = runner.run(compare(server, folder, wanted))
    for line in tables(results.measurements):
        print(line)
    print(f"Kept in {kept(results, asked.out)}")
    if asked.check and not check(read_bounds(), results.measurements):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
