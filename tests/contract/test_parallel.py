"""Everybody at once: real use cases over Postgres and Stripe's sandbox, and still one payment, one session, one period."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from adapters.stripe.gateway import StripeGateway
from application.ports.gateway import Delivery
from application.receive_event import Outcome, Receipt
from application.start_checkout import CheckoutWish, OfferedCheckout
from builders import a_member
from contract.gateways import ProviderInSandbox
from contract.sandboxes import SECRET, SandboxHands, gateway_to
from contract.services import ONCE, Service, a_paid_delivery, a_service_now, a_started_payment, effects
from contract.stores import StoreInPostgres, until
from contract.stripe_events import in_stripe_s_layout, signed
from contract.values import CAUSE
from domain.errors import AlreadySubscribed
from domain.payment import Payment, PaymentStatus
from entrypoints.sandbox.server import SandboxServer


async def the_completed_event(hands: SandboxHands) -> Delivery:
    """The sandbox's word that a session was completed, as it delivers it."""
    (event,) = await hands.events("checkout.session.completed")
    return signed(in_stripe_s_layout(event), secret=SECRET, at=datetime.now(UTC))


async def test_twenty_first_checkouts_of_one_member_open_one(
    postgres_store: StoreInPostgres, in_sandbox: ProviderInSandbox
) -> None:
    service = a_service_now(postgres_store.begin, secret=SECRET, gateway=in_sandbox.gateway)
    member = a_member()
    offers = await asyncio.gather(*(service.start(CheckoutWish(member=member)) for _ in range(20)))

    assert 1 == len({offer.session_id for offer in offers})
    assert 1 == len({offer.payment.id for offer in offers})
    assert 1 == sum(offer.created for offer in offers)
    assert 1 == await postgres_store.observer.fetchval("SELECT count(*) FROM payments")
    assert 1 == await in_sandbox.session_count()
    assert 1 == await in_sandbox.customer_count()
    assert 1 == len(await in_sandbox.hands.requests("/v1/checkout/sessions", "POST"))


async def test_first_checkouts_of_many_members_do_not_disturb_each_other(
    postgres_store: StoreInPostgres, in_sandbox: ProviderInSandbox
) -> None:
    service = a_service_now(postgres_store.begin, secret=SECRET, gateway=in_sandbox.gateway)
    members = [a_member() for _ in range(10)]
    offers = await asyncio.gather(*(service.start(CheckoutWish(member=member)) for member in members * 2))

    assert 10 == len({offer.session_id for offer in offers})
    assert (10, 10) == (await in_sandbox.session_count(), await in_sandbox.customer_count())


async def test_twenty_deliveries_of_one_event_take_effect_once(postgres_store: StoreInPostgres) -> None:
    service = Service(postgres_store.begin)
    payment = await a_started_payment(postgres_store.begin)
    delivery = a_paid_delivery(payment)
    receipts = await asyncio.gather(*(service.receive(delivery) for _ in range(20)))

    assert [Outcome.HANDLED, *([Outcome.REPEATED] * 19)] == sorted(receipt.outcome for receipt in receipts)
    assert ONCE == await effects(postgres_store.observer, payment)


async def test_twenty_events_that_say_the_same_take_effect_once(postgres_store: StoreInPostgres) -> None:
    service = Service(postgres_store.begin)
    payment = await a_started_payment(postgres_store.begin)
    deliveries = [a_paid_delivery(payment) for _ in range(20)]
    receipts = await asyncio.gather(*(service.receive(delivery) for delivery in deliveries))

    assert {Outcome.HANDLED} == {receipt.outcome for receipt in receipts}
    assert ONCE == await effects(postgres_store.observer, payment)


async def two_started_payments(store: StoreInPostgres, *, renewal: bool) -> list[Payment]:
    """Two payments of one member whose hosted checkouts can both still be paid."""
    first = await a_started_payment(store.begin, renewal=renewal)
    async with store.begin() as work:
        known = await work.payments.get(first.id)
        assert known is not None
        work.payments.save(known.expired(), CAUSE)
        await work.commit()
    return [first, await a_started_payment(store.begin, user_id=first.user_id, renewal=renewal)]


@pytest.mark.parametrize("renewal", [True, False])
async def test_two_payments_of_one_member_paid_at_the_same_moment_never_overlap(
    postgres_store: StoreInPostgres, renewal: bool
) -> None:
    service = Service(postgres_store.begin)
    pairs = [await two_started_payments(postgres_store, renewal=renewal) for _ in range(5)]
    receipts: list[Receipt] = await asyncio.gather(
        *(service.receive(a_paid_delivery(payment)) for pair in pairs for payment in pair)
    )

    assert {Outcome.HANDLED} == {receipt.outcome for receipt in receipts}
    for pair in pairs:
        found = [await effects(postgres_store.observer, payment) for payment in pair]
        subscription = await postgres_store.entitlements.of(pair[0].user_id)
        assert [ONCE, ONCE] == [replace(effect, periods=1) for effect in found]
        assert (2 if renewal else 1) == len(subscription.periods) == sum(effect.periods for effect in found)


@asynccontextmanager
async def answers_held_back(url: str, path: bytes, release: asyncio.Event) -> AsyncIterator[StripeGateway]:
    """A gateway that hears what a server answers to one path only when it is released."""
    target = urlsplit(url)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(target.hostname, target.port)
        asked = asyncio.Event()

        async def up() -> None:
            while data := await reader.read(65536):
                if b"POST " + path + b" " in data:
                    asked.set()
                far_writer.write(data)
                await far_writer.drain()

        async def down() -> None:
            while data := await far_reader.read(65536):
                if asked.is_set():
                    await release.wait()
                writer.write(data)
                await writer.drain()

        with suppress(OSError):
            await asyncio.wait((asyncio.create_task(up()), asyncio.create_task(down())), return_when="FIRST_COMPLETED")
        writer.close()
        far_writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with gateway_to(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as gateway:
        yield gateway
    server.close()


async def test_an_event_that_overtakes_the_answer_to_the_opening_is_handled(
    postgres_store: StoreInPostgres, sandbox_server: SandboxServer, sandbox: SandboxHands
) -> None:
    release = asyncio.Event()
    member = a_member()
    async with answers_held_back(sandbox_server.url, b"/v1/checkout/sessions", release) as gateway:
        service = a_service_now(postgres_store.begin, secret=SECRET, gateway=gateway)
        starting: asyncio.Task[OfferedCheckout] = asyncio.create_task(service.start(CheckoutWish(member=member)))

        async def is_open_at_stripe() -> bool:
            return await sandbox.count("/v1/checkout/sessions") == 1

        await until(is_open_at_stripe)
        (session,) = (await sandbox.api("GET", "/v1/checkout/sessions"))["data"]
        await sandbox.pay(session["id"])
        receipt = await service.receive(await the_completed_event(sandbox))
        release.set()
        with pytest.raises(AlreadySubscribed):
            await starting

    (record,) = await postgres_store.history.page(member.user_id, limit=10)
    assert Outcome.HANDLED is receipt.outcome
    assert PaymentStatus.SUCCEEDED is record.payment.status
    assert session["id"] == record.payment.checkout_session_id
    assert ONCE == await effects(postgres_store.observer, record.payment)
    assert 1 == await sandbox.count("/v1/checkout/sessions")
