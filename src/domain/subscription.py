"""A member's subscription: the years they have paid for, and whether one of them is running now."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from domain.catalogue import PlanId
from domain.errors import IllegalMove
from domain.member import UserId, UserType
from domain.payment import Payment, PaymentId


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
    S.EXPIRED: frozenset({S.ACTIVE}),
    S.CANCELLED: frozenset({S.ACTIVE}),
}
"""The lifecycle. A renewal while ACTIVE is no move: it adds a period."""


class Period(Struct, frozen=True, kw_only=True):
    """One paid year, from `starts_at` up to but not including `ends_at` (UTC), and the payment that bought it."""

    payment_id: PaymentId
    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if self.ends_at <= self.starts_at:
            raise ValueError("a period ends after it starts")

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


class Subscription(Struct, frozen=True, kw_only=True):
    """All time a member has paid for. `status` is the word last written down; `status_at` is what is true.

    periods: in the order of their start; they never overlap.
    user_type and plan are those of the newest period; null while nothing was ever paid.
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
        if self.access_at(instant):
            return S.ACTIVE
        return S.EXPIRED if self.status is S.ACTIVE else self.status

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

    def next_year(self, paid_at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Start and end of the year that money buys: from the end of the time already paid, or from the payment on."""
        starts_at = max([paid_at, *(period.ends_at for period in self.periods[-1:])])
        return starts_at, year_after(starts_at, zone)

    def has_time_for(self, payment: Payment, paid_at: datetime) -> bool:
        """Whether a payment may buy time: nothing is paid at that moment, or its start was allowed as a renewal.

        Otherwise two checkouts of one member were paid side by side, and the second one buys nothing.
        """
        return payment.renewal or not self.periods or self.periods[-1].ends_at <= paid_at

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
        starts_at, ends_at = self.next_year(payment.paid_at, zone)
        period = Period(payment_id=payment.id, starts_at=starts_at, ends_at=ends_at)
        return replace(
            self,
            user_type=payment.user_type,
            plan=payment.plan,
            status=S.ACTIVE,
            periods=(*self.periods, period),
        )
