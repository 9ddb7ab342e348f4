"""A bug in the verb that events call, as a deploy may bring one."""

from typing import TYPE_CHECKING

from application.handle_event import HandleEvent
from application.ports.gateway import ProviderEvent
from application.ports.store import UnitOfWork
from application.receive_event import ReceiveEvent
from builders import a_payment
from domain.audit import Cause

if TYPE_CHECKING:
    from application.conftest import World


class BrokenVerb:
    """Stands where HandleEvent stands, and has a bug in what it does with some kinds of facts."""

    def __init__(self, sound: HandleEvent, kinds: tuple[type, ...]) -> None:
        self._sound = sound
        self._kinds = kinds

    async def within(self, work: UnitOfWork, event: ProviderEvent) -> bool:
        """Change something, and then fail, where the bug is."""
        if not isinstance(event.fact, self._kinds):
            return await self._sound.within(work, event)
        work.payments.add(a_payment(), Cause(why="half done"))
        raise ZeroDivisionError("division by zero")


def with_a_bug(world: "World", *kinds: type) -> ReceiveEvent:
    """The webhook's use case with a bug in the verb that it calls: in all that it does, unless kinds of facts are named."""
    return ReceiveEvent(
        begin=world.begin,
        reader=world.reader,
        handle=BrokenVerb(world.handle, kinds or (object,)),  # type: ignore[arg-type] # the same shape, and broken
        clock=world.clock,
    )
