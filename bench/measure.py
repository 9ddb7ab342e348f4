"""One measurement: so many connections ask one program for a while."""

import os
from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from typing import Final, TypeAlias

from msgspec import Struct

from bench.database import Connection, Server, settle
from bench.load import Answers, Load
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
    """Requests for one path, and what holds the answers to what they say: it takes the numbers of those that were answered well."""

    requests: Sequence[bytes]
    check: Callable[[Sequence[int]], Awaitable[None]]


class Target(Struct, frozen=True):
    """A program over its own database."""

    program: Program
    connection: Connection


Prepare: TypeAlias = Callable[[Connection, int], Awaitable[Work]]
"""Makes so many requests of a path for the program over a database."""


class NotAnswered(Exception):
    """A request was answered with an error."""


async def measured(
    server: Server,
    target: Target,
    prepare: Prepare,
    *,
    path: str,
    connections: int,
    round: int,
    seconds: float,
    at_most: int,
) -> Measurement:
    """Warm up, measure, and hold what was answered to what is stored. Raises NotAnswered and what the check raises."""
    work = await prepare(target.connection, WARM_UP + at_most)
    await settle(target.connection)
    await asked(Load(work.requests[:WARM_UP], seconds_max=seconds), target.program, connections)
    load = Load(work.requests[WARM_UP:], seconds_max=seconds)

    postgres, server_began = await server.spent(target.connection), target.program.cpu_seconds()
    load_began, machine_began = cpu_seconds_of_load(), machine_seconds()
    answers = await asked(load, target.program, connections)
    server_seconds = target.program.cpu_seconds() - server_began
    load_seconds, machine = cpu_seconds_of_load() - load_began, machine_seconds() - machine_began
    spent = (await server.spent(target.connection)).since(postgres)

    await work.check([WARM_UP + number for number in answers.answered])
    requests = len(answers.latencies)
    ours = server_seconds + spent.cpu_seconds + load_seconds
    return Measurement(
        path=path,
        program=target.program.name,
        connections=connections,
        round=round,
        requests=requests,
        a_second=requests / answers.seconds,
        p50_ms=answers.percentile_ms(0.50),
        p99_ms=answers.percentile_ms(0.99),
        server_us=server_seconds / requests * MICROSECONDS,
        postgres_us=spent.cpu_seconds / requests * MICROSECONDS,
        load_us=load_seconds / requests * MICROSECONDS,
        wal_bytes=spent.wal_bytes / requests,
        foreign_cores=max(0.0, (machine - ours) / answers.seconds),
    )


def cpu_seconds_of_load() -> float:
    """CPU time of this process, whose only work meanwhile is the load."""
    times = os.times()
    return times.user + times.system


async def asked(load: Load, program: Program, connections: int) -> Answers:
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
