"""An event that cannot be handled now is ours from then on: kept with its error, and tried again until it fits."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from application.errors import Conflict, InvalidEvent, TryAgain, UnfitEvent
from application.ports.gateway import CheckoutCompleted, CheckoutExpired, RefundTold, Unreadable
from application.ports.jobs import TRIES_MAX, JobKind
from application.ports.store import EventState
from application.receive_event import Outcome
from broken_verb import with_a_bug
from builders import a_member, a_payment, a_session, an_event
from domain.payment import PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World

UNTIL_RETRY = timedelta(seconds=60)


async def test_an_event_that_does_not_fit_is_answered_and_parked_with_its_error(world: "World") -> None:
    payment = a_payment()
    receipt = await world.deliver(CheckoutCompleted(a_session(id="cs_test_lost", payment_id=payment.id)), id="evt_1")

    assert Outcome.PARKED is receipt.outcome
    (event,) = world.store.events()
    assert EventState.PARKED is event.state
    assert f"UnfitEvent: checkout cs_test_lost names payment {payment.id}, which is not stored" in (event.error or "")
    assert ["ready"] == world.jobs(JobKind.RETRY_EVENT)
    assert TRIES_MAX == world.store.jobs.rows[0].job.attempts_max


async def test_an_event_in_a_shape_that_cannot_be_read_is_parked(world: "World") -> None:
    receipt = await world.deliver(Unreadable("amount_total is a word"))

    assert Outcome.PARKED is receipt.outcome
    assert "amount_total is a word" in (world.store.events()[0].error or "")


async def test_a_bug_inside_a_verb_parks_the_event_and_answers(world: "World") -> None:
    delivery = world.reader.signed(an_event())
    receipt = await with_a_bug(world)(delivery)

    assert Outcome.PARKED is receipt.outcome
    assert ["ZeroDivisionError: division by zero"] == [event.error for event in world.store.events()]
    assert [] == world.store.payments()
    assert [] == world.store.audit


async def test_when_not_even_parking_is_possible_the_provider_is_asked_to_come_back(world: "World") -> None:
    world.faults.at_commit(1, TryAgain("the connection was lost"), after_effect=False)
    with pytest.raises(TryAgain):
        await with_a_bug(world)(world.reader.signed(an_event()))

    assert [] == world.store.events()
    assert [] == world.store.jobs.rows


async def test_a_parked_event_that_is_delivered_again_stays_parked_once(world: "World") -> None:
    delivery = world.reader.signed(an_event(Unreadable("?")))
    outcomes = [(await world.receive(delivery)).outcome for _ in range(3)]

    assert [Outcome.PARKED, Outcome.REPEATED, Outcome.REPEATED] == outcomes
    assert ["ready"] == world.jobs(JobKind.RETRY_EVENT)


async def test_a_parked_event_is_tried_again_until_it_fits(world: "World") -> None:
    """The payment was missing because a backup had been restored, and then it is back."""
    offered = await world.start()
    session = world.gateway.pay(offered.session_id)
    rows = dict(world.store.rows)
    world.store.rows.clear()
    await world.deliver(CheckoutCompleted(session))
    world.clock.pass_time(UNTIL_RETRY)
    too_early = await world.work()
    world.store.rows.update(rows)
    world.clock.pass_time(UNTIL_RETRY)
    in_time = await world.work()

    assert [UnfitEvent] == [type(error) for error in too_early]
    assert [] == in_time
    assert [PaymentStatus.SUCCEEDED] == world.statuses()
    assert [EventState.HANDLED] == [event.state for event in world.store.events()]
    assert [None] == [event.error for event in world.store.events()]
    assert ["done"] == world.jobs(JobKind.RETRY_EVENT)


async def test_an_event_parked_by_a_bug_is_handled_once_the_bug_is_mended(world: "World") -> None:
    offered = await world.start()
    event = an_event(CheckoutCompleted(world.gateway.pay(offered.session_id)), id="evt_1")
    await with_a_bug(world)(world.reader.signed(event))
    world.clock.pass_time(UNTIL_RETRY)
    met = await world.work()

    assert [] == met
    assert [PaymentStatus.SUCCEEDED] == world.statuses()
    assert "evt_1" == world.store.audit[-1].cause.event_id


async def test_a_bug_in_one_kind_of_event_holds_up_that_kind_alone_and_loses_none(
    world: "World", caplog: pytest.LogCaptureFixture
) -> None:
    receive = with_a_bug(world, RefundTold)
    outcomes = []
    for _ in range(3):
        session = world.gateway.pay((await world.start(a_member())).session_id)
        for fact in (CheckoutCompleted(session), RefundTold(world.gateway.give_back(session.id))):
            outcomes.append((await receive(world.reader.signed(an_event(fact)))).outcome)
    while_broken = world.statuses()
    world.clock.pass_time(UNTIL_RETRY)
    met = await world.work()

    assert [Outcome.HANDLED, Outcome.PARKED] * 3 == outcomes
    assert [PaymentStatus.SUCCEEDED] * 3 == while_broken
    assert 3 == len([record for record in caplog.records if "could not be handled" in record.message])
    assert [] == met
    assert [PaymentStatus.REFUNDED] * 3 == world.statuses()
    assert {EventState.HANDLED} == {event.state for event in world.store.events()}


async def test_a_parked_event_that_turns_out_to_be_none_of_ours_ends_as_ignored(world: "World") -> None:
    await with_a_bug(world)(world.reader.signed(an_event(CheckoutCompleted(a_session(payment_id=None)))))
    world.clock.pass_time(UNTIL_RETRY)
    await world.work()

    assert [EventState.IGNORED] == [event.state for event in world.store.events()]


async def test_an_event_that_never_fits_ends_among_the_dead_and_stays_parked(world: "World") -> None:
    await world.deliver(Unreadable("?"))
    for _ in range(TRIES_MAX + 3):
        world.clock.pass_time(UNTIL_RETRY)
        await world.work()

    assert ["dead"] == world.jobs(JobKind.RETRY_EVENT)
    assert [EventState.PARKED] == [event.state for event in world.store.events()]


async def test_a_retry_whose_lease_was_lost_changes_nothing(world: "World") -> None:
    await with_a_bug(world)(world.reader.signed(an_event(CheckoutCompleted(a_session(payment_id=None)))))
    world.clock.pass_time(UNTIL_RETRY)
    job = await world.job(JobKind.RETRY_EVENT)
    world.clock.pass_time(timedelta(seconds=61))
    await world.store.jobs.reap(retry_after_seconds=0)
    with pytest.raises(Conflict):
        await world.retry(job)

    assert [EventState.PARKED] == [event.state for event in world.store.events()]


async def test_a_retry_of_an_event_that_was_handled_meanwhile_only_ends_its_job(world: "World") -> None:
    await world.deliver(Unreadable("?"))
    async with world.begin() as work:
        await work.inbox.parked(world.store.events()[0].id)
        work.inbox.settle(world.store.events()[0].id, EventState.HANDLED)
        await work.commit()
    world.clock.pass_time(UNTIL_RETRY)

    assert [] == await world.work()
    assert ["done"] == world.jobs(JobKind.RETRY_EVENT)


async def test_stored_bytes_that_can_no_longer_be_read_are_told_to_the_operator(world: "World") -> None:
    await world.deliver(Unreadable("?"))
    world.reader._events.clear()
    world.clock.pass_time(UNTIL_RETRY)
    met = await world.work()

    assert [InvalidEvent] == [type(error) for error in met]


async def test_an_event_that_cannot_even_be_kept_for_a_reason_that_nobody_foresaw_is_asked_for_again(
    world: "World",
) -> None:
    world.faults.at_commit(1, ZeroDivisionError("a bug in the store"), after_effect=False)
    world.faults.at_commit(2, ZeroDivisionError("a bug in the store"), after_effect=False)
    with pytest.raises(TryAgain, match="could not be kept"):
        await world.receive(world.reader.signed(an_event(CheckoutCompleted(a_session(payment_id=None)))))

    assert [] == world.store.events()


async def test_money_beside_the_payments_own_checkout_is_a_payment_of_its_own_once_that_checkout_is_over(
    world: "World",
) -> None:
    """Whichever comes first, the end of its own checkout or the money for another one."""
    offered = await world.start()
    other = a_session(payment_id=offered.payment.id, payment_names=(str(offered.payment.id),))
    receipt = await world.deliver(CheckoutCompleted(other))
    while_open = world.statuses()
    await world.deliver(CheckoutExpired(world.gateway.run_out(offered.session_id)), type="checkout.session.expired")
    world.clock.pass_time(UNTIL_RETRY)
    met = await world.work()

    assert (Outcome.PARKED, [PaymentStatus.PENDING]) == (receipt.outcome, while_open)
    assert [] == met
    assert [PaymentStatus.EXPIRED, PaymentStatus.SUCCEEDED] == world.statuses()
    assert [(offered.session_id, None), (other.id, other.payment_intent_id)] == [
        (payment.checkout_session_id, payment.payment_intent_id) for payment in world.store.payments()
    ]
