"""The course of one world: faults first, then a quiet time, then everything must agree."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct

from domain.member import Locale, Member, UserId, UserType
from entrypoints.simulation.chance import Fault
from entrypoints.simulation.charges import DAY
from entrypoints.simulation.convergence import Convergence
from entrypoints.simulation.loop import NothingLeft
from entrypoints.simulation.members import Customer
from entrypoints.simulation.mutants import planted
from entrypoints.simulation.world import REPLICAS, World

MEMBERS_MAX: Final = 3
AFTERMATH: Final = 3 * DAY
RECOVERY: Final = timedelta(hours=6)
QUIET: Final = 16 * DAY
"""Longer than anything that was begun can take: late deliveries, slow banks, refunds that fail, and retries an hour apart."""

CUSTOMERS_LOOKED_FOR: Final = timedelta(hours=12)
"""Customers of an interrupted work are looked for so long, and longer."""

STORY_LINES: Final = 60


class Variation(Struct, frozen=True):
    """How a world is to differ from the one that its seed describes: to find the smallest that still goes wrong."""

    without: frozenset[Fault] = frozenset()
    members_max: int = MEMBERS_MAX
    years: bool = True


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one world.

    violated: the rule that was broken and how; null when all held.
    seconds: how much simulated time passed. steps: callbacks of its loop. checks: commits that were looked at.
    """

    seed: int
    violated: tuple[str, str] | None
    story: tuple[str, ...]
    fingerprint: str
    seconds: float
    steps: int
    checks: int
    payments: int
    faults: dict[str, int]
    moves: dict[str, int]


def run(seed: int, variation: Variation | None = None, *, mutant: str | None = None) -> Outcome:
    """Run the world of a seed, with a bug planted into our code where one is named."""
    with planted(mutant):
        return _run(seed, variation or Variation())


def _run(seed: int, variation: Variation) -> Outcome:
    world = World(seed, without=variation.without)
    violated: tuple[str, str] | None = None
    with silent_logs():
        try:
            asyncio.set_event_loop(world.loop)
            world.loop.run_until_complete(_until_broken(world, variation))
        except NothingLeft as error:
            violated = ("I11 no lost work", str(error))
        finally:
            if world.broken.done():
                violated = (world.broken.result().rule, world.broken.result().what)
            seconds, steps = world.loop.time(), world.loop.steps
            world.close()
            asyncio.set_event_loop(None)
    moves = Counter({f"{entity} {before} -> {after}": n for (entity, before, after), n in world.rules.moves.items()})
    return Outcome(
        seed=seed,
        violated=violated,
        story=tuple(world.trace.story(last=STORY_LINES)) if violated else (),
        fingerprint=world.trace.fingerprint(),
        seconds=seconds,
        steps=steps,
        checks=world.rules.checks,
        payments=len(world.store.payments()),
        faults={fault.name: count for fault, count in sorted(world.chance.happened.items())},
        moves=dict(sorted(moves.items())),
    )


async def _until_broken(world: World, variation: Variation) -> None:
    course = world.loop.create_task(_course(world, variation))
    either: set[asyncio.Future[Any]] = {course, world.broken}  # Any: one gives nothing, the other a violation
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not world.broken.done():
        course.result()


async def _course(world: World, variation: Variation) -> None:
    chance = world.chance
    for _ in range(REPLICAS):
        world.boot()
    members = [_member(number) for number in range(chance.dice.randrange(1, MEMBERS_MAX + 1))][: variation.members_max]
    years = chance.one_of((0, 0, 0, 0, 1, 2)) * variation.years
    lives = [Customer(member, world, world.stripe, chance, years=years).live() for member in members]
    unrest = world.loop.create_task(_unrest(world))
    await asyncio.gather(world.office.delete_a_customer(), world.office.make_a_checkout(), *lives)
    await asyncio.sleep(chance.one_of((0.0, 3600.0, AFTERMATH)))

    chance.quiet = True
    unrest.cancel()
    world.stripe.is_away = world.server.is_away = False
    world.mail.away_until = world.now()
    quiet_since = world.now()
    await asyncio.sleep(RECOVERY.total_seconds())
    _convergence(world).check_money(quiet_since)
    _convergence(world).check_customers(quiet_since - CUSTOMERS_LOOKED_FOR)
    await asyncio.sleep(QUIET)
    for _ in range(8):
        await world.office.decide()
    await asyncio.sleep(QUIET)
    _convergence(world).check_all()


def _convergence(world: World) -> Convergence:
    skew = timedelta(seconds=world.skew_seconds)
    return Convergence(world.store, world.stripe, world.mail, world.rules.must, skew=skew)


async def _unrest(world: World) -> None:
    """Deployments, outages of the providers, and an operator who decides, for as long as it is not cancelled."""
    chance = world.chance
    while True:
        # Ever more rarely: most of what can be disturbed happens in the first days, and nothing at all in most of a year.
        pause = chance.one_of((600.0, 3600.0, DAY)) * chance.seconds(0.2, 1.0)
        await asyncio.sleep(pause * (1 + world.loop.time() / DAY))
        if chance.strikes(Fault.DEPLOY):
            world.deploy()
        if chance.strikes(Fault.STRIPE_OUTAGE):
            world.stripe.is_away = True
            await asyncio.sleep(chance.seconds(60, 8 * 3600))
            world.stripe.is_away = False
        if chance.strikes(Fault.STORE_OUTAGE):
            await world.store_outage()
        if chance.occurs(0.3):
            await world.office.decide()


def _member(number: int) -> Member:
    types, locales = list(UserType), list(Locale)
    return Member(
        user_id=UserId(f"member-{number}"),
        user_type=types[number % len(types)],
        email=f"member-{number}@example.org",
        name=f"Member {number}",
        locale=locales[number % len(locales)],
    )


@contextlib.contextmanager
def silent_logs() -> Iterator[None]:
    """Nothing is logged: faults are what a world consists of, and its story tells of them."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(level)
