"""All use cases as the service wires them, over a real Postgres, with the world around them in memory and in the test's hands."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg
from dependency_injector import providers

from adapters.memory.gateway import MemoryEventReader, MemoryGateway
from adapters.memory.mail import MemoryMailer, PlainLetterWriter
from adapters.memory.records import MemoryRecords
from adapters.memory.world import MemoryClock
from adapters.postgres.database import Database
from application.ports.gateway import Delivery, ProviderFact
from application.ports.jobs import ClaimedJob
from application.receive_event import Receipt
from application.start_checkout import CheckoutWish, OfferedCheckout
from builders import a_catalogue, a_member, an_event
from domain.member import Member, UserId
from entrypoints.container import Container
from entrypoints.settings import read_settings
from entrypoints.worker import handlers_of

LEASE_SECONDS: Final = 60.0

LET_JOBS_BE_DUE: Final = """
    UPDATE jobs SET leased_until = least(leased_until, now() - interval '1 second'),
                    run_at = CASE state WHEN 'ready' THEN least(run_at, now()) ELSE run_at END
     WHERE state IN ('ready', 'leased')
"""


class Outside:
    """What lies outside of the service: time, the payment provider and the mail provider."""

    def __init__(self, now: datetime | None = None) -> None:
        self.clock = MemoryClock(now or datetime.now(UTC))
        self.gateway = MemoryGateway(self.clock)
        self.reader = MemoryEventReader()
        self.records = MemoryRecords(self.gateway)
        self.mailer = MemoryMailer()


class PostgresWorld:
    """One service over one database. Several may share what is outside, as replicas do."""

    def __init__(self, database: Database, outside: Outside) -> None:
        self.outside = outside
        self.database = database
        self.container = Container(
            settings=read_settings({"APP_URL": "https://pay.example.org"}, Path("/nowhere")),
            clock=outside.clock,
            catalogue=a_catalogue(),
            database=providers.Object(database),
            gateway=outside.gateway,
            records=outside.records,
            reader=outside.reader,
            mailer=outside.mailer,
            letters=PlainLetterWriter(),
        )

    async def start(self, member: Member) -> OfferedCheckout:
        """A member starts a checkout."""
        return await self.container.start_checkout()(CheckoutWish(member=member))

    def delivery(self, fact: ProviderFact) -> Delivery:
        """An event that the provider delivers, once or more often."""
        return self.outside.reader.signed(an_event(fact, created=self.outside.clock.now()))

    async def told(self, fact: ProviderFact) -> Receipt:
        """The provider delivers an event."""
        return await self.container.receive_event()(self.delivery(fact))

    async def claim(self, limit: int = 10) -> list[ClaimedJob]:
        """Jobs that are due, in the hands of a worker."""
        kinds = frozenset(handlers_of(self.container))
        return await self.container.queue().claim(kinds, limit=limit, lease_seconds=LEASE_SECONDS)

    async def does(self, job: ClaimedJob) -> None:
        """The use case of a job's kind does it."""
        await handlers_of(self.container)[job.kind](job)

    async def works(self, observer: "asyncpg.Connection[asyncpg.Record]") -> None:
        """A worker does all that is left to do, and waits for what is not yet due or was lost."""
        while True:
            await observer.execute(LET_JOBS_BE_DUE)
            await self.container.queue().reap(retry_after_seconds=0)
            jobs = await self.claim()
            if not jobs:
                return
            for job in jobs:
                await self.does(job)


def a_talent(user_id: str) -> Member:
    """A member of that id."""
    return a_member(user_id=UserId(user_id), email=f"{user_id}@example.org")


def ago(**span: float) -> datetime:
    """The time that long ago."""
    return datetime.now(UTC) - timedelta(**span)
