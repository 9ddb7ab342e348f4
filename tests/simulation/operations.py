"""What a work may do in a schedule, each by its name, on a few things so that works meet."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from application.ports.jobs import ClaimedJob, JobKind, NewJob
from application.ports.store import EventState, UnitOfWork
from builders import NOON, a_payment, an_event
from contract.stores import Store
from contract.values import CAUSE, a_customer, a_mail, a_period, a_subscription
from domain.checkout import Checkout
from domain.invoice import Invoice, ReceiptNumber
from domain.member import UserId
from domain.payment import Payment, PaymentId
from domain.returns import Refund, RefundStatus

SUBJECTS: Final = 2
"""Few things, so that works meet."""


class Scene:
    """The few things of one schedule. `number` keeps them apart from those of others in the same store."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.users = [UserId(f"user-{number}-{thing}") for thing in range(SUBJECTS)]
        self.payments = [
            a_payment(
                id=PaymentId(UUID(int=(0x0190 << 112) | (0x7 << 76) | (0x2 << 62) | (number * 100 + thing))),
                user_id=user_id,
                checkout_session_id=f"cs_{number}_{thing}",
            )
            for thing, user_id in enumerate(self.users)
        ]
        self.year = 3000 + number
        self.job: ClaimedJob | None = None

    async def set(self, store: Store) -> None:
        """Store what is there from the beginning: two payments, and a job in somebody's hands."""
        async with store.begin() as work:
            for payment in self.payments:
                work.payments.add(payment, CAUSE)
            work.jobs.enqueue(NewJob(kind=JobKind.RETRY_EVENT, subject=f"{self.number}"))
            await work.commit()
        async with store.begin() as work:
            await work.invoices.next_sequence(self.year)
            await work.commit()
        claimed = await store.queue.claim(frozenset(JobKind), limit=1000, lease_seconds=3600)
        (self.job,) = [job for job in claimed if job.subject == f"{self.number}"]


async def read_payment(work: UnitOfWork, scene: Scene, thing: int) -> object:
    found = await work.payments.get(scene.payments[thing].id)
    return found and (found.status, found.checkout_session_id)


async def lock_payment(work: UnitOfWork, scene: Scene, thing: int) -> object:
    found = await work.payments.get(scene.payments[thing].id, lock=True)
    return found and (found.status, found.checkout_session_id)


async def find_unfinished(work: UnitOfWork, scene: Scene, thing: int) -> object:
    found = await work.payments.unfinished_of(scene.users[thing])
    return found and (found.status, found.checkout_session_id)


async def find_of_session(work: UnitOfWork, scene: Scene, thing: int) -> object:
    found = await work.payments.of_session(f"cs_{scene.number}_{thing}", scene.payments[1 - thing].id)
    return found and (found.status, found.checkout_session_id)


async def change_payment(work: UnitOfWork, scene: Scene, thing: int, change: Callable[[Payment], Payment]) -> object:
    known = await work.payments.get(scene.payments[thing].id)
    assert known is not None
    work.payments.save(change(known), CAUSE)
    return known.status


async def expire_payment(work: UnitOfWork, scene: Scene, thing: int) -> object:
    return await change_payment(work, scene, thing, Payment.expired)


async def open_payment(work: UnitOfWork, scene: Scene, thing: int) -> object:
    return await change_payment(work, scene, thing, lambda known: known.opened(f"cs_{scene.number}_same"))


async def add_payment(work: UnitOfWork, scene: Scene, thing: int) -> object:
    number = scene.number * 100 + 50 + thing
    new = PaymentId(UUID(int=(0x0190 << 112) | (0x7 << 76) | (0x2 << 62) | number))
    work.payments.add(a_payment(id=new, user_id=scene.users[thing]), CAUSE)
    return None


async def save_checkout(work: UnitOfWork, scene: Scene, thing: int) -> object:
    known = await work.checkouts.of(scene.payments[thing].id)
    work.checkouts.save((known or Checkout(payment_id=scene.payments[thing].id)).renewed())
    return known and known.attempt


async def save_customer(work: UnitOfWork, scene: Scene, thing: int) -> object:
    known = await work.customers.of(scene.users[thing])
    base = known or a_customer(user_id=scene.users[thing], name="A Member", email="member@example.org")
    work.customers.save(replace(base, attempt=base.attempt + 1, provider_id=f"cus_{scene.number}"))
    return known and known.attempt


async def save_invoice(work: UnitOfWork, scene: Scene, thing: int) -> object:
    known = await work.invoices.of(scene.payments[thing].id)
    sequence = await work.invoices.next_sequence(scene.year)
    invoice = known or Invoice(payment_id=scene.payments[thing].id)
    work.invoices.save(invoice.numbered(ReceiptNumber(f"{scene.year}-{sequence:06d}"), NOON))
    return sequence


async def extend_subscription(work: UnitOfWork, scene: Scene, thing: int) -> object:
    known = await work.subscriptions.of(scene.users[thing])
    payment = scene.payments[thing]
    if known.bought_by(payment.id) is None:
        work.subscriptions.save(a_subscription(payment.user_id, *known.periods, a_period(payment, NOON)), CAUSE)
    return len(known.periods)


async def keep_event(work: UnitOfWork, scene: Scene, thing: int) -> object:
    return await work.inbox.first_time(an_event(id=f"evt_{scene.number}_{thing}"))


async def park_event(work: UnitOfWork, scene: Scene, thing: int) -> object:
    await work.inbox.park(an_event(id=f"evt_{scene.number}_{thing}"), "why")
    return None


async def settle_event(work: UnitOfWork, scene: Scene, thing: int) -> object:
    parked = await work.inbox.parked(f"evt_{scene.number}_{thing}")
    if parked is not None:
        work.inbox.settle(parked.id, EventState.HANDLED)
    return parked is not None


async def save_mail(work: UnitOfWork, scene: Scene, thing: int) -> object:
    key = f"mail/{scene.number}/{thing}"
    known = await work.mails.of(key)
    base = known or a_mail(scene.payments[thing].id, key=key, provider_id="0")
    work.mails.save(replace(base, provider_id=f"{int(base.provider_id or 0) + 1}"))
    return known and known.provider_id


async def save_refund(work: UnitOfWork, scene: Scene, thing: int) -> object:
    charge = f"pi_{scene.number}"
    told = Refund(
        id=f"re_{scene.number}_{thing}",
        payment_intent_id=charge,
        amount_minor=100,
        currency="mad",
        status=RefundStatus.SUCCEEDED if thing else RefundStatus.PENDING,
        created_at=NOON,
    )
    returns = (await work.returns.of(charge)).with_refund(told)
    for refund in returns.refunds:
        work.returns.save_refund(refund)
    return sorted((refund.id, refund.status) for refund in returns.refunds)


async def order_job(work: UnitOfWork, scene: Scene, thing: int) -> object:
    work.jobs.enqueue(NewJob(kind=JobKind.ISSUE_RECEIPT, subject=f"{scene.number}-{thing}"))
    return None


async def finish_job(work: UnitOfWork, scene: Scene, thing: int) -> object:
    assert scene.job is not None
    work.jobs.complete(scene.job)
    return None


async def move_cursor(work: UnitOfWork, scene: Scene, thing: int) -> object:
    work.cursors.save(f"cursor-{scene.number}", NOON + timedelta(days=thing))
    return None


Operation = Callable[[UnitOfWork, Scene, int], Awaitable[object]]

OPERATIONS: Final[dict[str, Operation]] = {
    operation.__name__: operation
    for operation in (
        *(read_payment, lock_payment, find_unfinished, find_of_session, expire_payment, open_payment, add_payment),
        *(save_checkout, save_customer, save_invoice, extend_subscription, keep_event, park_event, settle_event),
        *(save_mail, save_refund, order_job, finish_job, move_cursor),
    )
}
