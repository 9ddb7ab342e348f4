"""What went back of a charge is asked for at the provider, where no event told of it or one came at an awkward moment."""

from typing import Final

from application.again import again
from application.ports.gateway import PaymentGateway
from application.ports.jobs import ClaimedJob
from application.ports.store import BeginWork
from application.ports.world import Clock
from application.record_returns import RecordReturns
from domain.audit import Cause
from domain.payment import Payment
from domain.returns import Returns

CAUSE: Final = Cause(why="asked for what went back of the charge")


class CollectReturns:
    """Asks the provider for all refunds and disputes of one charge, and records each as an event would."""

    def __init__(self, *, begin: BeginWork, gateway: PaymentGateway, record: RecordReturns, clock: Clock) -> None:
        self._begin = begin
        self._gateway = gateway
        self._record = record
        self._clock = clock

    async def __call__(self, job: ClaimedJob) -> None:
        """The job of a charge: its subject is `<charge>:<refund, dispute or amount that was told of>`.

        Raises ProviderUnavailable when it is to be tried later.
        """
        payment_intent_id, _, told = job.subject.partition(":")
        async with self._begin() as work:
            payment = await work.payments.of_intent(payment_intent_id)
        # A refund of a charge that nobody knows is kept already, and counts once its payment comes; an amount alone has to be asked about.
        if payment is not None or told.isdecimal():
            await self.of_charge(payment_intent_id, cause=CAUSE)
        async with self._begin() as work:
            work.jobs.complete(job)
            await work.commit()

    async def of_charge(self, payment_intent_id: str, *, cause: Cause) -> tuple[Payment | None, Returns]:
        """The payment of a charge, and all that went back, once both are as the provider says. Raises ProviderUnavailable."""
        told = await self._gateway.returns_of(payment_intent_id)

        async def once() -> tuple[Payment | None, Returns]:
            async with self._begin() as work:
                payment = await work.payments.of_intent(payment_intent_id)
                returns = await work.returns.of(payment_intent_id)
                for refund in told.refunds:
                    returns = returns.with_refund(refund)
                for dispute in told.disputes:
                    returns = returns.with_dispute(dispute, asked=True)
                for refund in returns.refunds:
                    work.returns.save_refund(refund)
                for dispute in returns.disputes:
                    work.returns.save_dispute(dispute)
                if payment is not None:
                    payment = await self._record.settle(work, payment, returns, cause=cause)
                await work.commit()
            return payment, returns

        return await again(once, self._clock)
