"""An event arrives at the webhook door."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from application.again import TRIES_MAX
from application.errors import InvalidEvent, InvalidSignature, TryAgain
from application.ports.gateway import CheckoutCompleted, CheckoutExpired, Delivery, NothingToDo
from application.ports.jobs import JobKind
from application.ports.store import EventState
from application.receive_event import Outcome
from builders import NOON, a_payment_id, a_session, an_event
from domain.audit import Cause
from domain.errors import AlreadySubscribed
from domain.payment import PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World


async def test_a_paid_checkout_is_confirmed_with_all_that_follows(world: "World") -> None:
    offered = await world.start()
    session = world.gateway.pay(offered.session_id)
    receipt = await world.deliver(CheckoutCompleted(session), id="evt_paid")

    assert Outcome.HANDLED is receipt.outcome
    assert "evt_paid" == receipt.event_id
    assert PaymentStatus.SUCCEEDED is world.payment().status
    assert session.paid_at == world.payment().paid_at
    assert session.payment_intent_id == world.payment().payment_intent_id
    assert [offered.payment.id] == [period.payment_id for period in world.subscription().periods]
    assert [session.invoice_id] == [invoice.stripe_invoice_id for invoice in world.store.invoices()]
    assert ["ready"] == world.jobs(JobKind.ISSUE_RECEIPT)
    assert ["ready"] == world.jobs(JobKind.COLLECT_INVOICE)
    assert (await world.check_access(world.member.user_id)).allowed


async def test_every_change_of_state_leaves_an_audit_row_with_its_cause(world: "World") -> None:
    offered = await world.start()
    await world.deliver(CheckoutCompleted(world.gateway.pay(offered.session_id)), id="evt_paid")

    told = Cause(why="checkout.session.completed", actor="stripe", event_id="evt_paid")
    started = Cause(why="checkout started", actor=f"member:{world.member.user_id}")
    rows = [(row.entity, row.from_status, row.to_status, row.cause) for row in world.store.audit]
    assert [
        ("payment", None, "PENDING", started),
        ("payment", "PENDING", "SUCCEEDED", told),
        ("subscription", "NONE", "ACTIVE", told),
    ] == rows


async def test_the_webhook_is_received_before_the_redirect_completes(world: "World") -> None:
    """The seed's edge case: the landing page then finds it done and changes nothing."""
    offered = await world.start()
    session = world.gateway.pay(offered.session_id)
    await world.deliver(CheckoutCompleted(session))
    audit = list(world.store.audit)
    payment = await world.confirm(session, cause=Cause(why="landing page"))

    assert payment == world.payment()
    assert audit == world.store.audit
    assert 1 == len(world.subscription().periods)


async def test_the_redirect_completes_before_the_webhook_is_received(world: "World") -> None:
    offered = await world.start()
    session = world.gateway.pay(offered.session_id)
    await world.confirm(session, cause=Cause(why="landing page"))
    receipt = await world.deliver(CheckoutCompleted(session))

    assert Outcome.HANDLED is receipt.outcome
    assert ("PENDING", "SUCCEEDED", "landing page") in world.moves()
    assert ["ready"] == world.jobs(JobKind.ISSUE_RECEIPT)
    assert 1 == len(world.subscription().periods)


async def test_webhook_and_redirect_at_the_same_moment_confirm_once(world: "World") -> None:
    offered = await world.start()
    session = world.gateway.pay(offered.session_id)
    landings = [world.confirm(session, cause=Cause(why="landing page")) for _ in range(10)]
    await asyncio.gather(world.deliver(CheckoutCompleted(session)), *landings)

    assert 1 == sum(to == "SUCCEEDED" for _, to, _ in world.moves())
    assert 1 == len(world.subscription().periods)
    assert ["ready"] == world.jobs(JobKind.ISSUE_RECEIPT)


async def test_the_same_event_is_received_several_times(world: "World") -> None:
    """The seed's edge case: once it is handled, every repetition is answered and changes nothing."""
    offered = await world.start()
    delivery = world.reader.signed(an_event(CheckoutCompleted(world.gateway.pay(offered.session_id))))
    outcomes = [(await world.receive(delivery)).outcome for _ in range(5)]

    assert [Outcome.HANDLED, *[Outcome.REPEATED] * 4] == outcomes
    assert 1 == len(world.store.events())
    assert 2 == len(world.moves())
    assert ["ready"] == world.jobs(JobKind.ISSUE_RECEIPT)


async def test_twenty_parallel_deliveries_of_one_event_confirm_once(world: "World") -> None:
    offered = await world.start()
    delivery = world.reader.signed(an_event(CheckoutCompleted(world.gateway.pay(offered.session_id))))
    receipts = await asyncio.gather(*(world.receive(delivery) for _ in range(20)))

    assert 1 == sum(receipt.outcome is Outcome.HANDLED for receipt in receipts)
    assert 19 == sum(receipt.outcome is Outcome.REPEATED for receipt in receipts)
    assert ["ready"] == world.jobs(JobKind.ISSUE_RECEIPT)
    assert 1 == len(world.subscription().periods)


async def test_many_events_about_one_payment_at_once_confirm_once(world: "World") -> None:
    offered = await world.start()
    session = world.gateway.pay(offered.session_id)
    await asyncio.gather(*(world.deliver(CheckoutCompleted(session)) for _ in range(20)))

    assert 20 == len(world.store.events())
    assert [(None, "PENDING"), ("PENDING", "SUCCEEDED")] == [move[:2] for move in world.moves()]
    assert ["ready"] == world.jobs(JobKind.ISSUE_RECEIPT)
    assert 1 == len(world.subscription().periods)


async def test_an_expired_checkout_session_ends_the_payment_and_the_member_may_start_anew(world: "World") -> None:
    """The seed's edge case."""
    offered = await world.start()
    receipt = await world.deliver(CheckoutExpired(world.gateway.run_out(offered.session_id)))
    again = await world.start()

    assert Outcome.HANDLED is receipt.outcome
    assert [PaymentStatus.EXPIRED, PaymentStatus.PENDING] == world.statuses()
    assert again.created
    assert not (await world.check_access(world.member.user_id)).allowed


@pytest.mark.parametrize("signature", [None, "", "forged"])
async def test_an_invalid_webhook_signature_is_turned_away_and_nothing_is_kept(
    world: "World", signature: str | None
) -> None:
    """The seed's edge case."""
    offered = await world.start()
    event = an_event(CheckoutCompleted(world.gateway.pay(offered.session_id)))
    world.reader.signed(event)
    with pytest.raises(InvalidSignature):
        await world.receive(Delivery(body=event.body, signature=signature))

    assert [] == world.store.events()
    assert PaymentStatus.PENDING is world.payment().status


async def test_signed_bytes_that_are_no_event_are_turned_away_and_nothing_is_kept(world: "World") -> None:
    with pytest.raises(InvalidEvent):
        await world.receive(Delivery(body=b"{}", signature=world.reader.SIGNATURE))

    assert [] == world.store.events()


async def test_an_unknown_kind_of_event_is_kept_as_ignored(world: "World") -> None:
    receipt = await world.deliver(NothingToDo(), type="customer.created")

    assert Outcome.IGNORED is receipt.outcome
    assert [EventState.IGNORED] == [event.state for event in world.store.events()]
    assert [] == world.store.audit


@pytest.mark.parametrize("fact", [CheckoutCompleted, CheckoutExpired])
async def test_a_session_of_another_product_is_kept_as_ignored(
    world: "World", fact: type[CheckoutCompleted] | type[CheckoutExpired]
) -> None:
    receipt = await world.deliver(fact(a_session(payment_id=None)))

    assert Outcome.IGNORED is receipt.outcome
    assert [EventState.IGNORED] == [event.state for event in world.store.events()]
    assert [] == world.store.payments()


async def test_the_end_of_a_session_that_names_an_unknown_payment_is_ignored(world: "World") -> None:
    receipt = await world.deliver(CheckoutExpired(a_session(payment_id=a_payment_id(), settled=False)))

    assert Outcome.IGNORED is receipt.outcome


async def test_while_the_store_is_away_the_provider_is_asked_to_come_back_and_nothing_is_kept(world: "World") -> None:
    offered = await world.start()
    delivery = world.reader.signed(an_event(CheckoutCompleted(world.gateway.pay(offered.session_id))))
    world.faults.away = True
    with pytest.raises(TryAgain):
        await world.receive(delivery)
    world.faults.away = False
    kept = list(world.store.events())
    receipt = await world.receive(delivery)

    assert [] == kept
    assert Outcome.HANDLED is receipt.outcome
    assert PaymentStatus.SUCCEEDED is world.payment().status


@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_commit_of_unknown_outcome_is_settled_by_doing_it_again(world: "World", after_effect: bool) -> None:
    offered = await world.start()
    world.faults.at_commit(1, after_effect=after_effect)
    receipt = await world.deliver(CheckoutCompleted(world.gateway.pay(offered.session_id)))

    assert (Outcome.REPEATED if after_effect else Outcome.HANDLED) is receipt.outcome
    assert PaymentStatus.SUCCEEDED is world.payment().status
    assert ["ready"] == world.jobs(JobKind.ISSUE_RECEIPT)


async def test_when_every_try_stumbles_the_event_is_not_kept_for_later_but_asked_for_again(world: "World") -> None:
    """The store may be back by then: the provider's next delivery does all of it, and no operator is bothered."""
    offered = await world.start()
    for number in range(1, TRIES_MAX + 1):
        world.faults.at_commit(number, after_effect=False)
    with pytest.raises(TryAgain):
        await world.deliver(CheckoutCompleted(world.gateway.pay(offered.session_id)))

    assert [] == world.store.events()
    assert [] == world.store.jobs.rows


async def test_a_session_that_does_not_tell_when_it_was_paid_was_paid_when_the_event_was_made(world: "World") -> None:
    offered = await world.start()
    session = a_session(id=offered.session_id, payment_id=offered.payment.id)
    world.clock.pass_time(timedelta(minutes=10))
    await world.deliver(CheckoutCompleted(session), created=NOON + timedelta(minutes=9))

    assert NOON + timedelta(minutes=9) == world.payment().paid_at


async def test_money_of_the_future_was_received_now(world: "World") -> None:
    """The provider's clock may be ahead of ours: a year that began in the future would let the member pay again meanwhile."""
    offered = await world.start()
    session = a_session(id=offered.session_id, payment_id=offered.payment.id)
    await world.deliver(CheckoutCompleted(session), created=world.clock.now() + timedelta(seconds=200))

    assert world.clock.now() == world.payment().paid_at
    assert world.subscription().access_at(world.clock.now())
    with pytest.raises(AlreadySubscribed):
        await world.start()
