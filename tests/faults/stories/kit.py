"""What stories are told with: a story is what comes before a use case, the call that a crash interrupts, and how it ends."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from msgspec import Struct

from application.errors import ProviderUnavailable
from application.ports.gateway import (
    CheckoutCompleted,
    CheckoutExpired,
    CheckoutSession,
    ProviderFact,
)
from application.ports.jobs import ClaimedJob, JobKind
from application.start_checkout import OfferedCheckout
from domain.member import Member
from domain.payment import PaymentId
from faults.crash_lane import Fate, Lane
from postgres_world import PostgresWorld

Call = Callable[[PostgresWorld], Awaitable[object]]
"""The use case as its caller calls it, on any replica."""


Begin = Callable[[Lane, Member], Awaitable[Call]]


class Story(Struct, frozen=True):
    """begin: what comes before, on the sound replica; returns the call. ends: what then becomes of the member.

    by_worker: the second try is a worker's, who finds the job again, and not the same call once more. only_reads: nothing is stored.
    """

    name: str
    begin: Begin
    ends: Fate
    by_worker: bool = False
    only_reads: bool = False


OPEN: Final = Fate(("PENDING",), open=1)
GIVEN_BACK: Final = Fate(("REFUNDED", "SUCCEEDED"), periods=1, receipts=2, mails=2)
BOUGHT: Final = Fate(("SUCCEEDED",), periods=1, receipts=1, mails=1)


def story(ends: Fate, *, by_worker: bool = False) -> Callable[[Begin], Story]:
    """Make a story of the function that begins it, named as the function is."""
    return lambda begin: Story(begin.__name__, begin, ends, by_worker=by_worker)


async def paid(lane: Lane, member: Member) -> tuple[OfferedCheckout, CheckoutSession]:
    """A checkout that was paid at the provider, of which nobody has told yet."""
    offered = await lane.sound.start(member)
    return offered, lane.outside.gateway.pay(offered.session_id)


async def bought(lane: Lane, member: Member) -> tuple[OfferedCheckout, CheckoutSession]:
    """A checkout that was paid, and all is done that follows."""
    offered, session = await paid(lane, member)
    await lane.sound.told(CheckoutCompleted(session))
    await lane.sound.works(lane.observer)
    return offered, session


def telling(lane: Lane, fact: ProviderFact) -> Call:
    """The provider delivers one event, the same at each delivery."""
    delivery = lane.sound.delivery(fact)
    return lambda world: world.container.receive_event()(delivery)


async def the_job(lane: Lane, kind: JobKind) -> ClaimedJob:
    """The one job of a kind, in the hands of a worker; those before it are done."""
    while True:
        await lane.let_jobs_be_due()
        (job, *others) = await lane.sound.claim(limit=1)
        assert not others
        if job.kind is kind:
            return job
        await lane.sound.does(job)


def doing(job: ClaimedJob) -> Call:
    """A worker does a job."""
    return lambda world: world.does(job)


async def paid_twice(lane: Lane, member: Member) -> CheckoutSession:
    """A second checkout that was paid beside time already paid."""
    first = await lane.sound.start(member)
    await lane.sound.told(CheckoutExpired(lane.outside.gateway.run_out(first.session_id)))
    await bought(lane, member)
    return lane.outside.gateway.pay(first.session_id)


async def a_stray(lane: Lane, member: Member) -> CheckoutSession:
    """A second checkout of one payment that was paid while the payment's own is open: its event has to wait."""
    return await second_checkout_of(lane, await lane.sound.start(member))


async def second_checkout_of(lane: Lane, offered: OfferedCheckout) -> CheckoutSession:
    """A second checkout that names the payment of one that was opened, and was paid."""
    gateway = lane.outside.gateway
    request = gateway.prepare_checkout(gateway.orders[offered.session_id])
    stray = await gateway.open_checkout(request, key=f"stray:{offered.payment.id}")
    return gateway.pay(stray.id)


async def run_out_own(lane: Lane, member: Member) -> None:
    """The payment's own checkout runs out, so that the event of a stray one can be handled."""
    gateway = lane.outside.gateway
    (own,) = [one for one in gateway.sessions.values() if one.user_name == member.user_id and not one.settled]
    await lane.sound.told(CheckoutExpired(gateway.run_out(own.id)))


async def interrupted(lane: Lane, member: Member) -> PaymentId:
    """A payment whose checkout was opened at the provider without our learning of it."""
    lane.outside.gateway.fail_next("open_checkout", after_effect=True)
    with suppress(ProviderUnavailable):
        await lane.sound.start(member)
    query = "SELECT id FROM payments WHERE user_id = $1"
    return PaymentId(await lane.observer.fetchval(query, member.user_id))
