"""After a day without any event, one run makes true again what is stored; and a run that finds nothing changes nothing."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from application.check_unfinished import LEFT_ALONE
from application.errors import ProviderRefused, ProviderUnavailable
from application.ports.jobs import JobKind
from builders import a_member
from domain.payment import Figures, PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World

DAY = timedelta(days=1)
S = PaymentStatus


async def test_money_that_no_event_told_of_is_confirmed(world: "World") -> None:
    offered = await world.start()
    world.gateway.pay(offered.session_id)
    world.clock.pass_time(LEFT_ALONE)
    found = await world.reconcile()

    assert (2, 1, True) == (found.checked, found.repaired, found.complete)
    (difference,) = found.differences
    assert (str(offered.payment.id), S.PENDING, S.SUCCEEDED) == (difference.id, difference.before, difference.after)
    assert ("PENDING", "SUCCEEDED", "reconciled with the provider") in world.moves()
    assert ["ready"] == world.jobs(JobKind.ISSUE_RECEIPT)


async def test_a_day_of_everything_without_one_event(world: "World") -> None:
    names = ["paid", "expired", "processing", "wrong", "open"]
    members = {name: a_member() for name in names}
    sessions = {name: (await world.start(member)).session_id for name, member in members.items()}
    world.gateway.pay(sessions["paid"])
    world.gateway.run_out(sessions["expired"])
    world.gateway.pay_later(sessions["processing"])
    world.gateway.pay(sessions["wrong"], Figures(1, "mad"))
    world.clock.pass_time(timedelta(minutes=30))
    first = await world.reconcile()
    world.clock.pass_time(DAY)
    second = await world.reconcile()

    assert [S.SUCCEEDED, S.EXPIRED, S.PROCESSING, S.REVIEW, S.PENDING] == world.statuses()
    assert (10, 4) == (first.checked, first.repaired)
    assert (7, 0, ()) == (second.checked, second.repaired, second.differences)


async def test_young_payments_are_left_to_their_events_unless_everything_is_to_be_healed(world: "World") -> None:
    offered = await world.start()
    world.gateway.pay(offered.session_id)
    left = await world.reconcile()
    healed = await world.reconcile(whatever_the_age=True)

    assert 0 == left.repaired
    assert 1 == healed.repaired


async def test_a_checkout_that_the_provider_does_not_know_is_over(world: "World") -> None:
    offered = await world.start()
    del world.gateway.sessions[offered.session_id]
    world.clock.pass_time(LEFT_ALONE)
    found = await world.reconcile()

    assert [S.EXPIRED] == world.statuses()
    assert "the provider knows no checkout of it" == found.differences[0].why


@pytest.mark.parametrize("paid", [True, False])
async def test_a_checkout_that_a_dead_start_left_behind_is_found(world: "World", paid: bool) -> None:
    """Its money counts; unpaid, it is closed once its time is over, so that it can never be paid beside another one."""
    world.gateway.fail_next("open_checkout", after_effect=True)
    with pytest.raises(ProviderUnavailable):
        await world.start()
    (session_id,) = world.gateway.sessions
    if paid:
        world.gateway.pay(session_id)
    world.clock.pass_time(timedelta(minutes=5))
    await world.reconcile()
    early = world.statuses()
    world.clock.pass_time(timedelta(hours=2))
    await world.reconcile()

    assert [S.SUCCEEDED if paid else S.PENDING] == early
    assert [S.SUCCEEDED if paid else S.EXPIRED] == world.statuses()
    assert [] == world.payable_sessions()


async def test_a_start_that_died_before_the_provider_heard_of_it_is_over_in_time(world: "World") -> None:
    world.gateway.fail_next("create_customer")
    with pytest.raises(ProviderUnavailable):
        await world.start()
    world.clock.pass_time(timedelta(minutes=5))
    await world.reconcile()
    early = world.statuses()
    world.clock.pass_time(timedelta(hours=2))
    await world.reconcile()

    assert [S.PENDING] == early
    assert [S.EXPIRED] == world.statuses()


async def test_the_member_can_start_while_and_after_a_run_is_at_work(world: "World") -> None:
    world.gateway.fail_next("open_checkout")
    with pytest.raises(ProviderUnavailable):
        await world.start()
    world.clock.pass_time(timedelta(minutes=5))
    offered, _ = await asyncio.gather(world.start(), world.reconcile())

    assert [offered.session_id] == [session.id for session in world.payable_sessions()]
    assert [S.PENDING] == world.statuses()


@pytest.mark.parametrize(
    ("call", "fault", "told"),
    [
        ("checkout", ProviderUnavailable("no answer"), "the payment provider does not answer: no answer"),
        ("events", ProviderRefused("no right to it"), "the payment provider refuses: no right to it"),
    ],
)
async def test_a_part_that_the_provider_breaks_off_is_told_and_keeps_no_other_from_being_done(
    world: "World", call: str, fault: Exception, told: str
) -> None:
    for _ in range(3):
        world.gateway.pay((await world.start(a_member())).session_id)
    world.clock.pass_time(LEFT_ALONE)
    world.gateway.fail_next(call, fault)
    first = await world.reconcile()
    world.clock.pass_time(LEFT_ALONE)
    second = await world.reconcile()

    assert (3, (told,), False) == (first.repaired, first.faults, first.complete)
    assert (0, True) == (second.repaired, second.complete)
    assert [S.SUCCEEDED] * 3 == world.statuses()


async def test_a_provider_that_stays_away_breaks_off_every_part_and_the_next_run_does_all(world: "World") -> None:
    for _ in range(3):
        world.gateway.pay((await world.start(a_member())).session_id)
    world.clock.pass_time(LEFT_ALONE)
    world.gateway.fail_next("checkout")
    world.gateway.fail_next("events")
    first = await world.reconcile()
    world.clock.pass_time(LEFT_ALONE)
    second = await world.reconcile()

    assert (0, False) == (first.checked, first.complete)
    assert (6, 3, True) == (second.checked, second.repaired, second.complete)


async def test_two_replicas_at_once_ask_once_and_confirm_once(world: "World") -> None:
    offered = await world.start()
    world.gateway.pay(offered.session_id)
    world.clock.pass_time(LEFT_ALONE)
    found = await asyncio.gather(world.reconcile(), world.reconcile(), world.reconcile())

    assert 1 == world.gateway.calls["checkout"]
    assert 1 == sum(run.repaired for run in found)
    assert 1 == len(world.subscription().periods)


async def test_more_payments_than_a_page_holds_are_all_checked(world: "World") -> None:
    for _ in range(205):
        world.gateway.pay((await world.start(a_member())).session_id)
    world.clock.pass_time(LEFT_ALONE)
    found = await world.reconcile()

    assert (410, 205) == (found.checked, found.repaired)
