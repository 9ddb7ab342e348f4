"""A member asks to be forgotten: what the tax law needs stays under a pseudonym, everything that describes them goes.

The provider's customer is deleted first, outside of any transaction and as often as need be; a crash after that leaves the member
whole here, and the next run ends it. The id that the platform knows is not kept anywhere, not even as a digest: to erase again finds
nothing, and a member who comes back is a new one.
"""

from datetime import datetime
from typing import Final

from application.ports.privacy import Erasure, MemberData, Members, ProviderCustomers
from application.ports.world import Clock, NewId
from domain.audit import Cause
from domain.errors import NotErasable
from domain.member import PSEUDONYM, UserId
from domain.payment import UNFINISHED, PaymentStatus

REASON_LENGTH_MAX: Final = 200


class EraseMember:
    """Puts a pseudonym in the place of a member."""

    def __init__(self, *, members: Members, customers: ProviderCustomers, clock: Clock, new_id: NewId) -> None:
        self._members = members
        self._customers = customers
        self._clock = clock
        self._new_id = new_id

    async def __call__(self, user_id: UserId, *, reason: str, operator: str, forfeit_access: bool = False) -> Erasure:
        """Erase. Of a member of whom nothing is kept it does nothing.

        reason: kept in the audit, so that it may not name the member.
        forfeit_access: whether paid time that is left may be lost.

        Raises NotErasable, ProviderUnavailable, ProviderRefused and TryAgain; all but the first may leave the provider's customer
        deleted, which the next run and the next checkout take as it is.
        """

        def judge(data: MemberData) -> None:
            check_erasable(data, self._clock.now(), forfeit_access=forfeit_access)

        data = await self._members.known(user_id)
        if data.is_empty:
            return Erasure()
        judge(data)
        customer_id = await self._known_to_provider(data)
        if customer_id is not None:
            await self._customers.delete(customer_id)
        pseudonym = UserId(f"{PSEUDONYM}{self._new_id().hex}")
        cause = Cause(why=reason, actor=f"operator:{operator}")
        return await self._members.erase(user_id, pseudonym, cause=cause, judge=judge)

    async def _known_to_provider(self, data: MemberData) -> str | None:
        """The member's customer, also where we died before we learned its id."""
        if data.customer is None or data.customer.provider_id is not None or data.customer.request is None:
            return data.customer.provider_id if data.customer is not None else None
        return await self._customers.find(data.customer.request)


def check_erasable(data: MemberData, now: datetime, *, forfeit_access: bool) -> None:
    """Refuse to erase while anything is still to happen that needs to know who the member is. Raises NotErasable with all reasons.

    Money that comes for nobody could neither be confirmed nor claimed; work that is left may be the member's mail or refund. What may
    happen years later, as a dispute, finds its payment by the charge and needs nobody.
    """
    reasons = [
        f"payment {one.payment.id} is {one.payment.status}: its money may still come"
        for one in data.payments
        if one.payment.status in UNFINISHED
    ]
    reasons += [
        f"payment {one.payment.id} is in REVIEW: accept it or give it back"
        for one in data.payments
        if one.payment.status is PaymentStatus.REVIEW
    ]
    reasons += [f"job {job.id} ({job.kind}) is {job.state}" for job in data.unfinished_jobs]
    reasons += [f"event {event.id} is parked" for event in data.parked_events]
    if any(now < period.ends_at and not period.is_empty for period in data.subscription.periods) and not forfeit_access:
        reasons.append("paid time is left, and nothing says that it may be lost")
    if reasons:
        raise NotErasable(f"The member cannot be erased now: {'; '.join(reasons)}.")
