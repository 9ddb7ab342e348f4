"""Events arrive late, twice and out of order, and the payment ends where the facts are."""

from datetime import timedelta
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from application.ports.gateway import CheckoutCompleted, CheckoutExpired, CheckoutFailed, CheckoutSession, ProviderFact
from application.ports.jobs import JobKind
from application.receive_event import Outcome
from application.start_checkout import OfferedCheckout
from builders import a_payment, a_session
from domain.audit import Cause
from domain.payment import Figures, PaymentStatus, Review

if TYPE_CHECKING:
    from application.conftest import World


async def states_after(world: "World", facts: list[ProviderFact]) -> tuple[list[PaymentStatus], int, list[str]]:
    """What is stored when facts are delivered in an order, each of them twice: statuses, paid years and receipt jobs."""
    for fact in [*facts, *facts]:
        await world.deliver(fact)
    years = sum(len(subscription.periods) for subscription in world.store.subscriptions())
    return world.statuses(), years, world.jobs(JobKind.ISSUE_RECEIPT)


async def unpaid_and_paid(world: "World") -> tuple[CheckoutSession, CheckoutSession]:
    """A checkout that was finished with a delayed method, before and after its money came."""
    offered = await world.start()
    return world.gateway.pay_later(offered.session_id), world.gateway.pay(offered.session_id)


async def test_every_order_of_all_events_about_a_paid_checkout_ends_in_one_paid_year(
    new_world: "type[World]",
) -> None:
    for order in permutations(range(4)):
        world = new_world()
        unpaid, paid = await unpaid_and_paid(world)
        ended = replace(unpaid, status=world.gateway.run_out(unpaid.id).status)
        facts: list[ProviderFact] = [
            CheckoutCompleted(unpaid),
            CheckoutCompleted(paid),
            CheckoutFailed(unpaid),
            CheckoutExpired(ended),
        ]

        assert ([PaymentStatus.SUCCEEDED], 1, ["ready"]) == await states_after(world, [facts[at] for at in order])


async def test_every_order_of_all_events_about_a_failed_checkout_ends_failed(new_world: "type[World]") -> None:
    for order in permutations(range(2)):
        world = new_world()
        unpaid = world.gateway.pay_later((await world.start()).session_id)
        facts: list[ProviderFact] = [CheckoutCompleted(unpaid), CheckoutFailed(unpaid)]

        assert ([PaymentStatus.FAILED], 0, []) == await states_after(world, [facts[at] for at in order])


async def test_an_end_that_is_told_after_the_money_is_ignored(world: "World") -> None:
    offered = await world.start()
    open_session = world.gateway.sessions[offered.session_id]
    await world.deliver(CheckoutCompleted(world.gateway.pay(offered.session_id)))
    await world.deliver(CheckoutExpired(open_session))

    assert [PaymentStatus.SUCCEEDED] == world.statuses()


async def test_money_that_comes_after_the_end_wins(world: "World") -> None:
    offered = await world.start()
    await world.deliver(CheckoutExpired(world.gateway.run_out(offered.session_id)))
    await world.deliver(CheckoutCompleted(world.gateway.pay(offered.session_id)))

    assert [PaymentStatus.SUCCEEDED] == world.statuses()
    assert ("EXPIRED", "SUCCEEDED", "checkout.session.completed") in world.moves()
    assert 1 == len(world.subscription().periods)


async def test_money_that_comes_after_giving_up_wins(world: "World") -> None:
    offered = await world.start()
    async with world.begin() as work:
        payment = await work.payments.get(offered.payment.id, lock=True)
        assert payment is not None
        work.payments.save(payment.cancelled(), Cause(why="given up", actor="member:salma"))
        await work.commit()
    await world.deliver(CheckoutCompleted(world.gateway.pay(offered.session_id)))

    assert [PaymentStatus.SUCCEEDED] == world.statuses()


async def test_a_finished_checkout_without_money_gives_no_access(world: "World") -> None:
    offered = await world.start()
    await world.deliver(CheckoutCompleted(world.gateway.pay_later(offered.session_id)))

    assert [PaymentStatus.PROCESSING] == world.statuses()
    assert [] == world.store.jobs.rows
    assert not (await world.check_access(world.member.user_id)).allowed


async def test_a_delayed_payment_that_fails_frees_the_member(world: "World") -> None:
    offered = await world.start()
    unpaid = world.gateway.pay_later(offered.session_id)
    await world.deliver(CheckoutCompleted(unpaid))
    await world.deliver(CheckoutFailed(unpaid))
    again = await world.start()

    assert again.created
    assert [PaymentStatus.FAILED, PaymentStatus.PENDING] == world.statuses()


async def test_a_delayed_payment_that_succeeds_is_heard_of_before_the_checkout_was_finished(world: "World") -> None:
    unpaid, paid = await unpaid_and_paid(world)
    await world.deliver(CheckoutCompleted(paid), type="checkout.session.async_payment_succeeded")
    await world.deliver(CheckoutCompleted(unpaid))

    assert [PaymentStatus.SUCCEEDED] == world.statuses()
    assert 1 == len(world.subscription().periods)


@pytest.mark.parametrize("fact", [CheckoutExpired, CheckoutFailed])
async def test_money_counts_whatever_the_event_is_called(
    world: "World", fact: type[CheckoutExpired] | type[CheckoutFailed]
) -> None:
    offered = await world.start()
    await world.deliver(fact(world.gateway.pay(offered.session_id)))

    assert [PaymentStatus.SUCCEEDED] == world.statuses()


@pytest.mark.parametrize(
    "received", [Figures(29999, "mad"), Figures(30000, "usd"), Figures(None, None), Figures(0, "mad")]
)
async def test_money_that_does_not_match_activates_nothing_and_loses_nothing(world: "World", received: Figures) -> None:
    offered = await world.start()
    receipt = await world.deliver(CheckoutCompleted(world.gateway.pay(offered.session_id, received)))

    assert Outcome.HANDLED is receipt.outcome
    assert [PaymentStatus.REVIEW] == world.statuses()
    assert Review(expected=Figures(30000, "mad"), received=received) == world.payment().review
    assert ("PENDING", "REVIEW", "checkout.session.completed") in world.moves()
    assert [] == world.store.jobs.rows
    assert [] == world.store.subscriptions()


async def test_two_sessions_paid_side_by_side_buy_one_year(world: "World") -> None:
    first = await world.start()
    await world.deliver(CheckoutExpired(world.gateway.run_out(first.session_id)))
    second = await world.start()
    await world.deliver(CheckoutCompleted(world.gateway.pay(first.session_id)))
    receipt = await world.deliver(CheckoutCompleted(world.gateway.pay(second.session_id)))

    assert Outcome.HANDLED is receipt.outcome
    assert [PaymentStatus.SUCCEEDED, PaymentStatus.SUCCEEDED] == world.statuses()
    assert [first.payment.id] == [period.payment_id for period in world.subscription().periods]


async def test_the_end_of_a_session_that_an_earlier_attempt_left_says_nothing_about_the_payment(
    world: "World",
) -> None:
    offered = await world.start()
    stray = replace(world.gateway.sessions[offered.session_id], id="cs_test_stray")
    await world.deliver(CheckoutExpired(stray))
    await world.deliver(CheckoutFailed(stray))

    assert [PaymentStatus.PENDING] == world.statuses()
    assert offered.session_id == world.payment().checkout_session_id


async def a_stray_that_was_paid(world: "World") -> tuple[OfferedCheckout, CheckoutSession]:
    """A checkout that a member was sent to, and one that an earlier attempt left behind, through which they have paid."""
    offered = await world.start()
    own = world.gateway.sessions[offered.session_id]
    stray = replace(world.gateway.pay(offered.session_id), id="cs_test_stray", payment_intent_id="pi_stray")
    world.gateway.sessions |= {own.id: own, stray.id: stray}
    return offered, stray


@pytest.mark.parametrize("own_is", ["open", "finished", "paid"])
async def test_money_through_a_checkout_left_behind_closes_the_payment_s_own_and_buys_the_year_once(
    world: "World", own_is: str
) -> None:
    offered, stray = await a_stray_that_was_paid(world)
    receipt = await world.deliver(CheckoutCompleted(stray))
    kept = world.statuses(), [session.id for session in world.payable_sessions()]
    if own_is == "finished":
        world.gateway.pay_later(offered.session_id)
    if own_is == "paid":
        world.gateway.pay(offered.session_id)
    world.clock.pass_time(timedelta(seconds=10))
    met = await world.work()
    await world.work()
    by_session = {payment.checkout_session_id: payment.status for payment in world.store.payments()}

    assert Outcome.PARKED is receipt.outcome
    assert ([PaymentStatus.PENDING], [offered.session_id]) == kept
    assert [] == world.payable_sessions()
    assert [] == met
    if own_is == "finished":  # its bank has still to decide: should its money come, that is a second one
        assert {offered.session_id: PaymentStatus.PROCESSING, stray.id: PaymentStatus.SUCCEEDED} == by_session
    elif own_is == "paid":
        assert {offered.session_id: PaymentStatus.SUCCEEDED, stray.id: PaymentStatus.REFUNDED} == by_session
    else:
        assert {offered.session_id: PaymentStatus.EXPIRED, stray.id: PaymentStatus.SUCCEEDED} == by_session
        assert 1 == len(world.subscription().periods)


async def test_money_beside_a_checkout_whose_bank_has_still_to_decide_buys_the_year_and_the_bank_s_goes_back(
    world: "World",
) -> None:
    offered, stray = await a_stray_that_was_paid(world)
    await world.deliver(CheckoutCompleted(world.gateway.pay_later(offered.session_id)))
    receipt = await world.deliver(CheckoutCompleted(stray))
    at_once = world.subscription().access_at(world.clock.now())
    await world.deliver(CheckoutCompleted(world.gateway.pay(offered.session_id)))
    await world.work()
    by_session = {payment.checkout_session_id: payment.status for payment in world.store.payments()}

    assert Outcome.HANDLED is receipt.outcome
    assert at_once
    assert {offered.session_id: PaymentStatus.REFUNDED, stray.id: PaymentStatus.SUCCEEDED} == by_session
    assert 1 == len(world.subscription().periods)


async def test_money_for_a_second_session_of_a_paid_payment_is_a_payment_of_its_own_and_given_back(
    world: "World",
) -> None:
    offered = await world.start()
    paid = world.gateway.pay(offered.session_id)
    await world.deliver(CheckoutCompleted(paid))
    stray = replace(paid, id="cs_test_stray", payment_intent_id="pi_stray", invoice_id=None)
    world.gateway.sessions[stray.id] = stray
    receipts = [await world.deliver(CheckoutCompleted(stray)) for _ in range(2)]
    for _ in range(3):
        await world.work()

    assert [Outcome.HANDLED] * 2 == [receipt.outcome for receipt in receipts]
    assert {offered.session_id: PaymentStatus.SUCCEEDED, "cs_test_stray": PaymentStatus.REFUNDED} == {
        payment.checkout_session_id or "": payment.status for payment in world.store.payments()
    }
    assert [offered.payment.id] == [period.payment_id for period in world.subscription().periods]
    assert ["pi_stray"] == [refund.payment_intent_id for refund in world.gateway.refunds.values()]


async def test_the_session_that_we_stored_outweighs_the_id_that_it_carries(world: "World") -> None:
    """Somebody changed the metadata at the provider."""
    offered = await world.start()
    world.gateway.run_out(offered.session_id)
    await world.deliver(CheckoutExpired(world.gateway.sessions[offered.session_id]))
    other = await world.start()
    paid = world.gateway.pay(offered.session_id)
    altered = replace(paid, payment_id=other.payment.id, payment_names=(str(other.payment.id),))
    await world.deliver(CheckoutCompleted(altered))

    assert PaymentStatus.REVIEW is world.payment(offered.payment.id).status
    assert PaymentStatus.PENDING is world.payment(other.payment.id).status


async def test_a_failure_told_of_a_checkout_that_is_still_open_leaves_it_payable(world: "World") -> None:
    offered = await world.start()
    still_open = world.gateway.sessions[offered.session_id]
    await world.deliver(CheckoutFailed(still_open))
    after_the_word = world.statuses()
    await world.deliver(CheckoutCompleted(world.gateway.pay(offered.session_id)))

    assert [PaymentStatus.PENDING] == after_the_word
    assert [PaymentStatus.SUCCEEDED] == world.statuses()


async def test_money_that_names_our_payment_only_by_the_reference_is_ours(world: "World") -> None:
    offered = await world.start()
    paid = replace(world.gateway.pay(offered.session_id), payment_id=None, reference=offered.payment.id)
    await world.deliver(CheckoutCompleted(paid))

    assert [PaymentStatus.SUCCEEDED] == world.statuses()


async def test_a_reference_of_another_product_is_none_of_ours_also_where_it_looks_like_one(world: "World") -> None:
    foreign = a_session(payment_id=None, reference=a_payment().id)
    receipt = await world.deliver(CheckoutCompleted(foreign))

    assert Outcome.IGNORED is receipt.outcome
    assert [] == world.jobs(JobKind.RETRY_EVENT)
