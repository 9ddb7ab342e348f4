"""How long a webhook takes while others arrive by chance at a rate, whatever became of those before."""

from typing import Final

from bench.confirmed import check_complete, check_invariants
from bench.database import Connection, settle
from bench.events import deliveries
from bench.figures import Extent, Figure
from bench.load import Arrivals, percentile_ms
from bench.measure import asked
from bench.place import BARE, SERVICE, Place
from bench.programs import Program
from bench.seed import awaiting

CONNECTIONS: Final = 64
WARM_UP: Final = 200
SLICES: Final = {15: 5.0, 500: 2.0}
"""How long each slice of a rate lasts, in seconds. The programs take turns, slice by slice: each meets the machine as the other does."""


async def latencies(place: Place, extent: Extent) -> list[Figure]:
    """Half of all webhooks, and 99 of 100, are answered in this time from the moment in which they were to arrive."""
    figures = []
    async with place.running(SERVICE) as service, place.running(BARE) as bare:
        both = {SERVICE: service, BARE: bare}
        for program, connection in both.values():
            await one_slice(program, connection, 500, WARM_UP, seed=0)
        for rate, seconds in SLICES.items():
            found: dict[str, list[float]] = {name: [] for name in both}
            for number in range(extent.slices):
                for name, (program, connection) in both.items():
                    found[name] += await one_slice(program, connection, rate, int(rate * seconds), seed=number)
            for share in (50, 99):
                for name, seen in found.items():
                    value = percentile_ms(seen, share / 100)
                    key, about = f"latency_{rate}_p{share}", f"latency: p{share} at {rate}/s"
                    figures.append(Figure(name=key, about=about, program=name, value=value, unit="ms"))
                    print(f"{name} answers {share} of 100 at {rate}/s in {value:.1f} ms", flush=True)
        for _, connection in both.values():
            await check_invariants(connection)
    return figures


async def one_slice(
    program: Program, connection: Connection, a_second: float, amount: int, *, seed: int
) -> list[float]:
    """The latencies of so many webhooks, in seconds."""
    pending = await awaiting(connection, amount)
    await settle(connection)
    requests = deliveries(pending)
    answers = await asked(Arrivals(requests, a_second=a_second, seed=seed), program, CONNECTIONS)
    await check_complete(connection, [pending[number].payment_id for number in answers.answered])
    return answers.latencies
