"""`python -m bench.growth`: fill databases of several sizes, ask all questions of each, and hold the sizes against each other."""

import argparse
import asyncio
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import uvloop

from bench.database import Server
from bench.growth.compare import BOUND, Asked, compare
from bench.growth.picture import drawn
from bench.growth.report import broken, kept, told

RESULTS: Final = Path(".local") / "bench"
PICTURE: Final = Path("docs") / "images" / "growth.svg"


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(
        prog="make bench-growth",
        description="Measure what the service's questions cost as the number of payments grows.",
    )
    parser.add_argument("--payments", default="10000,1000000", help="sizes of the databases (10000,1000000)")
    parser.add_argument("--executions", type=int, default=300, help="how often each question is asked of each (300)")
    parser.add_argument("--letter-days", type=float, default=3650, help="letters of so many days keep their text (all)")
    parser.add_argument("--bound", type=float, default=BOUND, help=f"how much dearer the largest may be ({BOUND})")
    parser.add_argument("--folder", type=Path, help="keep the databases there, and use those that are there already")
    parser.add_argument("--picture", type=Path, help=f"draw the ratios, as into {PICTURE}")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"folder of the results ({RESULTS})")
    return parser.parse_args()


def main() -> int:
    """Measure, print and keep. 1 where something breaks the bound."""
    asked = options()
    with ExitStack() as closing:
        folder = asked.folder
        if folder is None:
            folder = Path(tempfile.mkdtemp(prefix="payments_growth_"))
            closing.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        server = Server(folder.absolute())
        closing.callback(server.stop)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            wanted = Asked(
                sizes=sorted(int(size) for size in asked.payments.split(",")),
                executions=asked.executions,
                letter_days=asked.letter_days,
                bound=asked.bound,
            )
            results = runner.run(compare(server, wanted))
    for line in told(results):
        print(line)
    print(f"Kept in {kept(results, asked.out)}")
    if asked.picture is not None:
        asked.picture.write_text(drawn(results), encoding="ascii")
    return 1 if broken(results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
