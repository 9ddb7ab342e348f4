"""At the end of a checkout's life the provider's word counts, to the millisecond, and our clock does not."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from application.ports.gateway import CheckoutCompleted, CheckoutExpired
from domain.payment import PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World


@pytest.mark.parametrize("milliseconds", [-10, 0, 10])
@pytest.mark.parametrize("paid", [True, False], ids=["paid", "run out"])
@pytest.mark.parametrize("told_first", [True, False], ids=["the event first", "the reconciliation first"])
async def test_at_the_very_end_of_a_checkout_what_the_provider_says_counts_and_not_our_clock(
    world: "World", milliseconds: int, paid: bool, told_first: bool
) -> None:
    offered = await world.start()
    ends_at = world.gateway.sessions[offered.session_id].expires_at
    assert ends_at is not None
    world.clock.pass_time(ends_at - world.clock.now() + timedelta(milliseconds=milliseconds))
    session = world.gateway.pay(offered.session_id) if paid else world.gateway.run_out(offered.session_id)
    fact = CheckoutCompleted(session) if paid else CheckoutExpired(session)
    if told_first:
        await world.deliver(fact)
    await world.reconcile(whatever_the_age=True)
    after_one = world.statuses()
    await world.deliver(fact)

    assert [PaymentStatus.SUCCEEDED if paid else PaymentStatus.EXPIRED] == world.statuses() == after_one
    assert int(paid) == len(world.store.subscriptions())
