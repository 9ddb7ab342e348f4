"""A member looks at their fee: what it costs, what it buys, and what they can do about it now."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from application.check_access import Access, access_of
from application.follow_checkout import FollowCheckout
from application.ports.store import BeginWork
from application.ports.world import Clock
from domain.catalogue import Catalogue, Plan
from domain.member import Member
from domain.money import Money
from domain.payment import UNFINISHED, Payment


class Standing(Struct, frozen=True, kw_only=True):
    """Where a member stands. All times are UTC.

    price: what a payment would ask for now; it differs from the plan's first price where the provider refuses that currency.
    buys_from, buys_until: the year that a payment would buy if it were made now.
    renewal_opens_at: from when on more time can be bought; null when nothing paid is left.
    may_pay: whether a payment can be started or continued now.
    unfinished: the payment whose money may still come.
    certain: whether the provider just said that it is not paid yet; true where nothing is unfinished.
    """

    plan: Plan
    price: Money
    access: Access
    buys_from: datetime
    buys_until: datetime
    renewal_opens_at: datetime | None
    may_pay: bool
    unfinished: Payment | None
    certain: bool


class ShowStanding:
    """Tells what StartCheckout would decide, without deciding it. Money that no event has told of yet is asked for first."""

    def __init__(
        self,
        *,
        begin: BeginWork,
        follow: FollowCheckout,
        catalogue: Catalogue,
        clock: Clock,
        zone: ZoneInfo,
        renewal_window_days: int,
    ) -> None:
        self._begin = begin
        self._follow = follow
        self._catalogue = catalogue
        self._clock = clock
        self._zone = zone
        self._renewal_window = timedelta(days=renewal_window_days)

    async def __call__(self, member: Member) -> Standing:
        """The member's standing now."""
        async with self._begin() as work:
            unfinished = await work.payments.unfinished_of(member.user_id)
        followed = await self._follow.of_payment(member.user_id, unfinished.id) if unfinished is not None else None
        async with self._begin() as work:
            subscription = await work.subscriptions.of(member.user_id)
            refused = await work.refused_currencies.all()
        now = self._clock.now()
        plan = self._catalogue.plan_for(member.user_type)
        renewal_opens_at = subscription.renewal_opens_at(now, self._renewal_window)
        buys_from, buys_until = subscription.next_year(now, self._zone)
        return Standing(
            plan=plan,
            price=plan.price(refused),
            access=access_of(subscription, now),
            buys_from=buys_from,
            buys_until=buys_until,
            renewal_opens_at=renewal_opens_at,
            may_pay=renewal_opens_at is None or now >= renewal_opens_at,
            unfinished=followed.payment if followed is not None and followed.payment.status in UNFINISHED else None,
            certain=followed is None or followed.certain,
        )
