"""One world of one seed: the replicas of the service, everything around them, and how the two reach each other."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from adapters.memory.store import MemoryStore
from application.errors import ApplicationFault
from application.ports.gateway import Delivery, ProviderEvent
from domain.errors import DomainError
from domain.member import Member
from domain.payment import PaymentId, PaymentStatus
from domain.subscription import Subscription
from entrypoints.container import Container
from entrypoints.http.frame import REQUEST_SECONDS_MAX
from entrypoints.simulation.chance import Chance, Fault, Theme
from entrypoints.simulation.deliveries import Deliveries
from entrypoints.simulation.gateway import Keys
from entrypoints.simulation.invariants import Invariants, Violation
from entrypoints.simulation.loop import VirtualLoop
from entrypoints.simulation.mail import MailProvider
from entrypoints.simulation.office import Office
from entrypoints.simulation.replica import Replica, SkewedClock, owned_task
from entrypoints.simulation.store import Bell, Line, Server
from entrypoints.simulation.stripe import Stripe
from entrypoints.simulation.trace import Trace
from entrypoints.simulation.wiring import Service

Result = TypeVar("Result")

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
YEARS: Final = 4
"""Worlds begin within this time: leap days and turns of the year are among them."""

REPLICAS: Final = 2
CLIENT_SECONDS_MAX: Final = 20.0
SKEW_SECONDS_MAX: Final = 240.0
PACES: Final = (10.0, 30.0, 50.0)
OFTEN: Final = 3.0


class World:
    """Everything there is. `broken` is the first violation, once there is one."""

    def __init__(self, seed: int, *, without: frozenset[Fault] = frozenset()) -> None:
        self.loop = VirtualLoop()
        self.loop.set_task_factory(owned_task)
        self.loop.set_exception_handler(lambda loop, context: None)  # of tasks that nobody waits for any more
        self.chance = chance = Chance(seed, without=without)
        start = EPOCH + timedelta(days=chance.dice.randrange(YEARS * 365), seconds=chance.seconds(0, 86_400))
        self.trace = trace = Trace(self.loop, start)
        self.clock = SkewedClock(self.loop, start, 0.0)
        self.now: Callable[[], datetime] = self.clock.now
        self.broken: asyncio.Future[Violation] = self.loop.create_future()

        self.store = MemoryStore(self.clock)
        self.server = Server()
        self.bell = Bell()
        self.deliveries = Deliveries(chance, trace, self.now)
        self.deliveries.deliver = self._deliver
        self.stripe = Stripe(chance, trace, self.now, self.deliveries.emit)
        self.keys = Keys(self.now)
        self.mail = MailProvider(self.now)
        self.rules = Invariants(self.store, self.stripe, self.mail, trace, self._fail)
        self.office = Office(self, self.stripe, chance, self._waiting, self.rules.operator_refunds.add)
        self.stripe.notice = self._stripe_changed
        self.stripe.paid = self.office.paid
        self.stripe.refunding = self.rules.refunding
        self.mail.changed = self.rules.mailed

        self.skew_seconds = SKEW_SECONDS_MAX if chance.strikes(Fault.SKEW) else 0.5
        self.pace = chance.one_of(PACES)
        if chance.theme in (Theme.INTERRUPTED, Theme.UNHEARD):
            self.pace = OFTEN
        self.services: list[Service] = []
        self._booted = 0
        self._all: list[Service] = []

    def boot(self) -> None:
        """Start one more replica."""
        self._booted += 1
        skew = self.chance.seconds(-self.skew_seconds, self.skew_seconds)
        replica = Replica(
            f"replica {self._booted}", self.loop, self.chance, self.trace, skew=skew, died=self._replica_died
        )
        service = Service(
            Line(replica, self.store, self.server, self.bell, self.rules),
            self.stripe,
            self.keys,
            self.deliveries,
            self.mail,
            pace=self.pace,
        )
        self.trace.note(replica.name, "boots", f"{skew:+.1f} s")
        self.services.append(service)
        self._all.append(service)
        service.start()

    def deploy(self) -> None:
        """Replace one replica: it is told to stop, and ends when its time is up."""
        if self.services:
            leaving = self.services.pop(0)
            self.trace.note(leaving.replica.name, "is replaced")
            leaving.stop()
            self.loop.call_later(self.chance.seconds(5, 30), leaving.replica.kill)
            self.boot()

    async def store_outage(self) -> None:
        """The store is restarted: every connection is lost, and for a while no new one can be made."""
        self.trace.note("store", "is restarted")
        self.server.is_away = True
        for service in self._all:
            service.replica.lose_works()
        await asyncio.sleep(self.chance.one_of((1.0, 20.0, 600.0)) * self.chance.seconds(0.3, 1.0))
        self.server.is_away = False
        self.bell.ring()

    async def request(self, what: str, verb: Callable[[Container], Awaitable[Result]]) -> Result | None:
        """What a browser gets from some replica; null for an error, and for no answer in time."""
        if not self.services:
            return None
        service = self.chance.one_of(self.services)
        task = service.replica.begin(self._served(service, what, verb))
        await asyncio.wait({task}, timeout=CLIENT_SECONDS_MAX)
        if not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return task.result()

    def paid_until(self, member: Member) -> datetime | None:
        """The end of all time that a member has paid for."""
        row = self.store.rows.get((Subscription, member.user_id))
        return row.value.paid_until(self.now()) if row and isinstance(row.value, Subscription) else None

    def close(self) -> None:
        """End every process, and give back what other worlds can use."""
        for service in self._all:
            if service.replica.alive:
                service.replica.alive = False
            service.forget()
        self.loop.run_until_complete(self._end_all_tasks())
        self.loop.close()

    async def _end_all_tasks(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _served(
        self, service: Service, what: str, verb: Callable[[Container], Awaitable[Result]]
    ) -> Result | None:
        """What the door does with a request: its deadline, and errors that are told."""
        replica = service.replica
        try:
            async with asyncio.timeout(REQUEST_SECONDS_MAX):
                await replica.message(what)
                answer = await verb(service.verbs)
        except (DomainError, ApplicationFault, TimeoutError) as told:
            self.trace.note(replica.name, "answers", f"{what}: {type(told).__name__} {told}")
            return None
        except Exception as error:
            self.rules.must(False, "nothing unforeseen", f"{what}: {type(error).__name__}: {error}")
            raise
        await replica.message(f"answer to {what}")
        return answer

    async def _deliver(self, event: ProviderEvent) -> bool:
        delivery = Delivery(body=event.body, signature=self.now().isoformat())

        async def received(verbs: Container) -> bool:
            receipt = await verbs.receive_event()(delivery)
            self.rules.answered(receipt.event_id)
            return True

        taken = await self.request(f"{event.id} {event.type}", received)
        self.trace.note("stripe", "delivered" if taken else "could not deliver", f"{event.id} {event.type}")
        return bool(taken)

    def _waiting(self) -> list[PaymentId]:
        """The payments that wait for an operator."""
        return [payment.id for payment in self.store.payments() if payment.status is PaymentStatus.REVIEW]

    def _replica_died(self, replica: Replica) -> None:
        gone = [service for service in self.services if service.replica is replica]
        if gone:
            self.services.remove(gone[0])
            self.loop.call_later(self.chance.seconds(0.1, 20), self.boot)

    def _stripe_changed(self) -> None:
        self.bell.ring()
        self.rules.provider_changed()

    def _fail(self, violation: Violation) -> None:
        if not self.broken.done():
            self.broken.set_result(violation)
