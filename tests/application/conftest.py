"""The whole service in memory, with the member, the bank, the network and the store's faults in the hands of a test."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from adapters.memory.gateway import MemoryEventReader, MemoryGateway
from adapters.memory.history import (
    MemoryBillingHistory,
    MemoryEntitlements,
    MemoryOpenReturns,
    MemoryReturnedCharges,
    MemoryUnderReview,
    MemoryUnfinished,
)
from adapters.memory.records import MemoryRecords
from adapters.memory.store import MemoryStore
from adapters.memory.world import MemoryClock
from application.adopt_checkout import AdoptCheckout
from application.cancel_checkout import CancelCheckout
from application.catch_up import CatchUp
from application.check_access import CheckAccess
from application.check_returns import CheckReturns
from application.check_unfinished import CheckUnfinished
from application.collect_invoice import CollectInvoice
from application.collect_returns import CollectReturns
from application.confirm_payment import ConfirmPayment
from application.errors import MailRefused
from application.expire_checkout import ExpireCheckout
from application.fail_payment import FailPayment
from application.finish_customers import FinishCustomers
from application.follow_checkout import FollowCheckout
from application.handle_event import HandleEvent
from application.issue_receipt import IssueReceipt
from application.list_payments import ListPayments
from application.list_plans import ListPlans
from application.open_checkout import OpenCheckout
from application.ports.gateway import CheckoutCompleted, CheckoutSession, PaymentGateway, ProviderFact, SessionStatus
from application.ports.jobs import ClaimedJob, JobKind
from application.ports.mail import Mailer
from application.ports.store import BeginWork, Customer
from application.receive_event import Receipt, ReceiveEvent
from application.reconcile import Reconcile
from application.record_returns import RecordReturns
from application.refund_payment import RefundDuplicate, RefundPayment
from application.replay_event import ReplayEvent
from application.retry_event import RetryEvent
from application.review_payments import ReviewPayments
from application.send_confirmation import SendConfirmation
from application.send_letter import SendLetter
from application.send_refund_notice import SendRefundNotice
from application.settle_returns import SettleReturns
from application.show_payment import ShowPayment
from application.show_receipt import ShowReceipt
from application.show_standing import ShowStanding
from application.start_checkout import CheckoutWish, OfferedCheckout, StartCheckout
from builders import a_catalogue, a_member, a_payment_id, an_event
from canaries import WATCH
from domain.catalogue import Catalogue
from domain.checkout import CLAIM
from domain.member import Member
from domain.payment import Payment, PaymentId, PaymentStatus
from domain.subscription import Subscription
from letters_by_hand import DayMailer, NumberingWriter
from store_faults import FaultyUnitOfWork, StoreFaults

CASABLANCA = ZoneInfo("Africa/Casablanca")


class World:
    """All use cases over one store in memory. Time stands still unless a test moves it."""

    def __init__(self) -> None:
        self.clock = MemoryClock()
        self.store = MemoryStore(self.clock)
        self.faults = StoreFaults()
        self.gateway = MemoryGateway(self.clock)
        self.records = MemoryRecords(self.gateway)
        self.reader = MemoryEventReader()
        self.mailer = DayMailer(self.clock)
        self.letters = NumberingWriter()
        self.member = a_member()
        self.sell(a_catalogue())

    def begin(self) -> FaultyUnitOfWork:
        """A new unit of work."""
        return FaultyUnitOfWork(self.store, self.faults)

    def sell(
        self,
        catalogue: Catalogue,
        *,
        begin: BeginWork | None = None,
        gateway: PaymentGateway | None = None,
        mailer: Mailer | None = None,
    ) -> None:
        """Wire the use cases, as a start of the service with this price list does. The store and the provider stay as they are."""
        begin, gateway = begin or self.begin, gateway or self.gateway
        clock, zone = self.clock, CASABLANCA
        history = MemoryBillingHistory(self.store)
        self.record = RecordReturns(clock=clock, zone=zone)
        self.confirm = ConfirmPayment(begin=begin, returns=self.record, clock=clock, new_id=a_payment_id, zone=zone)
        self.expire = ExpireCheckout(begin=begin, clock=clock)
        self.handle = HandleEvent(confirm=self.confirm, expire=self.expire, fail=FailPayment(), returns=self.record)
        self.receive = ReceiveEvent(begin=begin, reader=self.reader, handle=self.handle, clock=clock)
        self.retry = RetryEvent(
            begin=begin, reader=self.reader, handle=self.handle, gateway=gateway, confirm=self.confirm
        )
        self.replay = ReplayEvent(begin=begin, reader=self.reader, handle=self.handle, clock=clock)
        self.open_checkout = OpenCheckout(begin=begin, gateway=gateway, clock=clock, checkout_minutes=60)
        self.start_checkout = StartCheckout(
            begin=begin,
            gateway=gateway,
            open_checkout=self.open_checkout,
            confirm=self.confirm,
            expire=self.expire,
            catalogue=catalogue,
            clock=clock,
            new_id=a_payment_id,
            renewal_window_days=30,
        )
        self.collect_returns = CollectReturns(begin=begin, gateway=gateway, record=self.record, clock=clock)
        self.reconcile = self._reconcile(begin, gateway)
        self.issue_receipt = IssueReceipt(begin=begin, clock=clock, zone=zone)
        self.collect_invoice = CollectInvoice(begin=begin, gateway=gateway)
        self.send_letter = SendLetter(begin=begin, mailer=mailer or self.mailer, clock=clock)
        self.send_confirmation = SendConfirmation(
            send=self.send_letter, letters=self.letters, catalogue=catalogue, app_url="https://members.example"
        )
        self.send_refund_notice = SendRefundNotice(
            send=self.send_letter, letters=self.letters, catalogue=catalogue, app_url="https://members.example"
        )
        self.refund_payment = RefundPayment(begin=begin, gateway=gateway, collect=self.collect_returns)
        self.refund_duplicate = RefundDuplicate(
            begin=begin, confirm=self.confirm, collect=self.collect_returns, refund=self.refund_payment
        )
        self.review = ReviewPayments(
            begin=begin,
            under_review=MemoryUnderReview(self.store),
            confirm=self.confirm,
            refund=self.refund_payment,
            clock=clock,
        )
        self.adopt = self._adopt(begin, gateway, catalogue)
        self.list_plans = ListPlans(catalogue=catalogue, begin=begin)
        self.list_payments = ListPayments(history=history)
        self.show_payment = ShowPayment(history=history)
        self.follow = FollowCheckout(begin=begin, gateway=gateway, confirm=self.confirm, clock=clock)
        self.cancel = CancelCheckout(begin=begin, gateway=gateway, confirm=self.confirm, clock=clock)
        self.show_standing = ShowStanding(
            begin=begin, follow=self.follow, catalogue=catalogue, clock=clock, zone=zone, renewal_window_days=30
        )
        self.show_receipt = ShowReceipt(begin=begin, catalogue=catalogue)
        self.check_access = CheckAccess(entitlements=MemoryEntitlements(self.store), clock=clock)

    def _adopt(self, begin: BeginWork, gateway: PaymentGateway, catalogue: Catalogue) -> AdoptCheckout:
        return AdoptCheckout(
            begin=begin,
            gateway=gateway,
            confirm=self.confirm,
            catalogue=catalogue,
            clock=self.clock,
            renewal_window_days=30,
        )

    def _reconcile(self, begin: BeginWork, gateway: PaymentGateway) -> Reconcile:
        unfinished = MemoryUnfinished(self.store)
        check_unfinished = CheckUnfinished(
            begin=begin,
            unfinished=unfinished,
            gateway=gateway,
            confirm=self.confirm,
            expire=self.expire,
            clock=self.clock,
            checkout_minutes=60,
        )
        catch_up = CatchUp(
            begin=begin,
            records=self.records,
            reader=self.reader,
            receive=self.receive,
            confirm=self.confirm,
            returns=self.record,
            clock=self.clock,
        )
        customers = FinishCustomers(begin=begin, unfinished=unfinished, gateway=gateway, clock=self.clock)
        check_returns = CheckReturns(
            begin=begin, open_returns=MemoryOpenReturns(self.store), collect=self.collect_returns, clock=self.clock
        )
        settle_returns = SettleReturns(
            begin=begin, charges=MemoryReturnedCharges(self.store), record=self.record, clock=self.clock
        )
        return Reconcile(parts=[settle_returns, check_unfinished, catch_up, customers, check_returns])

    async def start(self, member: Member | None = None) -> OfferedCheckout:
        """A member starts a checkout."""
        return await self.start_checkout(CheckoutWish(member=member or self.member))

    async def deliver(self, fact: ProviderFact, **changes: object) -> Receipt:
        """The provider delivers an event."""
        return await self.receive(self.reader.signed(an_event(fact, **changes)))

    async def buy(self, member: Member | None = None) -> Payment:
        """A member starts a checkout and pays, and the provider tells."""
        offered = await self.start(member)
        await self.deliver(CheckoutCompleted(self.gateway.pay(offered.session_id)))
        return self.payment(offered.payment.id)

    async def work(self) -> list[Exception]:
        """A worker does every job that is due, once each, and puts back what failed. Returns what it met."""
        met: list[Exception] = []
        due = await self.store.jobs.claim(frozenset(JobKind), limit=100, lease_seconds=60)
        for job in due:
            try:
                await self.run(job)
            except Exception as error:
                met.append(error)
                again_after = None if isinstance(error, MailRefused) else 60
                await self.store.jobs.fail(job, str(error), retry_after_seconds=again_after)
        return met

    async def work_for_an_hour(self) -> None:
        """A worker does what is due, every five minutes."""
        for _ in range(12):
            self.clock.pass_time(timedelta(minutes=5))
            await self.work()

    async def paid_session(self) -> CheckoutSession:
        """A checkout that was paid, without a word of it to us."""
        return self.gateway.pay((await self.start()).session_id)

    async def run(self, job: ClaimedJob) -> None:
        """The use case of a job's kind does it."""
        verbs: dict[JobKind, Callable[[ClaimedJob], Awaitable[None]]] = {
            JobKind.ISSUE_RECEIPT: self.issue_receipt,
            JobKind.SEND_CONFIRMATION: self.send_confirmation,
            JobKind.COLLECT_INVOICE: self.collect_invoice,
            JobKind.RETRY_EVENT: self.retry,
            JobKind.REFUND_DUPLICATE: self.refund_duplicate,
            JobKind.SEND_REFUND_NOTICE: self.send_refund_notice,
            JobKind.COLLECT_RETURNS: self.collect_returns,
        }
        await verbs[job.kind](job)

    async def job(self, kind: JobKind) -> ClaimedJob:
        """The one job of a kind that is due, in the hands of a worker."""
        (job,) = await self.store.jobs.claim(frozenset({kind}), limit=2, lease_seconds=60)
        return job

    def payment(self, payment_id: PaymentId | None = None) -> Payment:
        """A payment as it is stored; the only one there is, unless an id is given."""
        (found,) = [payment for payment in self.store.payments() if payment_id in (None, payment.id)]
        return found

    def subscription(self) -> Subscription:
        """The only subscription there is."""
        (found,) = self.store.subscriptions()
        return found

    def customers(self) -> list[Customer]:
        """The members we have met."""
        return [row.value for row in self.store.rows.values() if isinstance(row.value, Customer)]

    def statuses(self) -> list[PaymentStatus]:
        """The status of every payment, oldest first."""
        return [payment.status for payment in self.store.payments()]

    def payable_sessions(self) -> list[CheckoutSession]:
        """The hosted checkouts that can still be paid at the provider."""
        return [session for session in self.gateway.sessions.values() if session.status is SessionStatus.OPEN]

    def jobs(self, kind: JobKind) -> list[str]:
        """The states of the jobs of a kind."""
        return [row.state for row in self.store.jobs.rows if row.job.kind is kind]

    def moves(self, entity: str = "payment") -> list[tuple[str | None, str, str]]:
        """The changes of state that the audit has: from, to and why."""
        return [(row.from_status, row.to_status, row.cause.why) for row in self.store.audit if row.entity == entity]

    def pass_claim(self) -> None:
        """Let the time of a claim that was not released pass."""
        self.clock.pass_time(CLAIM)


@pytest.fixture
def world() -> Iterator[World]:
    """The service in memory, with one member."""
    world = World()
    yield world
    WATCH.look_into(world.store)


@pytest.fixture
def new_world() -> type[World]:
    """Makes further worlds, for tests that go through many."""
    return World
