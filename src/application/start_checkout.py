"""A member wants to pay: give them their one open checkout, or open it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from application.confirm_payment import ConfirmPayment
from application.errors import Conflict, CurrencyRefused, ProviderUnavailable
from application.expire_checkout import ExpireCheckout
from application.log_context import also_about
from application.open_checkout import OpenCheckout
from application.ports.gateway import PaymentGateway, SessionStatus
from application.ports.store import BeginWork, Customer, UnitOfWork
from application.ports.world import Clock, NewId
from domain.audit import Cause
from domain.catalogue import Catalogue, Plan, PlanId
from domain.checkout import Checkout
from domain.errors import AlreadySubscribed, PaymentInProgress
from domain.member import Member
from domain.payment import Payment, PaymentId, PaymentStatus
from domain.subscription import Subscription

PATIENCE: Final = timedelta(seconds=12)
"""How long a start may wait for another one of the same member, and go through attempts, before the caller is asked to come back."""

POLL_SECONDS: Final = 0.05

OPENINGS_MAX: Final = 3
"""How many attempts one start makes: enough for a refused currency and a forgotten customer, too few to flood the provider."""


class CheckoutWish(Struct, frozen=True, kw_only=True):
    """Who wants to pay. `plan` may name the plan, which must be the one of the member's user type."""

    member: Member
    plan: PlanId | None = None


class OfferedCheckout(Struct, frozen=True, kw_only=True):
    """Where the member can pay. `created` is false when it is the checkout that was open already."""

    payment: Payment
    session_id: str
    url: str
    expires_at: datetime
    created: bool


Also: TypeAlias = Callable[[UnitOfWork, OfferedCheckout], None]
"""What else is to be stored in the transaction that offers the checkout."""


class _Offer(Struct, frozen=True):
    offered: OfferedCheckout


class _Open(Struct, frozen=True):
    payment: Payment


class _Replace(Struct, frozen=True):
    payment_id: PaymentId
    session_id: str


class _Wait(Struct, frozen=True):
    """Another start of this member is at work."""


_Step = _Offer | _Open | _Replace | _Wait


class StartCheckout:
    """At most one payable checkout per member, however many starts there are and wherever one of them crashes.

    Each round reads what is stored, decides on one step under the lock of the member's unfinished payment, and takes it outside of
    any unit of work.
    """

    def __init__(
        self,
        *,
        begin: BeginWork,
        gateway: PaymentGateway,
        open_checkout: OpenCheckout,
        confirm: ConfirmPayment,
        expire: ExpireCheckout,
        catalogue: Catalogue,
        clock: Clock,
        new_id: NewId,
        renewal_window_days: int,
    ) -> None:
        self._begin = begin
        self._gateway = gateway
        self._open_checkout = open_checkout
        self._confirm = confirm
        self._expire = expire
        self._catalogue = catalogue
        self._clock = clock
        self._new_id = new_id
        self._renewal_window = timedelta(days=renewal_window_days)

    async def __call__(self, wish: CheckoutWish, *, also: Also | None = None) -> OfferedCheckout:
        """The member's open checkout. `also` is stored if and only if it is offered.

        Raises PlanNotAllowed, AlreadySubscribed, PaymentInProgress; ProviderUnavailable when the caller is to come back,
        ProviderRefused when the provider will not sell this at all.
        """
        plan = self._catalogue.chosen(wish.member.user_type, wish.plan)
        give_up_at = self._clock.now() + PATIENCE
        opened: PaymentId | None = None
        openings = 0
        while True:
            step = await self._decide(wish.member, plan, opened, also)
            match step:
                case _Offer(offered):
                    also_about(payment_id=offered.payment.id)
                    return offered
                case _Open(payment):
                    also_about(payment_id=payment.id)
                    await self._open(payment, plan, wish.member)
                    opened = payment.id
                    openings += 1
                case _Replace(payment_id, session_id):
                    await self._close(payment_id, session_id)
                case _Wait():
                    await self._clock.sleep(POLL_SECONDS)
            if openings > OPENINGS_MAX or self._clock.now() >= give_up_at:
                raise ProviderUnavailable("the checkout is still being opened", retry_after_seconds=2)

    async def _decide(self, member: Member, plan: Plan, opened: PaymentId | None, also: Also | None) -> _Step:
        try:
            async with self._begin() as work:
                step = await self._decided(work, member, plan)
                if isinstance(step, _Offer):
                    step = _Offer(replace(step.offered, created=step.offered.payment.id == opened))
                    if also is not None:
                        also(work, step.offered)
                await work.commit()
        except Conflict:
            return _Wait()
        return step

    async def _decided(self, work: UnitOfWork, member: Member, plan: Plan) -> _Step:
        now = self._clock.now()
        subscription = await work.subscriptions.of(member.user_id)
        self._check_may_buy(subscription, now)
        price = plan.price(await work.refused_currencies.all())

        payment = await work.payments.unfinished_of(member.user_id)
        if payment is None:
            payment = Payment(
                id=PaymentId(self._new_id()),
                user_id=member.user_id,
                user_type=member.user_type,
                plan=plan.id,
                amount=price,
                created_at=now,
                renewal=subscription.access_at(now),
            )
            work.payments.add(payment, Cause(why="checkout started", actor=f"member:{member.user_id}"))
            work.checkouts.save(Checkout(payment_id=payment.id).claimed(now))
            await self._remember(work, member)
            return _Open(payment)
        if payment.status is PaymentStatus.PROCESSING:
            raise PaymentInProgress("An earlier payment is still being processed by the bank; no second one is needed.")

        checkout = await work.checkouts.of(payment.id) or Checkout(payment_id=payment.id)
        session_id = payment.checkout_session_id
        if session_id is None or checkout.expires_at is None:
            if checkout.is_claimed_at(now):
                return _Wait()
            work.checkouts.save(checkout.claimed(now))
            return _Open(payment)
        asked_for = payment.plan == plan.id and payment.amount == price
        if asked_for and checkout.url is not None and checkout.is_offered_at(now):
            return _Offer(
                OfferedCheckout(
                    payment=payment,
                    session_id=session_id,
                    url=checkout.url,
                    expires_at=checkout.expires_at,
                    created=False,
                )
            )
        return _Replace(payment.id, session_id)

    def _check_may_buy(self, subscription: Subscription, now: datetime) -> None:
        renewal_opens_at = subscription.renewal_opens_at(now, self._renewal_window)
        if renewal_opens_at is not None and now < renewal_opens_at:
            # A replica whose clock is behind may see a year that has not begun for it.
            period = subscription.period_at(now) or subscription.periods[-1]
            raise AlreadySubscribed(
                current_period_end=period.ends_at,
                paid_until=subscription.periods[-1].ends_at,
                renewal_opens_at=renewal_opens_at,
            )

    async def _remember(self, work: UnitOfWork, member: Member) -> None:
        """Keep how the member is reached now: mails and the provider's customer are made from it."""
        known = await work.customers.of(member.user_id)
        base = known or Customer(user_id=member.user_id, email=member.email, name=member.name, locale=member.locale)
        current = replace(base, email=member.email, name=member.name, locale=member.locale)
        if current != known:
            work.customers.save(current)

    async def _open(self, payment: Payment, plan: Plan, member: Member) -> None:
        try:
            await self._open_checkout(payment, plan, member)
        except CurrencyRefused:
            async with self._begin() as work:
                refused = await work.refused_currencies.all()
            if plan.price(refused).currency in refused:
                raise

    async def _close(self, payment_id: PaymentId, session_id: str) -> None:
        """End the old checkout at the provider before a new one is opened. If the member was faster, their money counts."""
        session = await self._gateway.expire_checkout(session_id)
        if session is None:
            await self._expire(payment_id, cause=Cause(why="the provider no longer knows the checkout"))
        elif session.status is SessionStatus.OPEN:
            raise ProviderUnavailable("the payment provider did not close the old checkout", retry_after_seconds=2)
        else:
            await self._confirm(session, cause=Cause(why="replaced by a new checkout"))
