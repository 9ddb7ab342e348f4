"""Stripe as it behaves: checkouts and charges with their own states, in the hands of members, of their banks and of the dashboard."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from application.ports.gateway import (
    CheckoutCompleted,
    CheckoutExpired,
    CheckoutFailed,
    CheckoutOrder,
    CheckoutSession,
    RefundOrder,
    SessionStatus,
)
from domain.member import Member
from domain.payment import Figures
from entrypoints.simulation.chance import Chance, Fault, Theme
from entrypoints.simulation.charges import DAY, Charges, Emit, after, whole_seconds
from entrypoints.simulation.trace import Trace

OTHER_CURRENCY: Final = "eur"
SOMEBODY_ELSE: Final = "somebody-else"

LISTED_LONG: Final = timedelta(hours=20)
"""So long after its opening a checkout surely stands in the list that is read for money."""


class Session(Struct, kw_only=True):
    """A hosted checkout as Stripe has it.

    charged_at, paid_at: when the charge was made, and when its money arrived (UTC).
    offered: a member was sent there. is_late: its money came after its end.
    payment_name, user_name: what it says of a payment and a member beside what we have written, once somebody has changed it.
    """

    id: str
    order: CheckoutOrder
    created_at: datetime
    status: SessionStatus = SessionStatus.OPEN
    received: Figures
    payment_intent_id: str | None = None
    charged_at: datetime | None = None
    paid_at: datetime | None = None
    failed: bool = False
    offered: bool = False
    is_late: bool = False
    payment_name: str | None = None
    user_name: str | None = None

    @property
    def misnamed(self) -> bool:
        """Whether it names another payment or another member."""
        return self.payment_name is not None or self.user_name is not None

    @property
    def settled(self) -> bool:
        """Whether the money has arrived."""
        return self.paid_at is not None


class Stripe:
    """The state of one account, and everything that changes it beside our own calls."""

    def __init__(self, chance: Chance, trace: Trace, now: Callable[[], datetime], emit: Emit) -> None:
        self._chance = chance
        self._trace = trace
        self._emit = emit
        self.notice: Callable[[], None] = lambda: None
        self.now = now
        self.changed_at = now()
        self.customers: dict[str, Member] = {}
        self._customers_made = 0
        self.sessions: dict[str, Session] = {}
        self.charges = Charges(chance, trace, now, emit, self.received_of, self.changed)
        self.refuses_first_currency = chance.strikes(Fault.CURRENCY_REFUSED)
        self.is_away = False
        self.refunding: Callable[[RefundOrder], None] = lambda order: None
        self.paid: Callable[[Session], None] = lambda session: None

    def changed(self) -> None:
        """Something is not as it was."""
        self.changed_at = self.now()
        self.notice()

    def made_known(self, member: Member) -> str:
        """Make a customer. No id is ever given again, not even that of a deleted one."""
        self._customers_made += 1
        customer_id = f"cus_{self._customers_made}"
        self.customers[customer_id] = member
        self.changed()
        return customer_id

    def opened(self, order: CheckoutOrder) -> Session:
        """Make a checkout, which ends by itself."""
        figures = Figures(order.amount.amount_minor, order.amount.currency)
        session = Session(id=f"cs_test_{len(self.sessions) + 1}", order=order, created_at=self.now(), received=figures)
        self.sessions[session.id] = session
        self._trace.note("stripe", "opened", f"{session.id} of {order.user_id} for payment {order.payment_id}")
        after((order.expires_at - self.now()).total_seconds(), lambda: self.expire(session))
        self.changed()
        return session

    def paid_beside(self, session: Session) -> None:
        """A member pays another checkout, which somebody has made by hand for the same payment."""
        figures = Figures(session.order.amount.amount_minor, session.order.amount.currency)
        another = Session(
            id=f"cs_test_{len(self.sessions) + 1}", order=session.order, created_at=self.now(), received=figures
        )
        self.sessions[another.id] = another
        self._trace.note("stripe", "made by hand", f"{another.id}, as {session.id} is")
        self._settle(another, "checkout.session.completed")

    def offered(self, session_id: str) -> None:
        """A member was sent to a checkout."""
        self.sessions[session_id].offered = True
        self.notice()

    def expire(self, session: Session) -> None:
        """End an open checkout."""
        if session.status is not SessionStatus.OPEN:
            return
        session.status = SessionStatus.EXPIRED
        self._trace.note("stripe", "expired", session.id)
        self._emit(CheckoutExpired(self.told(session)), "checkout.session.expired")
        self.changed()
        if session.offered and self._chance.strikes(Fault.LATE_MONEY):
            longest = 20.0 if self._chance.theme is Theme.TOO_LATE else DAY
            after(self._chance.seconds(0.1, longest), lambda: self._comes_late(session))

    def pay(self, session: Session, *, delayed: bool) -> bool:
        """The member pays. False when the page says that it has ended."""
        if session.status is not SessionStatus.OPEN or self.now() >= session.order.expires_at:
            return False
        session.status, session.charged_at = SessionStatus.COMPLETE, whole_seconds(self.now())
        if delayed:
            self._trace.note("stripe", "completed, money to come", session.id)
            self._emit(CheckoutCompleted(self.told(session)), "checkout.session.completed")
            pause = self._chance.one_of([1.0, 60.0, 3600.0, DAY, 3 * DAY]) * self._chance.seconds(0.2, 1.0)
            after(pause, lambda: self._bank_decides(session))
        else:
            self._settle(session, "checkout.session.completed")
        self.changed()
        return True

    def received_of(self, payment_intent_id: str) -> Figures:
        """What a charge brought."""
        return next(found.received for found in self.sessions.values() if found.payment_intent_id == payment_intent_id)

    def told(self, session: Session, *, asked: bool = False) -> CheckoutSession:
        """A checkout as Stripe tells of it now. Only who asks for it learns when its charge was made."""
        order = session.order
        number = session.id.removeprefix("cs_test_")
        return CheckoutSession(
            id=session.id,
            status=session.status,
            settled=session.settled,
            received=session.received,
            expires_at=order.expires_at,
            url=f"https://checkout.example/pay/{session.id}" if session.status is SessionStatus.OPEN else None,
            payment_id=order.payment_id,
            payment_names=tuple(name for name in (str(order.payment_id), session.payment_name) if name is not None),
            user_name=session.user_name or order.user_id,
            payment_intent_id=session.payment_intent_id,
            invoice_id=f"in_{number}" if session.settled else None,
            paid_at=session.charged_at if asked and session.settled else None,
        )

    def _settle(self, session: Session, event_type: str) -> None:
        session.status, session.failed = SessionStatus.COMPLETE, False
        if self._chance.strikes(Fault.WRONG_AMOUNT):
            session.received = self._chance.one_of(
                [
                    Figures(session.order.amount.amount_minor - 100, session.order.amount.currency),
                    Figures(session.order.amount.amount_minor, OTHER_CURRENCY),
                    Figures(0, session.order.amount.currency),
                ]
            )
        if self._chance.strikes(Fault.WRONG_NAME):
            session.payment_name, session.user_name = self._chance.one_of(
                [(SOMEBODY_ELSE, None), (None, SOMEBODY_ELSE)]
            )
        session.payment_intent_id = f"pi_{session.id.removeprefix('cs_test_')}"
        session.paid_at = whole_seconds(self.now())
        session.charged_at = session.charged_at or session.paid_at
        self._trace.note("stripe", "paid", f"{session.id} {session.received}")
        if not (self._stands_in_a_list(session) and self._chance.strikes(Fault.EVENT_UNLISTED)):
            self._emit(CheckoutCompleted(self.told(session)), event_type)
        self.changed()
        self.paid(session)

    def _stands_in_a_list(self, session: Session) -> bool:
        """Whether late money is told by the list of checkouts as well as by its event, and as of the same time."""
        young = self.now() - session.created_at < LISTED_LONG
        return session.is_late and young and session.charged_at == session.paid_at

    def _bank_decides(self, session: Session) -> None:
        if self._chance.occurs(0.6):
            self._settle(session, "checkout.session.async_payment_succeeded")
            return
        session.failed = True
        self._trace.note("stripe", "failed", session.id)
        self._emit(CheckoutFailed(self.told(session)), "checkout.session.async_payment_failed")
        if self._chance.strikes(Fault.LATE_MONEY):
            session.is_late = True
            after(
                self._chance.one_of((1.0, 60.0, DAY)) * self._chance.seconds(0.1, 1.0),
                lambda: self._settle(session, "checkout.session.async_payment_succeeded"),
            )

    def _comes_late(self, session: Session) -> None:
        session.is_late = True
        if self._chance.occurs(0.5) or self._chance.theme in (Theme.TOO_LATE, Theme.UNHEARD):
            self._settle(session, "checkout.session.completed")
            return
        session.status = SessionStatus.COMPLETE
        self._trace.note("stripe", "completed late, money to come", session.id)
        self._emit(CheckoutCompleted(self.told(session)), "checkout.session.completed")
        pause = self._chance.one_of((0.5, 60.0, DAY)) * self._chance.seconds(0.1, 1.0)
        after(pause, lambda: self._bank_decides(session))
        self.changed()
