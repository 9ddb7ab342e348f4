"""What no delivery told is found in the provider's own lists, once, and taken through the verbs that events use."""

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from application.catch_up import MEMORY_OF_EVENTS, ON_ITS_WAY
from application.errors import ProviderUnavailable
from application.findings import Difference
from application.ports.gateway import (
    CheckoutCompleted,
    CheckoutExpired,
    DisputeTold,
    ProviderEvent,
    ProviderFact,
    RefundTold,
    Unreadable,
)
from application.ports.jobs import JobKind
from builders import a_member, a_payment_id, a_refund, a_session, an_event
from domain.payment import PaymentStatus
from domain.returns import DisputeStage, DisputeStatus, RefundStatus
from domain.subscription import SubscriptionStatus

if TYPE_CHECKING:
    from application.conftest import World

S = PaymentStatus
DAY = timedelta(days=1)


def lost(world: "World", fact: ProviderFact, **changes: object) -> ProviderEvent:
    """An event that the provider made and that never reached us."""
    event = an_event(fact, **({"created": world.clock.now()} | changes))
    world.reader.signed(event)
    world.records.made.append(event)
    return event


def found(differences: tuple[Difference, ...]) -> list[tuple[str, str, bool]]:
    """What differed, of which id, and whether it is repaired."""
    return [(one.what, one.id, one.repaired) for one in differences]


async def test_after_a_day_without_any_webhook_one_run_makes_all_true_again(world: "World") -> None:
    """Paid, refunded, disputed, expired and failed, and not a word of it."""
    members = [a_member() for _ in range(5)]
    sessions = [(await world.start(member)).session_id for member in members]
    paid = [world.gateway.pay(session_id) for session_id in sessions[:3]]
    world.clock.pass_time(DAY / 2)
    world.gateway.give_back(paid[1].id)
    world.gateway.dispute(paid[2].id)
    world.gateway.run_out(sessions[3])
    world.gateway.pay_later(sessions[4])
    world.clock.pass_time(DAY / 2)
    await world.reconcile()
    after_one_run = world.statuses()
    again = await world.reconcile()

    assert [S.SUCCEEDED, S.REFUNDED, S.SUCCEEDED, S.EXPIRED, S.PROCESSING] == after_one_run
    assert DisputeStatus.OPEN is world.store.payments()[2].dispute
    assert (0, ()) == (again.repaired, again.differences)
    assert 3 == len(world.jobs(JobKind.ISSUE_RECEIPT))


async def test_events_that_never_came_are_taken_in_their_order_and_once(world: "World") -> None:
    offered = await world.start()
    events = [
        lost(world, CheckoutCompleted(world.gateway.pay_later(offered.session_id)), created=world.clock.now()),
        lost(world, CheckoutCompleted(world.gateway.pay(offered.session_id))),
        lost(world, RefundTold(world.gateway.give_back(offered.session_id, 1000))),
    ]
    world.clock.pass_time(ON_ITS_WAY)
    first = await world.reconcile()
    second = await world.reconcile()

    named = found(first.differences)
    assert {("event", event.id, True) for event in events} <= set(named)
    assert (S.PARTIALLY_REFUNDED, 1000) == (world.payment().status, world.payment().refunded_minor)
    assert () == second.differences


async def test_a_refund_that_failed_without_a_word_is_learnt_from_the_event_in_the_list(world: "World") -> None:
    payment = await world.buy()
    refund = world.gateway.give_back(payment.checkout_session_id or "")
    await world.deliver(RefundTold(refund))
    world.clock.pass_time(5 * DAY)
    lost(world, RefundTold(world.gateway.fail_refund(refund.id)))
    world.clock.pass_time(ON_ITS_WAY)
    await world.reconcile()

    assert S.SUCCEEDED is world.payment().status
    assert SubscriptionStatus.ACTIVE is world.subscription().status


async def test_a_young_event_is_left_to_its_delivery_and_still_found_later(world: "World") -> None:
    payment = await world.buy()
    event = lost(world, RefundTold(world.gateway.give_back(payment.checkout_session_id or "")))
    early = await world.reconcile()
    world.clock.pass_time(ON_ITS_WAY)
    later = await world.reconcile()

    assert () == early.differences
    assert ("event", event.id, True) in found(later.differences)


async def test_a_later_run_reads_from_where_the_last_complete_one_began(world: "World") -> None:
    payment = await world.buy()
    await world.reconcile()
    world.clock.pass_time(DAY)
    await world.reconcile()
    old = lost(
        world, DisputeTold(world.gateway.dispute(payment.checkout_session_id or "")), created=world.clock.now() - DAY
    )
    world.gateway.disputes.clear()
    by_itself = await world.reconcile()
    by_hand = await world.reconcile(whatever_the_age=True)

    assert () == by_itself.differences
    assert [("event", old.id, True)] == found(by_hand.differences)


async def test_a_run_that_broke_off_is_begun_anew_from_the_same_place(world: "World") -> None:
    await world.reconcile()
    payment = await world.buy()
    event = lost(world, RefundTold(world.gateway.give_back(payment.checkout_session_id or "")))
    world.clock.pass_time(2 * DAY)
    world.gateway.fail_next("events")
    broken = await world.reconcile()
    world.clock.pass_time(DAY)
    whole = await world.reconcile()

    assert not broken.complete
    assert ("event", event.id, True) in found(whole.differences)


async def test_what_is_older_than_the_provider_s_memory_is_not_asked_for(world: "World") -> None:
    await world.buy()
    event = lost(world, CheckoutExpired(a_session(settled=False)), created=world.clock.now() - MEMORY_OF_EVENTS - DAY)
    run = await world.reconcile(whatever_the_age=True)

    assert event.id not in [one.id for one in run.differences]


async def test_a_paid_session_whose_payment_is_not_stored_is_named_and_not_invented(world: "World") -> None:
    """As after a backup was restored."""
    offered = await world.start()
    orphan = replace(world.gateway.pay(offered.session_id), id="cs_test_orphan", payment_id=a_payment_id())
    world.gateway.sessions = {orphan.id: orphan}
    world.clock.pass_time(ON_ITS_WAY)
    run = await world.reconcile()

    assert ("checkout", orphan.id, False) in found(run.differences)
    assert 1 == len(world.statuses())


async def test_sessions_and_refunds_of_other_products_are_no_differences(world: "World") -> None:
    foreign = a_session(payment_id=None)
    world.gateway.sessions[foreign.id] = foreign
    world.gateway.refunds["re_foreign"] = a_refund(id="re_foreign", payment_intent_id="pi_foreign")
    world.clock.pass_time(2 * DAY)
    run = await world.reconcile()

    assert () == run.differences


async def test_money_that_came_to_a_payment_that_was_over_is_found_in_the_list(world: "World") -> None:
    offered = await world.start()
    await world.deliver(CheckoutExpired(world.gateway.run_out(offered.session_id)))
    world.gateway.pay(offered.session_id)
    world.clock.pass_time(ON_ITS_WAY)
    run = await world.reconcile()

    assert [("checkout", offered.session_id, True)] == found(run.differences)
    assert [S.SUCCEEDED] == world.statuses()


@pytest.mark.parametrize("stage", [DisputeStage.OPEN, DisputeStage.WON, DisputeStage.LOST])
async def test_a_dispute_that_was_never_told_is_found(world: "World", stage: DisputeStage) -> None:
    payment = await world.buy()
    dispute = world.gateway.dispute(payment.checkout_session_id or "", stage)
    world.clock.pass_time(ON_ITS_WAY)
    run = await world.reconcile()

    assert [("dispute", dispute.id, True)] == found(run.differences)
    assert stage.upper() == world.payment().dispute


async def test_a_refund_that_went_on_is_told_from_one_that_is_known(world: "World") -> None:
    payment = await world.buy()
    pending = world.gateway.give_back(payment.checkout_session_id or "", status=RefundStatus.PENDING)
    await world.deliver(RefundTold(pending))
    world.gateway.refunds[pending.id] = replace(pending, status=RefundStatus.SUCCEEDED)
    world.clock.pass_time(ON_ITS_WAY)
    run = await world.reconcile()

    assert [("pending", "succeeded")] == [(one.before, one.after) for one in run.differences]
    assert S.REFUNDED is world.payment().status


async def test_an_event_of_the_list_that_cannot_be_handled_is_parked_and_named(world: "World") -> None:
    event = lost(world, Unreadable("no id"))
    world.clock.pass_time(ON_ITS_WAY)
    run = await world.reconcile()

    assert [("event", event.id, False)] == found(run.differences)
    assert ["ready"] == world.jobs(JobKind.RETRY_EVENT)


@pytest.mark.parametrize("after_effect", [True, False])
async def test_a_customer_whose_making_was_interrupted_is_finished(world: "World", after_effect: bool) -> None:
    world.gateway.fail_next("create_customer", after_effect=after_effect)
    with pytest.raises(ProviderUnavailable):
        await world.start()
    world.clock.pass_time(timedelta(minutes=5))
    run = await world.reconcile()
    await world.start()

    customers = [one for one in run.differences if one.what == "customer"]
    assert after_effect == bool(customers)
    assert 1 == len(world.gateway.customers)


async def test_pages_of_the_lists_are_asked_for_ten_times_a_second_at_most(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Members, who pay at the same time, come before what is made up for."""
    for _ in range(7):
        lost(world, RefundTold(a_refund(payment_intent_id="pi_foreign")))
    world.clock.pass_time(timedelta(hours=1))
    asked_at = []
    called = world.gateway.called

    async def noted(name: str) -> None:
        asked_at.append(world.clock.now())
        await called(name)

    monkeypatch.setattr(world.gateway, "called", noted)
    await world.reconcile()
    pauses = [later - earlier for earlier, later in pairwise(asked_at)]

    assert len(asked_at) >= 4 + 3
    assert min(pauses) >= timedelta(seconds=0.1)
