"""May this member act now? The question the rest of the platform asks most."""

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from application.ports.reads import Entitlements
from application.ports.world import Clock
from domain.member import UserId
from domain.subscription import Period, Subscription, SubscriptionStatus


class Access(Struct, frozen=True, kw_only=True):
    """What is true of a member's subscription at one instant (UTC).

    period: the paid year that is running; null when none is.
    paid_until: the end of all time paid without a gap, also when it lies in the past; null when nothing was ever paid.
    """

    subscription: Subscription
    status: SubscriptionStatus
    allowed: bool
    period: Period | None
    paid_until: datetime | None


class CheckAccess:
    """Answers from the paid periods and the clock alone: right to the second, whatever jobs have or have not run."""

    def __init__(self, *, entitlements: Entitlements, clock: Clock) -> None:
        self._entitlements = entitlements
        self._clock = clock

    async def __call__(self, user_id: UserId) -> Access:
        """The access of a member now. A user we never met has status NONE."""
        return access_of(await self._entitlements.of(user_id), self._clock.now())

    async def of_all(self, user_ids: Collection[UserId]) -> dict[UserId, Access]:
        """The access of each of these members at one instant, in their order."""
        known = await self._entitlements.of_all(user_ids)
        now = self._clock.now()
        return {user_id: access_of(known.get(user_id, Subscription(user_id=user_id)), now) for user_id in user_ids}


def access_of(subscription: Subscription, now: datetime) -> Access:
    """The access that a subscription gives at an instant (UTC)."""
    period = subscription.period_at(now)
    return Access(
        subscription=subscription,
        status=subscription.status_at(now),
        allowed=period is not None,
        period=period,
        paid_until=subscription.paid_until(now),
    )
