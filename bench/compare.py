"""All programs in turns, on one machine and one Postgres."""

import random
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import asyncpg
from msgspec import Struct

from bench import machine, stock
from bench.confirmed import check_invariants
from bench.database import Server
from bench.measure import Measurement, Round, Served, Target
from bench.paths import PATHS
from bench.plain import NAME as PLAIN
from bench.plain import PlainSql
from bench.programs import Program, reference, service, stub
from bench.report import Results
from bench.same import check_same

TEMPLATE: Final = "template_bench"
SERVICE: Final = "service"
WEBHOOK: Final = "webhook"
KNOWN: Final = {SERVICE: frozenset(PATHS), "bare": frozenset(PATHS), "tutorial": frozenset({WEBHOOK})}
"""Which paths each program has."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be measured, how often and for how long each time. connections: for the webhook. others: for the other paths."""

    rounds: int
    seconds: float
    connections: list[int]
    others: list[int]
    paths: list[str]

    def in_turn(self) -> list[Round]:
        """The rounds, those of one path and number of connections after each other."""
        return [
            Round(path=path, connections=connections, number=number, seconds=self.seconds)
            for path in self.paths
            for connections in (self.connections if path == WEBHOOK else self.others)
            for number in range(1, self.rounds + 1)
        ]


async def compare(server: Server, folder: Path, wanted: Wanted) -> Results:
    """Measure every program in every round, in an order that is drawn anew."""
    postgres = await server.set_up()
    measurements: list[Measurement] = []
    async with AsyncExitStack() as closing:
        targets = await all_targets(server, folder, closing)
        for path in wanted.paths:
            if PATHS[path].same:
                await check_same(path, [one for one in targets if isinstance(one, Served) and path in one.paths])
        for turn in wanted.in_turn():
            for target in random.sample(targets, len(targets)):
                if turn.path in target.paths:
                    one = await target.measure(turn)
                    measurements.append(one)
                    print(
                        f"{turn.path} x{turn.connections}, round {turn.number} of {wanted.rounds}:"
                        f" {one.program} {one.server_us:.0f} us, {one.a_second:.0f}/s",
                        flush=True,
                    )
        for target in targets:
            held = await check_invariants(target.connection)
            print(f"{target.name}: {held} invariants hold of all that was stored")
    return Results(at=datetime.now(UTC), machine=machine.described(), postgres=postgres, measurements=measurements)


async def all_targets(server: Server, folder: Path, closing: AsyncExitStack) -> list[Target]:
    """Every program, started, over its copy of one template."""
    connection = await asyncpg.connect(await server.make(TEMPLATE))
    await stock.store(connection)
    await connection.close()
    stripe = stub(folder)
    closing.callback(stripe.stop)
    stripe.start()
    targets: list[Target] = []
    for name, paths in KNOWN.items():
        url = await server.make(f"bench_{name}", like=TEMPLATE)
        program: Program = (
            service(folder, url, stripe.url) if name == SERVICE else reference(name, folder, url, stripe.url)
        )
        closing.callback(program.stop)
        program.start()
        connection = await asyncpg.connect(url)
        closing.push_async_callback(connection.close)
        targets.append(Served(server, program, stripe, connection, {path: PATHS[path] for path in paths}))
    url = await server.make(f"bench_{PLAIN}", like=TEMPLATE)
    connection = await asyncpg.connect(url)
    closing.push_async_callback(connection.close)
    plain = PlainSql(server, connection, url, folder)
    return [*targets, plain] if plain.is_there else targets
