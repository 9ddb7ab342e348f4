"""What a start costs, and how much memory a program takes before and after very many webhooks."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from statistics import median
from typing import Final

from bench.confirmed import check_complete, check_invariants
from bench.database import Connection
from bench.events import deliveries
from bench.figures import Extent, Figure
from bench.load import Load
from bench.measure import asked
from bench.meters import resident_bytes
from bench.place import BARE, SERVICE, Place
from bench.programs import START_SECONDS_MAX, Program
from bench.requests import PROGRAM, written
from bench.seed import awaiting

AT_ONCE: Final = 32
BATCH: Final = 2500
POLL_SECONDS: Final = 0.005
QUIET_CPU_SECONDS: Final = 0.03
QUIET_SECONDS_MAX: Final = 30
MEGABYTE: Final = 1e6
READY: Final = written("GET /health/ready HTTP/1.1", *PROGRAM, "Connection: close")
ANSWERED: Final = b"HTTP/1.1 200"


async def starts(place: Place, extent: Extent) -> list[Figure]:
    """CPU and time from the command to the first 200 of /health/ready, over a database that is there; each program in turn."""
    url = await place.copy()
    found: dict[str, list[tuple[float, float]]] = {SERVICE: [], BARE: []}
    for _ in range(extent.starts):
        for name, tries in found.items():
            program = place.program(name, url)
            try:
                tries.append(await asyncio.to_thread(started, program))
            finally:
                program.stop()
    figures = []
    for name, tries in found.items():
        cpu, seconds = (median(one[place] for one in tries) for place in (0, 1))
        figures.append(
            Figure(
                name="start_cpu",
                about="start: CPU to the first 200 of /health/ready",
                program=name,
                value=cpu,
                unit="s",
            )
        )
        figures.append(Figure(name="start_time", about="start: time to it", program=name, value=seconds, unit="s"))
        print(f"{name} starts with {cpu:.2f} s of CPU", flush=True)
    return figures


def started(program: Program) -> tuple[float, float]:
    """Start a program: the CPU time and the time that it took until it was ready, in seconds. Raises RuntimeError."""
    began_at = time.perf_counter()
    program.spawn()
    while time.perf_counter() - began_at < START_SECONDS_MAX and program.is_running:
        with suppress(OSError), socket.create_connection(("127.0.0.1", program.port), timeout=5) as line:
            line.sendall(READY)
            if line.recv(4096).startswith(ANSWERED):
                return program.cpu_seconds(), time.perf_counter() - began_at
        time.sleep(POLL_SECONDS)
    raise program.fault()


async def memory(place: Place, extent: Extent) -> list[Figure]:
    """Resident memory when idle and, where that is asked for, how much it has grown after so many webhooks."""
    return [found for name in (SERVICE, BARE) async for found in memory_of(place, name, extent)]


async def memory_of(place: Place, name: str, extent: Extent) -> AsyncIterator[Figure]:
    """The same of one program."""
    async with place.running(name) as (program, connection):
        idle = await quiet_bytes(program)
        yield Figure(name="memory_idle", about="memory: resident, idle", program=name, value=idle / MEGABYTE, unit="MB")
        if not extent.webhooks:
            return
        await many_webhooks(program, connection, extent.webhooks)
        grown = await quiet_bytes(program) - idle
        print(f"{name}: {idle / MEGABYTE:.1f} MB, {grown / MEGABYTE:+.1f} after {extent.webhooks} webhooks", flush=True)
        after = f"memory: growth over {extent.webhooks:,} webhooks"
        yield Figure(name="memory_growth", about=after, program=name, value=grown / MEGABYTE, unit="MB")
        await check_invariants(connection)


async def many_webhooks(program: Program, connection: Connection, amount: int) -> None:
    """Confirm so many payments. Raises Incomplete unless all of it is stored of each."""
    for _ in range(amount // BATCH):
        pending = await awaiting(connection, BATCH)
        answers = await asked(Load(deliveries(pending), seconds_max=600), program, AT_ONCE)
        await check_complete(connection, [pending[number].payment_id for number in answers.answered])


async def quiet_bytes(program: Program) -> int:
    """Resident memory once the program does nothing any more: it may still import what it will need."""
    for _ in range(QUIET_SECONDS_MAX):
        before = program.cpu_seconds()
        await asyncio.sleep(1)
        if program.cpu_seconds() - before < QUIET_CPU_SECONDS:
            break
    return resident_bytes(program.pid)
