"""A parked event is tried again, until it can be handled or its tries are used up."""

from application.confirm_payment import ConfirmPayment
from application.errors import PaidBeside
from application.handle_event import HandleEvent
from application.ports.gateway import EventReader, PaymentGateway
from application.ports.jobs import ClaimedJob
from application.ports.store import BeginWork, EventState
from domain.audit import Cause


class RetryEvent:
    """Applies a parked event and finishes its job in one transaction."""

    def __init__(
        self,
        *,
        begin: BeginWork,
        reader: EventReader,
        handle: HandleEvent,
        gateway: PaymentGateway,
        confirm: ConfirmPayment,
    ) -> None:
        self._begin = begin
        self._reader = reader
        self._handle = handle
        self._gateway = gateway
        self._confirm = confirm

    async def __call__(self, job: ClaimedJob) -> None:
        """Try again. Raises what stands in the way, UnfitEvent among others; the event then stays parked.

        Where it tells of money beside a checkout that may still be paid, that checkout is closed first. One that was paid or finished
        meanwhile stays as it is.
        """
        try:
            await self._applied(job)
        except PaidBeside as fault:
            closed = await self._gateway.expire_checkout(fault.own_session_id)
            if closed is not None:
                await self._confirm(closed, cause=Cause(why="closed: the member has paid by another checkout"))
            await self._applied(job)

    async def _applied(self, job: ClaimedJob) -> None:
        async with self._begin() as work:
            stored = await work.inbox.parked(job.subject)
            if stored is not None:
                # The store holds every parked event to having its body.
                handled = await self._handle.within(work, self._reader.read(stored.body or b""))
                work.inbox.settle(stored.id, EventState.HANDLED if handled else EventState.IGNORED)
            work.jobs.complete(job)
            await work.commit()
