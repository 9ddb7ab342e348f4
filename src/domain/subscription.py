"""A member's subscription: the years they have paid for, and whether one of them is running now."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from domain.catalogue import PlanId
from domain.errors import IllegalMove
from domain.member import UserId, UserType
from domain.payment import Payment, PaymentId, PaymentStatus


class SubscriptionStatus(StrEnum):
    """The four words of the platform."""

    NONE = "NONE"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


S = SubscriptionStatus

MOVES: Final[dict[SubscriptionStatus, frozenset[SubscriptionStatus]]] = {
    S.NONE: frozenset({S.ACTIVE}),
    S.ACTIVE: frozenset({S.EXPIRED, S.CANCELLED}),
    S.EXPIRED: frozenset({S.ACTIVE, S.CANCELLED}),
    S.CANCELLED: frozenset({S.ACTIVE, S.EXPIRED}),
}
"""The lifecycle. A renewal while ACTIVE is no move: it adds a period.

EXPIRED and CANCELLED follow each other when a refund, or its failure, is heard of after the time had ended.
"""


class Period(Struct, frozen=True, kw_only=True):
    """One paid year, from `starts_at` up to but not including `ends_at` (UTC), and the payment that bought it.

    bought_at: when it was paid; the years of a member lie in this order.
    taken_back_at: when its money went back; the period ends there at the latest, or is empty when that was before its start.
    """

    payment_id: PaymentId
    bought_at: datetime
    starts_at: datetime
    ends_at: datetime
    taken_back_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.ends_at < self.starts_at:
            raise ValueError("a period ends after it starts")

    @property
    def is_empty(self) -> bool:
        """Whether all of it was taken back."""
        return self.starts_at == self.ends_at

    @property
    def is_cut(self) -> bool:
        """Whether it ended because its money went back."""
        return self.taken_back_at is not None and self.ends_at == max(self.starts_at, self.taken_back_at)

    def covers(self, instant: datetime) -> bool:
        """Whether an instant lies inside the period."""
        return self.starts_at <= instant < self.ends_at


def year_after(instant: datetime, zone: ZoneInfo) -> datetime:
    """The same wall-clock time in `zone` one calendar year later, as UTC. 29 February becomes 28 February.

    Counted on the wall clock because the zone's offset may differ by then (Africa/Casablanca moves it around Ramadan).
    """
    local = instant.astimezone(zone)
    try:
        later = local.replace(year=local.year + 1)
    except ValueError:
        later = local.replace(year=local.year + 1, day=28)
    return later.astimezone(ZoneInfo("UTC"))


def laid_out(periods: Iterable[Period], zone: ZoneInfo) -> tuple[Period, ...]:
    """The same years, each as early as it may begin: in the order in which they were paid, none before its payment, none overlapping.

    What was taken back of one lets the next move up. A function of the facts alone, so that no order of theirs matters.
    """
    laid: list[Period] = []
    for period in sorted(periods, key=lambda period: (period.bought_at, period.payment_id)):
        starts_at = max([period.bought_at, *(earlier.ends_at for earlier in laid[-1:])])
        ends_at = year_after(starts_at, zone)
        if period.taken_back_at is not None:
            ends_at = min(ends_at, max(starts_at, period.taken_back_at))
        laid.append(replace(period, starts_at=starts_at, ends_at=ends_at))
    return tuple(laid)


class Subscription(Struct, frozen=True, kw_only=True):
    """All time a member has paid for. `status` is the word last written down; `status_at` is what is true.

    periods: in the order of their start; they never overlap. A year that was taken back whole stays, as an empty one.
    user_type and plan are those of the newest year that was not taken back, or else of the newest; null while nothing was ever paid.
    """

    user_id: UserId
    user_type: UserType | None = None
    plan: PlanId | None = None
    status: SubscriptionStatus = SubscriptionStatus.NONE
    periods: tuple[Period, ...] = ()

    def __post_init__(self) -> None:
        for earlier, later in zip(self.periods, self.periods[1:], strict=False):
            if later.starts_at < earlier.ends_at:
                raise ValueError("the periods of one member never overlap")
        if (self.plan is None) != (self.status is S.NONE):
            raise ValueError("a subscription has a plan exactly when something was paid")

    def period_at(self, instant: datetime) -> Period | None:
        """The paid year that is running at an instant."""
        return next((period for period in self.periods if period.covers(instant)), None)

    def access_at(self, instant: datetime) -> bool:
        """Whether the member has access: the instant lies inside a paid period. Right to the second, without any job."""
        return self.period_at(instant) is not None

    def status_at(self, instant: datetime) -> SubscriptionStatus:
        """The word that is true at an instant, whether or not a job has written it down yet."""
        if not self.periods:
            return self.status
        if self.access_at(instant):
            return S.ACTIVE
        newest = self.newest
        return S.CANCELLED if newest is None or newest.is_cut else S.EXPIRED

    @property
    def newest(self) -> Period | None:
        """The last year that was not taken back whole."""
        return next((period for period in reversed(self.periods) if not period.is_empty), None)

    def paid_until(self, instant: datetime) -> datetime | None:
        """The end of all time paid without a gap from an instant on; the end of the last period when none is running."""
        end: datetime | None = None
        for period in self.periods:
            if period.covers(instant) or period.starts_at == end:
                end = period.ends_at
        return end if end is not None or not self.periods else self.periods[-1].ends_at

    def renewal_opens_at(self, instant: datetime, window: timedelta) -> datetime | None:
        """From when on more time can be bought; null when no time is left that was paid, so that it can be bought at once."""
        if not self.periods or self.periods[-1].ends_at <= instant:
            return None
        return self.periods[-1].ends_at - window

    def bought_by(self, payment_id: PaymentId) -> Period | None:
        """The year that a payment bought."""
        return next((period for period in self.periods if period.payment_id == payment_id), None)

    def has_time_of(self, payment: Payment) -> bool:
        """Whether something is left of the year that a payment bought, and its money was not all given back: its member is told so."""
        period = self.bought_by(payment.id)
        return period is not None and not period.is_empty and payment.status is not PaymentStatus.REFUNDED

    def next_year(self, paid_at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Start and end of the year that money buys: from the end of the time already paid, or from the payment on."""
        starts_at = max([paid_at, *(period.ends_at for period in self.periods[-1:])])
        return starts_at, year_after(starts_at, zone)

    def has_time_for(self, payment: Payment, paid_at: datetime, taken_back_at: datetime | None = None) -> bool:
        """Whether a payment may buy time: nothing is paid at that moment, or its start was allowed as a renewal.

        Otherwise two checkouts of one member were paid side by side, and the second one buys nothing. One that was taken back again
        before the next paid year began was not beside it, though we may hear of it later.
        """
        if payment.renewal:
            return True
        later = [period for period in self.periods if period.ends_at > paid_at and not period.is_empty]
        return not later or (
            taken_back_at is not None
            and all(period.starts_at > paid_at and period.starts_at >= taken_back_at for period in later)
        )

    def written_down(self, instant: datetime) -> "Subscription":
        """With the word that is true at an instant, as a job may not have written it down yet."""
        return replace(self, status=self.status_at(instant))

    def extended(self, payment: Payment, zone: ZoneInfo) -> "Subscription":
        """The subscription with the year that a paid payment buys.

        Asked twice for one payment it changes nothing.
        """
        if payment.paid_at is None:
            raise ValueError("only a paid payment buys time")
        if self.bought_by(payment.id) is not None:
            return self
        if self.status is not S.ACTIVE and S.ACTIVE not in MOVES[self.status]:
            raise IllegalMove("subscription", self.status, S.ACTIVE)
        bought = Period(
            payment_id=payment.id, bought_at=payment.paid_at, starts_at=payment.paid_at, ends_at=payment.paid_at
        )
        extended = replace(
            self,
            user_type=self.user_type or payment.user_type,
            plan=self.plan or payment.plan,
            status=S.ACTIVE,
            periods=laid_out((*self.periods, bought), zone),
        )
        return extended.held_by(payment) if extended.periods[-1].payment_id == payment.id else extended

    def taken_back(
        self,
        payment_id: PaymentId,
        taken_back_at: datetime | None,
        *,
        bought_at: datetime | None = None,
        now: datetime,
        zone: ZoneInfo,
    ) -> "Subscription":
        """The subscription once the money of a payment went back at `taken_back_at` (UTC), or stands after all when that is null.

        The years after it move up to begin at that moment. The word is the one that is true now (UTC).

        bought_at: when it was paid (UTC), where that is no longer what is stored.
        """
        changed = [
            replace(period, taken_back_at=taken_back_at, bought_at=bought_at or period.bought_at)
            if period.payment_id == payment_id
            else period
            for period in self.periods
        ]
        after = replace(self, periods=laid_out(changed, zone))
        return replace(after, status=after.status_at(now))

    def held_by(self, payment: Payment) -> "Subscription":
        """With the user type and the plan of the payment that bought the newest year."""
        return replace(self, user_type=payment.user_type, plan=payment.plan)
