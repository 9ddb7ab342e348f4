"""A bug in the verb that events call, as a deploy may bring one."""

from typing import TYPE_CHECKING

from application.ports.gateway import ProviderEvent
from application.ports.store import UnitOfWork
from application.receive_event import ReceiveEvent
from builders import a_payment
from domain.audit import Cause

if TYPE_CHECKING:
    from application.conftest import World


class BrokenVerb:
    """Stands where HandleEvent stands, and has a bug."""

    async def within(self, work: UnitOfWork, event: ProviderEvent) -> bool:
        """Change something, and then fail."""
        work.payments.add(a_payment(), Cause(why="half done"))
        raise ZeroDivisionError("division by zero")


def with_a_bug(world: "World") -> ReceiveEvent:
    """The webhook's use case with a bug in the verb that it calls."""
    return ReceiveEvent(
        begin=world.begin,
        reader=world.reader,
        handle=BrokenVerb(),  # type: ignore[arg-type] # the same shape, and broken
        clock=world.clock,
    )
