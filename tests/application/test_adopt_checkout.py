"""A checkout was paid whose payment is not stored: an operator has it made a payment, and its member gets what they paid for."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from adapters.memory.store import MemoryStore
from application.errors import ProviderUnavailable
from application.ports.gateway import CheckoutCompleted, CheckoutSession, Payer
from application.ports.jobs import JobKind
from application.ports.store import Customer
from builders import a_payment_id
from domain.errors import NotAdoptable, NotFound
from domain.member import Locale
from domain.money import Money
from domain.payment import Figures, PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World

P = PaymentStatus
WHY = "begun after the backup"


async def orphan(world: "World", received: Figures | None = None) -> CheckoutSession:
    """A paid checkout of ours, and a store that was restored from before it was begun."""
    offered = await world.start()
    paid = world.gateway.pay(offered.session_id, received)
    forget_everything(world)
    return paid


def forget_everything(world: "World") -> None:
    """The database is lost, and an empty one takes its place."""
    world.store.__dict__ |= MemoryStore(world.clock).__dict__


async def test_its_member_gets_the_year_the_receipt_and_the_mail(world: "World") -> None:
    paid = await orphan(world)
    adopted = await world.adopt(paid.id, operator="amina", reason=WHY)
    await world.work_for_an_hour()
    payment = world.payment()
    (period,) = world.subscription().periods
    (customer,) = world.customers()

    assert adopted.made
    assert (paid.payment_id, paid.id, paid.payment_intent_id) == (
        *(payment.id, payment.checkout_session_id),
        payment.payment_intent_id,
    )
    assert (world.member.user_id, "talent_membership") == (payment.user_id, payment.plan)
    assert (P.SUCCEEDED, Money(30000, "mad"), paid.paid_at) == (payment.status, payment.amount, payment.paid_at)
    assert paid.paid_at == period.bought_at == period.starts_at
    assert ["2026-000001"] == [letter.subject for letter in world.mailer.delivered]
    assert (world.member.email, world.member.name, Locale.FRENCH, "cus_1") == (
        *(customer.email, customer.name, customer.locale),
        customer.provider_id,
    )
    assert [
        (None, "PENDING", f"adopted from its paid checkout: {WHY}"),
        ("PENDING", "SUCCEEDED", f"adopted from its paid checkout: {WHY}"),
    ] == world.moves()
    assert {"operator:amina"} == {row.cause.actor for row in world.store.audit if "adopted" in row.cause.why}


async def test_to_adopt_again_or_at_once_changes_nothing(world: "World") -> None:
    paid = await orphan(world)
    adopted = await asyncio.gather(*(world.adopt(paid.id, operator="amina", reason=WHY) for _ in range(5)))
    again = await world.adopt(paid.id, operator="amina", reason=WHY)

    assert [False] * 4 + [True] == sorted(one.made for one in adopted)
    assert (world.payment(), False) == (again.payment, again.made)
    assert 1 == len(world.subscription().periods)
    assert 1 == len(world.jobs(JobKind.ISSUE_RECEIPT))


async def test_its_parked_event_is_handled_from_then_on(world: "World") -> None:
    paid = await orphan(world)
    await world.deliver(CheckoutCompleted(paid))
    (parked,) = world.store.events()
    await world.adopt(paid.id, operator="amina", reason=WHY)
    await world.work_for_an_hour()
    (handled,) = world.store.events()

    assert f"`payments review adopt {paid.id}` stores it" in (parked.error or "")
    assert ("parked", "handled") == (parked.state, handled.state)
    assert [P.SUCCEEDED] == world.statuses()


async def test_reconciliation_names_it_with_the_command_until_it_is_adopted(world: "World") -> None:
    paid = await orphan(world)
    (named,) = (await world.reconcile(whatever_the_age=True)).differences
    await world.adopt(paid.id, operator="amina", reason=WHY)
    after = await world.reconcile(whatever_the_age=True)

    assert (paid.id, False) == (named.id, named.repaired)
    assert f"`payments review adopt {paid.id}`" in named.why
    assert () == after.differences


async def test_what_went_back_before_takes_its_time_back(world: "World") -> None:
    paid = await orphan(world)
    world.gateway.give_back(paid.id)
    await world.reconcile(whatever_the_age=True)
    adopted = await world.adopt(paid.id, operator="amina", reason=WHY)

    assert P.REFUNDED is adopted.payment.status
    assert [True] == [period.taken_back_at is not None for period in world.subscription().periods]


async def test_a_renewal_extends_the_time_that_the_restored_database_knows(world: "World") -> None:
    await world.buy()
    world.clock.pass_time(timedelta(days=340))
    offered = await world.start()
    paid = world.gateway.pay(offered.session_id)
    world.store.rows = {key: row for key, row in world.store.rows.items() if key[1] != offered.payment.id}
    adopted = await world.adopt(paid.id, operator="amina", reason=WHY)
    first, second = world.subscription().periods

    assert (P.SUCCEEDED, False) == (adopted.payment.status, adopted.payment.duplicate)
    assert first.ends_at == second.starts_at


async def test_one_whose_member_has_paid_again_meanwhile_is_given_back(world: "World") -> None:
    paid = await orphan(world)
    world.clock.pass_time(timedelta(hours=1))
    await world.buy()
    world.clock.pass_time(timedelta(hours=1))
    late = replace(paid, paid_at=world.clock.now())
    world.gateway.sessions[paid.id] = late
    adopted = await world.adopt(paid.id, operator="amina", reason=WHY)
    await world.work_for_an_hour()

    assert adopted.payment.duplicate
    assert P.REFUNDED is world.payment(adopted.payment.id).status
    assert 1 == len(world.subscription().periods)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"settled": False}, "not paid: there is nothing to adopt"),
        ({"payment_id": None}, "opened by another product"),
        ({"user_name": None}, "names no member"),
        ({"user_name": "a/b"}, "names no member"),
        ({"plan_name": "gone"}, "the plan gone, which is not in the price list"),
        ({"plan_name": None}, "the plan None, which is not in the price list"),
        ({"received": Figures(None, "mad")}, "does not tell what was charged"),
        ({"received": Figures(30000, None)}, "does not tell what was charged"),
        ({"received": Figures(0, "mad")}, "does not tell what was charged"),
        ({"payer": Payer(name="Salma")}, "names no address"),
        ({"payer": Payer(email="not an address")}, "names no address"),
    ],
)
async def test_what_is_none_of_ours_or_does_not_tell_enough_is_refused(
    world: "World", changes: dict[str, object], why: str
) -> None:
    paid = await orphan(world)
    world.gateway.sessions[paid.id] = replace(paid, **changes)

    with pytest.raises(NotAdoptable, match=why):
        await world.adopt(paid.id, operator="amina", reason=WHY)
    assert {} == world.store.rows
    assert [] == world.store.audit


async def test_one_that_names_another_member_than_its_reference_waits_for_a_decision(world: "World") -> None:
    paid = await orphan(world)
    world.gateway.sessions[paid.id] = replace(paid, payment_names=(str(paid.payment_id), str(a_payment_id())))
    adopted = await world.adopt(paid.id, operator="amina", reason=WHY)

    assert P.REVIEW is adopted.payment.status
    assert [] == world.store.subscriptions()


async def test_one_that_the_provider_does_not_know_is_not_found(world: "World") -> None:
    with pytest.raises(NotFound, match="knows no checkout of that id"):
        await world.adopt("cs_test_nothing", operator="amina", reason=WHY)


async def test_one_that_names_a_stored_payment_of_another_checkout_is_left_to_reconciliation(world: "World") -> None:
    paid = await world.paid_session()
    stray = replace(paid, id="cs_test_stray")
    world.gateway.sessions[stray.id] = stray

    with pytest.raises(NotAdoptable, match=r"which is stored: `payments reconcile` takes its money"):
        await world.adopt(stray.id, operator="amina", reason=WHY)
    assert P.PENDING is world.payment().status


async def test_one_whose_payment_is_stored_and_has_not_heard_of_its_money_is_confirmed(world: "World") -> None:
    paid = await world.paid_session()
    adopted = await world.adopt(paid.id, operator="amina", reason=WHY)

    assert (False, P.SUCCEEDED) == (adopted.made, adopted.payment.status)
    assert adopted.payment == world.payment()
    assert 1 == len(world.subscription().periods)


async def test_the_address_that_is_stored_is_kept(world: "World") -> None:
    paid = await orphan(world)
    known = Customer(user_id=world.member.user_id, email="salma@elsewhere.example", name="S", locale=Locale.ARABIC)
    async with world.begin() as work:
        work.customers.save(known)
        await work.commit()
    await world.adopt(paid.id, operator="amina", reason=WHY)

    assert [replace(known, provider_id="cus_1")] == world.customers()


async def test_a_provider_that_is_away_keeps_nothing_half_done(world: "World") -> None:
    paid = await orphan(world)
    world.gateway.fail_next("checkout")
    with pytest.raises(ProviderUnavailable):
        await world.adopt(paid.id, operator="amina", reason=WHY)
    world.faults.at_commit(1, after_effect=True)
    adopted = await world.adopt(paid.id, operator="amina", reason=WHY)

    assert P.SUCCEEDED is adopted.payment.status
    assert 1 == len(world.subscription().periods)
