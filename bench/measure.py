"""One measurement: so many connections ask one program for a while."""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import ceil
from statistics import median
from typing import Final, Protocol, TypeAlias

from msgspec import Struct

from bench.database import Connection, Server, settle
from bench.load import Answers, Arrivals, Load, percentile_ms
from bench.meters import machine_seconds
from bench.programs import Program

WARM_UP: Final = 200
MICROSECONDS: Final = 1e6


class Measurement(Struct, frozen=True, kw_only=True):
    """What one program took for one path in one round. Times of CPU are microseconds a request.

    foreign_cores: how many cores were busy with anything else meanwhile; latencies and requests a second hold only where it is small.
    """

    path: str
    program: str
    connections: int
    round: int
    requests: int
    a_second: float
    p50_ms: float
    p99_ms: float
    server_us: float
    postgres_us: float
    load_us: float
    wal_bytes: float
    foreign_cores: float

    @property
    def sum_us(self) -> float:
        """CPU of the server and Postgres together."""
        return self.server_us + self.postgres_us


class Work(Struct, frozen=True):
    """Requests for one path, and what holds the answers to what they say.

    check: takes the numbers of those that were answered well, and the bodies of some of the answers. Raises when one is not so.
    """

    requests: Sequence[bytes]
    check: Callable[[Sequence[int], Mapping[int, bytes]], Awaitable[None]]


class Round(Struct, frozen=True, kw_only=True):
    """What is measured of each program in turn."""

    path: str
    connections: int
    number: int
    seconds: float

    @property
    def whole_seconds(self) -> int:
        """For whom knows no parts of seconds."""
        return ceil(self.seconds)


class Target(Protocol):
    """Something that can be measured over a database of its own, as far as it knows the path."""

    @property
    def name(self) -> str: ...
    @property
    def paths(self) -> frozenset[str]: ...
    @property
    def connection(self) -> Connection: ...

    async def measure(self, round: Round) -> Measurement:
        """One measurement. Raises when what was answered is not so."""
        ...


Prepare: TypeAlias = Callable[[Connection, int], Awaitable[Work]]
"""Makes so many requests of a path for the program over a database."""


class Path(Struct, frozen=True):
    """What is asked. a_second_max: more requests than any program here answers in a second are made for each.

    same: whether two programs over the same rows give the same answers, so that these can be compared.
    """

    prepare: Prepare
    a_second_max: int
    same: bool


class NotAnswered(Exception):
    """A request was answered with an error."""


class Served:
    """A program that is asked over HTTP.

    stripe: what it asks in Stripe's place; that counts as a part of the load.
    paths: those that it knows.
    """

    def __init__(
        self, server: Server, program: Program, stripe: Program, connection: Connection, paths: Mapping[str, Path]
    ) -> None:
        self.connection = connection
        self.program = program
        self._server = server
        self._stripe = stripe
        self._paths = paths

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(self._paths)

    async def prepared(self, path: str, amount: int) -> Work:
        """So many requests for a path."""
        return await self._paths[path].prepare(self.connection, amount)

    async def measure(self, round: Round) -> Measurement:
        """Warm up, measure, and hold what was answered to what is stored. Raises NotAnswered and what the check raises."""
        work = await self.prepared(round.path, WARM_UP + int(round.seconds * self._paths[round.path].a_second_max))
        await settle(self.connection)
        await asked(Load(work.requests[:WARM_UP], seconds_max=round.seconds), self.program, round.connections)
        load = Load(work.requests[WARM_UP:], seconds_max=round.seconds)

        postgres, server_began = await self._server.spent(self.connection), self.program.cpu_seconds()
        load_began, machine_began = self._cpu_seconds_of_load(), machine_seconds()
        answers = await asked(load, self.program, round.connections)
        server_seconds = self.program.cpu_seconds() - server_began
        load_seconds, machine = self._cpu_seconds_of_load() - load_began, machine_seconds() - machine_began
        spent = (await self._server.spent(self.connection)).since(postgres)

        samples = {WARM_UP + number: body for number, body in answers.samples.items()}
        await work.check([WARM_UP + number for number in answers.answered], samples)
        requests = len(answers.latencies)
        ours = server_seconds + spent.cpu_seconds + load_seconds
        return Measurement(
            path=round.path,
            program=self.name,
            connections=round.connections,
            round=round.number,
            requests=requests,
            a_second=requests / answers.seconds,
            p50_ms=percentile_ms(answers.latencies, 0.50),
            p99_ms=percentile_ms(answers.latencies, 0.99),
            server_us=server_seconds / requests * MICROSECONDS,
            postgres_us=spent.cpu_seconds / requests * MICROSECONDS,
            load_us=load_seconds / requests * MICROSECONDS,
            wal_bytes=spent.wal_bytes / requests,
            foreign_cores=max(0.0, (machine - ours) / answers.seconds),
        )

    def _cpu_seconds_of_load(self) -> float:
        """CPU time of this process, whose only work meanwhile is the load, and of Stripe's stand-in."""
        times = os.times()
        return times.user + times.system + self._stripe.cpu_seconds()


async def asked(load: Load | Arrivals, program: Program, connections: int) -> Answers:
    """The answers of a program. Raises NotAnswered unless all are good."""
    answers = await load.run(program.port, connections)
    if answers.first_fault:
        raise NotAnswered(f"{program.name} answered {dict(answers.statuses)}, first with: {answers.first_fault}")
    return answers


def middle(measurements: Sequence[Measurement], figure: str) -> float:
    """The median of a figure over the rounds."""
    return median(float(getattr(one, figure)) for one in measurements)


def ratio(measurements: Sequence[Measurement], base: Sequence[Measurement], figure: str) -> float:
    """The median over the rounds of a figure's ratio to that of another program in the same round."""
    of_base = {one.round: float(getattr(one, figure)) for one in base}
    return median(float(getattr(one, figure)) / of_base[one.round] for one in measurements if one.round in of_base)
