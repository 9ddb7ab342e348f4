"""What one start may not do: flood the provider, or leave behind a second checkout that could be paid."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from adapters.memory.gateway import MemoryGateway
from application.errors import CustomerUnknown, ProviderUnavailable
from application.open_checkout import OpenCheckout
from application.ports.gateway import CheckoutSession, PreparedRequest, SessionStatus
from application.start_checkout import OPENINGS_MAX
from builders import a_catalogue, a_member
from domain.audit import Cause
from domain.member import UserType

if TYPE_CHECKING:
    from application.conftest import World


async def test_a_provider_that_never_knows_the_customer_is_asked_a_few_times_only(world: "World") -> None:
    for _ in range(20):
        world.gateway.fail_next("open_checkout", CustomerUnknown("No such customer"))

    with pytest.raises(ProviderUnavailable):
        await world.start()

    assert OPENINGS_MAX + 1 == world.gateway.calls["open_checkout"]


class OvertakenGateway(MemoryGateway):
    """A provider whose answer comes so late that another caller's session is the payment's by then."""

    world: "World"

    async def open_checkout(self, request: PreparedRequest, *, key: str) -> CheckoutSession:
        """Open the checkout, and let the payment get another one before the answer arrives."""
        session = await super().open_checkout(request, key=key)
        payment = self.world.payment()
        async with self.world.begin() as work:
            known = await work.payments.get(payment.id, lock=True)
            assert known is not None
            work.payments.save(known.opened("cs_of_the_other_caller"), Cause(why="another caller was faster"))
            await work.commit()
        await asyncio.sleep(0)
        return session


async def test_a_session_that_lost_its_payment_to_another_is_closed(world: "World") -> None:
    gateway = OvertakenGateway(world.clock)
    gateway.world = world
    member = a_member()
    world.gateway.fail_next("create_customer")
    with pytest.raises(ProviderUnavailable):
        await world.start(member)
    overtaken = OpenCheckout(begin=world.begin, gateway=gateway, clock=world.clock, checkout_minutes=60)

    await overtaken(world.payment(), a_catalogue().plan_for(UserType.TALENT), member)

    assert "cs_of_the_other_caller" == world.payment().checkout_session_id
    assert [SessionStatus.EXPIRED] == [session.status for session in gateway.sessions.values()]
    assert world.store.checkouts()[0].url is None
