"""Random schedules of what up to three works do at once, and what came of each step: for comparing one store with another."""

import asyncio
from collections.abc import Awaitable
from random import Random
from typing import Final, Protocol

from msgspec import Struct

from application.errors import Conflict, TryAgain
from contract.stores import Store
from simulation.operations import OPERATIONS, SUBJECTS, Scene

ACTORS: Final = 3
STEPS_MAX: Final = 7
COMMIT: Final = "commit"
LEAVE: Final = "leave"


class Step(Struct, frozen=True):
    """What one actor does next: an operation by its name, on which of the few things."""

    actor: int
    operation: str
    thing: int


class Settled(Protocol):
    """Waits until every step that was begun is done, or waits for another work."""

    def __call__(self, begun: "list[asyncio.Task[object]]") -> Awaitable[None]: ...


def schedule(seed: int) -> list[Step]:
    """A random schedule: each actor does a few things in one work, and ends it."""
    chance = Random(f"schedule:{seed}")  # noqa: S311 # an order, not a secret
    steps: list[Step] = []
    favourites = chance.sample(sorted(OPERATIONS), 4)
    for actor in range(chance.randrange(2, ACTORS + 1)):
        names = [
            chance.choice(favourites if chance.random() < 0.7 else sorted(OPERATIONS))
            for _ in range(chance.randrange(1, STEPS_MAX))
        ]
        names.append(LEAVE if chance.random() < 0.15 else COMMIT)
        steps += [Step(actor, name, chance.randrange(SUBJECTS)) for name in names]
    # Shuffled between the actors, and in order within each.
    order = [step.actor for step in steps]
    chance.shuffle(order)
    left = {actor: iter([step for step in steps if step.actor == actor]) for actor in set(order)}
    return [next(left[actor]) for actor in order]


class Actor:
    """One work and the steps that it was told to take, one after the other."""

    def __init__(self, store: Store, scene: Scene) -> None:
        self._scene = scene
        self._work = store.begin()
        self._entered = False
        self._over = False
        self.told: list[tuple[str, object]] = []

    async def take(self, step: Step) -> None:
        """Take a step and note what came of it. After an error, as after its end, the work is over."""
        if self._over:
            return
        try:
            if not self._entered:
                await self._work.__aenter__()
                self._entered = True
            if step.operation == COMMIT:
                await self._work.commit()
                came: object = "committed"
            elif step.operation == LEAVE:
                came = "left"
            else:
                came = await OPERATIONS[step.operation](self._work, self._scene, step.thing)
        except (Conflict, TryAgain) as error:
            came = type(error).__name__
        self.told.append((f"{step.operation} {step.thing}", came))
        if step.operation in (COMMIT, LEAVE) or came in ("Conflict", "TryAgain"):
            self._over = True
            await self._work.__aexit__(None, None, None)


async def played(store: Store, seed: int, settled: Settled) -> list[object]:
    """What came of each step of a schedule, which of them had to wait, and what is stored in the end."""
    scene = Scene(seed)
    await scene.set(store)
    steps = schedule(seed)
    actors = [Actor(store, scene) for _ in range(max(step.actor for step in steps) + 1)]
    last: dict[int, asyncio.Task[object]] = {}
    waited: list[int] = []

    async def after(earlier: "asyncio.Task[object] | None", step: Step) -> object:
        if earlier is not None:
            await earlier
        await actors[step.actor].take(step)
        return None

    for number, step in enumerate(steps):
        last[step.actor] = asyncio.create_task(after(last.get(step.actor), step))
        await settled(list(last.values()))
        if not last[step.actor].done():
            waited.append(number)
    await asyncio.gather(*last.values())
    return [*(actor.told for actor in actors), waited, await stored(store, scene)]


async def stored(store: Store, scene: Scene) -> list[object]:
    """Everything that a schedule may have changed."""
    mark = f"{scene.number}"
    async with store.begin() as work:
        payments = [await work.payments.get(payment.id) for payment in scene.payments]
        checkouts = [await work.checkouts.of(payment.id) for payment in scene.payments]
        invoices = [await work.invoices.of(payment.id) for payment in scene.payments]
        subscriptions = [await work.subscriptions.of(user_id) for user_id in scene.users]
        customers = [await work.customers.of(user_id) for user_id in scene.users]
        returns = await work.returns.of(f"pi_{mark}")
        mails = [await work.mails.of(f"mail/{mark}/{thing}") for thing in range(SUBJECTS)]
        cursor = await work.cursors.of(f"cursor-{mark}")
        sequence = await work.invoices.next_sequence(scene.year)
    ids = {str(payment.id) for payment in scene.payments} | set(scene.users)
    audit = sorted(
        (row.entity_id, row.from_status or "", row.to_status) for row in await store.audit() if row.entity_id in ids
    )
    jobs = sorted((job.kind, job.subject, job.state) for job in await store.jobs() if job.subject.split("-")[0] == mark)
    events = sorted(event for event in await store.events() if event[0].startswith(f"evt_{mark}_"))
    letters = [mail and mail.provider_id for mail in mails]
    facts = sorted((refund.id, refund.status) for refund in returns.refunds)
    return [
        payments,
        checkouts,
        invoices,
        subscriptions,
        customers,
        facts,
        letters,
        cursor,
        sequence,
        audit,
        jobs,
        events,
    ]
