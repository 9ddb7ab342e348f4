"""One replica of the service: the real container and the real worker, over the simulated store and providers."""

from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from dependency_injector import providers
from msgspec.structs import replace

from adapters.catalogue import load_catalogue
from adapters.memory.history import MemoryBillingHistory, MemoryEntitlements, MemoryReturnedCharges, MemoryUnderReview
from adapters.memory.mail import PlainLetterWriter
from application.rate_limits import Quotas
from application.reconcile import Reconciliation
from domain.catalogue import Catalogue
from domain.payment import UNFINISHED
from domain.returns import OPEN_DISPUTES, OPEN_REFUNDS
from entrypoints.container import Container
from entrypoints.settings import Settings, TokenSettings
from entrypoints.simulation.deliveries import Deliveries, SimulatedReader
from entrypoints.simulation.gateway import Keys, SimulatedGateway
from entrypoints.simulation.mail import MailProvider, SimulatedMailer
from entrypoints.simulation.records import SimulatedRecords
from entrypoints.simulation.replica import Replica
from entrypoints.simulation.store import (
    Line,
    SimulatedOpenReturns,
    SimulatedQueue,
    SimulatedRetention,
    SimulatedUnfinished,
    SimulatedUnitOfWork,
)
from entrypoints.simulation.stripe import Stripe
from entrypoints.worker import Chore, Worker, chores_of, handlers_of

ZONE: Final = ZoneInfo("Africa/Casablanca")
CURRENCIES: Final = ("mad", "usd")
CHECKOUT_MINUTES: Final = 60
RENEWAL_WINDOW: Final = timedelta(days=30)

LEFT_TO_EVENTS: Final = timedelta(minutes=15)
"""More than the age from which on a reconciliation looks at things, and than clocks differ by."""

SETTINGS: Final = Settings(
    production=False,
    app_url="https://members.example",
    local_folder=Path("unused"),
    database_url=None,
    stripe_secret_key="",
    stripe_publishable_key=None,
    stripe_webhook_secrets=(),
    stripe_api_base=None,
    resend_api_key=None,
    resend_api_base=None,
    email_from="fees@members.example",
    tokens=TokenSettings(algorithm="HS256", secret=None, public_key=None, jwks_url=None, issuer=None, audience=None),
    rate_limits=Quotas(),
    trusted_proxies=(),
    pricing_file=None,
    currencies=CURRENCIES,
    checkout_ttl_minutes=CHECKOUT_MINUTES,
    renewal_window_days=RENEWAL_WINDOW.days,
    event_body_days=90,
    event_id_days=400,
    job_days=30,
    billing_timezone=ZONE,
    sign_in_url=None,
    otlp_endpoint=None,
    sentry_dsn=None,
    log_level="ERROR",
    log_json=False,
)
"""What matters of the configuration; no secret is ever needed."""


AIMED: Final = (
    "clock",
    "new_id",
    "history",
    "entitlements",
    "under_review",
    "unfinished",
    "returned_charges",
    "open_returns",
    "queue",
    "retention",
    "gateway",
    "records",
    "reader",
    "mailer",
)
"""The adapters that belong to one replica."""


@cache
def catalogue() -> Catalogue:
    """The price list that is shipped, read once."""
    return load_catalogue(None, CURRENCIES)


class RisingIds:
    """The port NewId: UUIDs in the shape of version 7, rising with the world's time."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    def __call__(self) -> UUID:
        milliseconds = int(self._replica.clock.now().timestamp() * 1000)
        chance = self._replica.chance.dice.getrandbits(62)
        return UUID(int=(milliseconds << 80) | (0x7 << 76) | (0x2 << 62) | chance)


class Seams:
    """The real container with its adapters replaced, once; what stands in for them is exchanged for each replica."""

    def __init__(self) -> None:
        self.container = Container()
        self._begin = providers.Factory(SimulatedUnitOfWork)
        self._aimed = {name: providers.Object[object](None) for name in AIMED}
        self.container.override_providers(
            settings=providers.Object(SETTINGS),
            catalogue=providers.Object(catalogue()),
            letters=providers.Object(PlainLetterWriter()),
            begin=self._begin,
            **self._aimed,
        )
        # What is counted for operators changes nothing that a world could tell, and takes long to set up.
        self._singletons = [
            one for one in self.container.traverse(types=[providers.Singleton]) if one is not self.container.measures
        ]

    def aim(self, line: Line, **adapters: object) -> None:
        """Let the container work for the replica at the end of this line, with these adapters and no use case of an earlier one."""
        self._begin.set_args(line)
        for name in AIMED:
            self._aimed[name].set_provides(adapters[name])
        for singleton in self._singletons:
            singleton.reset()


_unused: list[Seams] = []
"""Containers that no world uses any more."""


class Service:
    """A running replica."""

    def __init__(
        self, line: Line, stripe: Stripe, keys: Keys, deliveries: Deliveries, mail: MailProvider, *, pace: float
    ) -> None:
        """pace: how many times rarer than usual its chores are."""
        self.replica = line.replica
        self._line = line
        self._stripe = stripe
        self._seen_until: datetime | None = None
        gateway = SimulatedGateway(self.replica, stripe, keys)
        self.queue = SimulatedQueue(line)
        self._seams = _unused.pop() if _unused else Seams()
        self._seams.aim(
            line,
            clock=self.replica.clock,
            new_id=RisingIds(self.replica),
            history=MemoryBillingHistory(line.store),
            entitlements=MemoryEntitlements(line.store),
            under_review=MemoryUnderReview(line.store),
            unfinished=SimulatedUnfinished(line),
            returned_charges=MemoryReturnedCharges(line.store),
            open_returns=SimulatedOpenReturns(line),
            queue=self.queue,
            retention=SimulatedRetention(line),
            gateway=gateway,
            records=SimulatedRecords(gateway, stripe, deliveries),
            reader=SimulatedReader(deliveries),
            mailer=SimulatedMailer(self.replica, mail),
        )
        self.verbs = self._seams.container
        chores = [
            replace(chore, every_seconds=chore.every_seconds * pace, do=partial(self._when_there_is_news, chore))
            for chore in chores_of(self.verbs)
        ]
        self.worker = Worker(
            self.queue, handlers_of(self.verbs), chores=chores, seed=self.replica.chance.dice.getrandbits(32)
        )

    def start(self) -> None:
        """Begin to work."""
        self.replica.begin(self.worker.run())

    async def _when_there_is_news(self, chore: Chore) -> None:
        """Do a chore, once it would find something else than it found the last time: most of a year nothing changes."""
        while not self._has_news():
            await self._line.bell.heard(None)
        began_at = self._line.store.clock.now()
        found = await chore.do()
        if isinstance(found, Reconciliation):
            self._line.watcher.reconciled(found, self.replica.clock.now())
            if found.complete:
                self._seen_until = began_at - LEFT_TO_EVENTS

    def _has_news(self) -> bool:
        if self._seen_until is None or self._stripe.changed_at > self._seen_until:
            return True
        if any(payment.status in UNFINISHED for payment in self._line.store.payments()):
            return True
        store, charges = self._line.store, self._stripe.charges
        return any(charges.refunds[one.id] != one for one in store.refunds() if one.status in OPEN_REFUNDS) or any(
            charges.disputes[one.id] != one for one in store.disputes() if one.stage in OPEN_DISPUTES
        )

    def forget(self) -> None:
        """Leave the container to another replica: wiring a new one takes longer than most worlds' minutes."""
        _unused.append(self._seams)

    def stop(self) -> None:
        """Be told to stop: finish what was begun, and begin nothing."""
        self.worker.stop()
        self.queue.close()
