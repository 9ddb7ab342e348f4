"""Which verb an event of the provider calls."""

from typing import assert_never

from application.confirm_payment import ConfirmPayment
from application.errors import UnfitEvent
from application.expire_checkout import ExpireCheckout
from application.fail_payment import FailPayment
from application.foreign import is_foreign
from application.log_context import also_about
from application.ports.gateway import (
    ChargeRefunded,
    CheckoutCompleted,
    CheckoutExpired,
    CheckoutFailed,
    DisputeTold,
    NothingToDo,
    ProviderEvent,
    RefundTold,
    Unreadable,
    installation_named_by,
)
from application.ports.store import UnitOfWork
from application.record_returns import RecordReturns
from domain.audit import Cause
from domain.payment import Payment


class HandleEvent:
    """Applies one event inside the unit of work that keeps it. Money wins: a settled session is confirmed whatever the event is called."""

    def __init__(
        self, *, confirm: ConfirmPayment, expire: ExpireCheckout, fail: FailPayment, returns: RecordReturns
    ) -> None:
        self._confirm = confirm
        self._expire = expire
        self._fail = fail
        self._returns = returns

    async def within(self, work: UnitOfWork, event: ProviderEvent) -> bool:
        """Apply the event. False when it concerns nothing of ours, such as what another installation on the account has made.

        Raises UnfitEvent when it is ours and cannot be applied to what is stored.
        """
        if await is_foreign(work, installation_named_by(event.fact)):
            return False
        cause = Cause(why=event.type, actor="stripe", event_id=event.id)
        payment: Payment | None = None
        match event.fact:
            case CheckoutCompleted(session):
                payment = await self._confirm.within(work, session, at=event.created, cause=cause)
            case CheckoutExpired(session) | CheckoutFailed(session) if session.settled:
                payment = await self._confirm.within(work, session, at=event.created, cause=cause)
            case CheckoutExpired(session):
                payment = await self._expire.within(work, session, cause=cause)
            case CheckoutFailed(session):
                payment = await self._fail.within(work, session, cause=cause)
            case RefundTold(refund):
                payment = await self._returns.refund(work, refund, cause=cause)
            case ChargeRefunded():
                payment = await self._returns.charge(work, event.fact, cause=cause)
            case DisputeTold(dispute):
                payment = await self._returns.dispute(work, dispute, cause=cause)
            case NothingToDo():
                pass
            case Unreadable(reason):
                raise UnfitEvent(f"event {event.id} of type {event.type} cannot be read: {reason}")
            case _:
                assert_never(event.fact)
        if payment is not None:
            also_about(payment_id=payment.id)
        return payment is not None
