"""Each adapter of the world outside assigned to its port, for the type checker to read: see typed_ports.py."""

from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from adapters import ids
from adapters.clock import SystemClock
from adapters.email.folder import FolderMailer
from adapters.email.letters import JinjaLetterWriter
from adapters.email.resend import ResendMailer
from adapters.memory.gateway import MemoryEventReader, MemoryGateway
from adapters.memory.mail import MemoryMailer, PlainLetterWriter
from adapters.memory.members import MemoryCustomerRecords
from adapters.memory.records import MemoryRecords
from adapters.memory.world import CountingIds, MemoryClock
from adapters.postgres.database import PoolMeter
from adapters.stripe.events import StripeEventReader
from adapters.stripe.gateway import StripeGateway
from adapters.stripe.members import StripeCustomerRecords
from adapters.stripe.records import StripeRecords
from adapters.wording.catalogues import BabelWording, BabelWords
from application.ports.gateway import EventReader, PaymentGateway
from application.ports.mail import LetterWriter, Mailer
from application.ports.privacy import ProviderCustomers
from application.ports.records import ProviderRecords
from application.ports.wording import Wording, Words
from application.ports.world import Clock, NewId
from domain.member import Locale
from entrypoints.metrics.measures import Measures
from entrypoints.observing import observed_mailer


class Surroundings(NamedTuple):
    """All ports of the world outside."""

    clock: Clock
    new_id: NewId
    gateway: PaymentGateway
    reader: EventReader
    mailers: tuple[Mailer, ...]


def measured() -> tuple[PoolMeter, Mailer]:
    """Who measures what the adapters do."""
    measures = Measures()
    return measures, observed_mailer(MemoryMailer(), measures, None)


def around_in_memory(clock: MemoryClock) -> Surroundings:
    """The world outside, in memory."""
    return Surroundings(
        clock=clock,
        new_id=CountingIds(),
        gateway=MemoryGateway(clock),
        reader=MemoryEventReader(),
        mailers=(MemoryMailer(),),
    )


def around_in_earnest(folder: Path) -> Surroundings:
    """The world outside, as it is."""
    return Surroundings(
        clock=SystemClock(),
        new_id=ids.new_id,
        gateway=StripeGateway(secret_key="sk_test", api_base=None, app_url="https://members.example"),
        reader=StripeEventReader(secrets=["whsec_test"], live=False),
        mailers=(
            FolderMailer(folder, "fees@members.example"),
            ResendMailer(api_key="re_test", sender="fees@members.example"),
        ),
    )


def letter_writers(zone: ZoneInfo) -> tuple[LetterWriter, ...]:
    """Who words the letters."""
    return JinjaLetterWriter(BabelWording(zone)), PlainLetterWriter()


def languages(zone: ZoneInfo) -> tuple[Wording, Words]:
    """How words are written."""
    return BabelWording(zone), BabelWords(Locale.FRENCH, zone, {})


def lists(memory: MemoryGateway, stripe: StripeGateway) -> tuple[ProviderRecords, ...]:
    """What a provider has on record."""
    return MemoryRecords(memory), StripeRecords(stripe)


def customers_at_providers(memory: MemoryGateway, stripe: StripeGateway) -> tuple[ProviderCustomers, ...]:
    """Who deletes what a provider knows of members."""
    return MemoryCustomerRecords(memory), StripeCustomerRecords(stripe)
