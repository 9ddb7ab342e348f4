"""The real use cases over real adapters, put together for a test."""

import asyncio
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import asyncpg
from msgspec import Struct

from adapters.clock import SystemClock
from adapters.ids import new_id
from adapters.memory.world import MemoryClock
from adapters.stripe.events import StripeEventReader
from application.confirm_payment import ConfirmPayment
from application.expire_checkout import ExpireCheckout
from application.fail_payment import FailPayment
from application.handle_event import HandleEvent
from application.issue_receipt import IssueReceipt
from application.open_checkout import OpenCheckout
from application.ports.gateway import Delivery, PaymentGateway
from application.ports.gathering import Gather, one_by_one
from application.ports.store import BeginWork
from application.ports.world import Clock
from application.receive_event import ReceiveEvent
from application.record_returns import RecordReturns
from application.start_checkout import StartCheckout
from builders import a_catalogue, a_payment, a_payment_id
from contract.stripe_events import CREATED, SECRET, a_stripe_event, a_stripe_session, in_stripe_s_layout, signed
from contract.values import CAUSE
from domain.payment import Payment

ZONE: Final = ZoneInfo("Africa/Casablanca")
AT_DELIVERY: Final = MemoryClock(CREATED)
"""A clock that stands at the moment of the events that the tests sign; waiting costs nothing on it."""


class Service:
    """The verbs that take money."""

    def __init__(
        self,
        begin: BeginWork,
        *,
        clock: Clock | None = None,
        secret: str = SECRET,
        gateway: PaymentGateway | None = None,
        gather: Gather = one_by_one,
    ) -> None:
        clock = clock or AT_DELIVERY
        self.begin = begin
        returns = RecordReturns(clock=clock, zone=ZONE)
        self.confirm = ConfirmPayment(begin=begin, returns=returns, clock=clock, new_id=a_payment_id, zone=ZONE)
        self.expire = ExpireCheckout(begin=begin, clock=clock)
        self.receive = ReceiveEvent(
            begin=begin,
            reader=StripeEventReader(secrets=[secret], live=False),
            handle=HandleEvent(confirm=self.confirm, expire=self.expire, fail=FailPayment(), returns=returns),
            clock=clock,
            gather=gather,
        )
        self.issue_receipt = IssueReceipt(begin=begin, clock=clock, zone=ZONE)
        if gateway is not None:
            self.start = StartCheckout(
                begin=begin,
                gateway=gateway,
                open_checkout=OpenCheckout(begin=begin, gateway=gateway, clock=clock, checkout_minutes=60),
                confirm=self.confirm,
                expire=self.expire,
                catalogue=a_catalogue(),
                clock=clock,
                new_id=new_id,
                renewal_window_days=30,
            )


def a_service_now(begin: BeginWork, *, secret: str, gateway: PaymentGateway) -> Service:
    """The verbs by the system's clock."""
    return Service(begin, clock=SystemClock(), secret=secret, gateway=gateway)


async def a_started_payment(begin: BeginWork, **changes: object) -> Payment:
    """A payment whose hosted checkout is open."""
    started = a_payment(created_at=CREATED - timedelta(minutes=5), **changes)
    payment = started.opened(f"cs_test_{started.id.hex}")
    async with begin() as work:
        work.payments.add(payment, CAUSE)
        await work.commit()
    return payment


def a_paid_delivery(payment: Payment) -> Delivery:
    """Stripe's word that a payment's checkout was paid, signed and in Stripe's own layout."""
    session = a_stripe_session(
        id=payment.checkout_session_id,
        client_reference_id=str(payment.id),
        metadata={"payment_id": str(payment.id), "user_id": payment.user_id, "plan": payment.plan},
    )
    return signed(in_stripe_s_layout(a_stripe_event(session)))


class Effects(Struct, frozen=True):
    """What is stored of the payments of a database."""

    succeeded: int
    periods: int
    invoices: int
    receipt_jobs: int
    moves: int


async def effects(observer: "asyncpg.Connection[asyncpg.Record]", payment: Payment) -> Effects:
    """What is stored of one payment."""
    row = await observer.fetchrow(
        """
        SELECT (SELECT count(*) FROM payments WHERE id = $1 AND status = 'SUCCEEDED'),
               (SELECT count(*) FROM periods WHERE payment_id = $1),
               (SELECT count(*) FROM invoices WHERE payment_id = $1),
               (SELECT count(*) FROM jobs WHERE kind = 'issue_receipt' AND subject = $1::text),
               (SELECT count(*) FROM audit WHERE entity_id = $1::text AND to_status = 'SUCCEEDED')
        """,
        payment.id,
    )
    assert row is not None
    return Effects(*row)


NOTHING: Final = Effects(0, 0, 0, 0, 0)
ONCE: Final = Effects(1, 1, 1, 1, 1)


async def at_once(*calls: object) -> list[object]:
    """The outcomes of calls that run side by side; exceptions are outcomes too."""
    return await asyncio.gather(*calls, return_exceptions=True)  # type: ignore[call-overload,no-any-return] # coroutines of every kind
