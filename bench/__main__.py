"""`python -m bench`: measure the service beside the programs to compare with, in turns, and print what came out."""

import argparse
import asyncio
import random
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import uvloop

from bench import machine
from bench.confirmed import check_complete, check_invariants
from bench.database import Connection, Server
from bench.events import deliveries
from bench.measure import Measurement, Prepare, Target, Work, measured
from bench.programs import Program, reference, service
from bench.report import Results, kept, tables
from bench.seed import awaiting

A_SECOND_MAX: Final = 4000
"""More requests than any program here answers in a second are prepared for each."""

SERVICE: Final = "service"
PROGRAMS: Final = (SERVICE, "bare")
RESULTS: Final = Path(".local") / "bench"


async def webhook(connection: Connection, amount: int) -> Work:
    """Stripe tells that checkouts were paid, each of another member."""
    pending = await awaiting(connection, amount)

    async def check(numbers: Sequence[int]) -> None:
        answered: list[UUID] = [pending[number].payment_id for number in numbers]
        await check_complete(connection, answered)

    return Work(deliveries(pending), check)


PATHS: Final[dict[str, Prepare]] = {"webhook": webhook}


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(
        prog="make bench", description="Measure the service beside what it is compared with."
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (3)")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long a measurement lasts (3)")
    parser.add_argument("--connections", default="1,8,32", help="numbers of connections (1,8,32)")
    parser.add_argument("--paths", default=",".join(PATHS), help=f"what is measured ({','.join(PATHS)})")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"folder of the results ({RESULTS})")
    return parser.parse_args()


async def compare(server: Server, folder: Path, asked: argparse.Namespace) -> Results:
    """Measure all programs in turns."""
    postgres = await server.set_up()
    begun: list[Program] = []
    measurements: list[Measurement] = []
    targets = []
    try:
        await server.make("template_bench")
        for name in PROGRAMS:
            url = await server.make(f"bench_{name}", like="template_bench")
            program = service(folder, url) if name == SERVICE else reference(name, folder, url)
            begun.append(program)
            program.start()
            targets.append(Target(program, await asyncpg.connect(url)))
        for path in asked.paths.split(","):
            for connections in (int(number) for number in asked.connections.split(",")):
                for number in range(1, asked.rounds + 1):
                    for target in random.sample(targets, len(targets)):
                        one = await measured(
                            server,
                            target,
                            PATHS[path],
                            path=path,
                            connections=connections,
                            round=number,
                            seconds=asked.seconds,
                            at_most=int(asked.seconds * A_SECOND_MAX),
                        )
                        measurements.append(one)
                        print(
                            f"{path} x{connections} round {number}: {one.program} {one.server_us:.0f} us, {one.a_second:.0f}/s"
                        )
        for target in targets:
            held = await check_invariants(target.connection)
            print(f"{target.program.name}: {held} invariants hold of all that was stored")
            await target.connection.close()
    finally:
        for program in begun:
            program.stop()
    return Results(at=datetime.now(UTC), machine=machine.described(), postgres=postgres, measurements=measurements)


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
            results = runner.run(compare(server, folder, asked))
    for line in tables(results.measurements):
        print(line)
    print(f"Kept in {kept(results, asked.out)}")


if __name__ == "__main__":
    main()
