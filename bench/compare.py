"""All programs in turns, on one machine and one Postgres."""

import random
from contextlib import AsyncExitStack
from typing import Final

from msgspec import Struct

from bench.confirmed import check_invariants
from bench.measure import Measurement, Round, Served, Target
from bench.paths import PATHS
from bench.place import BARE, SERVICE, WEBHOOK, Place
from bench.plain import PlainSql
from bench.same import check_same

KNOWN: Final = {SERVICE: frozenset(PATHS), BARE: frozenset(PATHS), "tutorial": frozenset({WEBHOOK})}
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


async def compare(place: Place, wanted: Wanted) -> list[Measurement]:
    """Measure every program in every round, in an order that is drawn anew."""
    measurements: list[Measurement] = []
    async with AsyncExitStack() as closing:
        targets = await all_targets(place, closing, set(wanted.paths))
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
    return measurements


async def all_targets(place: Place, closing: AsyncExitStack, wanted: set[str]) -> list[Target]:
    """Every program that has one of these paths, started, over its copy of one template."""
    targets: list[Target] = []
    for name, paths in KNOWN.items():
        if paths & wanted:
            program, connection = await closing.enter_async_context(place.running(name))
            known = {path: PATHS[path] for path in paths}
            targets.append(Served(place.server, program, place.stripe, connection, known))
    if WEBHOOK in wanted:
        url = await place.copy()
        connection = await closing.enter_async_context(place.connected(url))
        plain = PlainSql(place.server, connection, url, place.folder)
        targets += [plain] if plain.is_there else []
    return targets
