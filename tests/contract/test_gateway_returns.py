"""Money that goes back at a payment provider: once for a key, never more than was paid, and every list tells of it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from application.errors import ProviderRefused, ProviderUnavailable
from application.ports.gateway import CheckoutSession, RefundOrder, RefundReason
from application.ports.records import Page
from builders import a_payment_id
from contract.gateways import Provider, ProviderInSandbox, a_provider_customer, an_open_checkout, an_order
from domain.returns import DisputeStage, RefundStatus, Returns


async def a_paid_checkout(provider: Provider) -> CheckoutSession:
    """A talent's checkout that was paid."""
    payment_id = a_payment_id()
    customer_id = await a_provider_customer(provider, key=f"customer:{payment_id}")
    opened = await an_open_checkout(provider, an_order(provider, customer_id, payment_id=payment_id))
    await provider.pay(opened.id)
    paid = await provider.gateway.checkout(opened.id)
    assert paid is not None
    return paid


def an_order_to_refund(session: CheckoutSession, amount_minor: int = 30000) -> RefundOrder:
    """An order to give money back."""
    return RefundOrder(
        payment_intent_id=session.payment_intent_id or "",
        payment_id=a_payment_id(),
        amount_minor=amount_minor,
        reason=RefundReason.DUPLICATE,
    )


async def returns_of(provider: Provider, session: CheckoutSession) -> Returns:
    """What went back of a session."""
    return await provider.gateway.returns_of(session.payment_intent_id or "")


async def test_one_key_gives_money_back_once(provider: Provider) -> None:
    order = an_order_to_refund(session := await a_paid_checkout(provider))
    made = [await provider.gateway.refund(order, key="refund:1:1") for _ in range(2)]
    returns = await returns_of(provider, session)

    assert made[0] == made[1]
    assert (30000, "mad", RefundStatus.SUCCEEDED) == (made[0].amount_minor, made[0].currency, made[0].status)
    assert [made[0].id] == [refund.id for refund in returns.refunds]
    assert 30000 == returns.refunded_minor("mad")


async def test_twenty_that_give_money_back_under_one_key_at_once_give_it_once(provider: Provider) -> None:
    order = an_order_to_refund(session := await a_paid_checkout(provider))

    async def refund() -> None:
        try:
            await provider.gateway.refund(order, key="refund:1:1")
        except ProviderUnavailable:
            return

    await asyncio.gather(*(refund() for _ in range(20)))

    assert 1 == len((await returns_of(provider, session)).refunds)


@pytest.mark.parametrize("before", [30000, 1])
async def test_more_than_is_left_is_refused(provider: Provider, before: int) -> None:
    session = await a_paid_checkout(provider)
    await provider.give_back(session.id, before)

    with pytest.raises(ProviderRefused):
        await provider.gateway.refund(an_order_to_refund(session), key="refund:1:1")


async def test_parts_from_the_dashboard_and_failures_are_told(provider: Provider) -> None:
    session = await a_paid_checkout(provider)
    for amount in (100, 200):
        await provider.give_back(session.id, amount)
    (failing,) = [refund for refund in (await returns_of(provider, session)).refunds if refund.amount_minor == 100]
    await provider.fail_refund(failing.id)
    returns = await returns_of(provider, session)

    assert {100: RefundStatus.FAILED, 200: RefundStatus.SUCCEEDED} == {
        refund.amount_minor: refund.status for refund in returns.refunds
    }
    assert 200 == returns.refunded_minor("mad")


@pytest.mark.parametrize(("lost", "stage"), [(False, DisputeStage.OPEN), (True, DisputeStage.LOST)])
async def test_a_dispute_is_told_of_its_charge_alone(provider: Provider, lost: bool, stage: DisputeStage) -> None:
    session, other = await a_paid_checkout(provider), await a_paid_checkout(provider)
    await provider.dispute(session.id, lost=lost)
    (dispute,) = (await returns_of(provider, session)).disputes

    assert (stage, 30000, session.payment_intent_id) == (dispute.stage, dispute.amount_minor, dispute.payment_intent_id)
    assert lost == (dispute.lost_at is not None)
    assert Returns() == await returns_of(provider, other)


async def test_a_charge_that_nobody_knows_has_no_returns(provider: Provider) -> None:
    assert Returns() == await provider.gateway.returns_of("not an id")


async def every_item(page_after: Callable[[str | None], Awaitable[Page[bytes]]]) -> list[bytes]:
    """All items of a list, page by page."""
    items: list[bytes] = []
    after: str | None = None
    while True:
        page = await page_after(after)
        items += page.items
        after = page.next
        if after is None:
            return items


async def test_the_lists_tell_of_everything_since_a_time(provider: Provider) -> None:
    since = provider.now() - timedelta(minutes=1)
    sessions = [await a_paid_checkout(provider) for _ in range(3)]
    await provider.give_back(sessions[0].id, 100)
    await provider.dispute(sessions[1].id)

    assert {session.id for session in sessions} == {
        found.id for found in (await provider.records.checkouts(since)).items
    }
    assert [sessions[0].payment_intent_id] == [
        refund.payment_intent_id for refund in (await provider.records.refunds(since)).items
    ]
    assert [sessions[1].payment_intent_id] == [
        dispute.payment_intent_id for dispute in (await provider.records.disputes(since)).items
    ]
    later = provider.now() + timedelta(minutes=1)
    assert () == (await provider.records.refunds(later)).items
    assert () == (await provider.records.disputes(later)).items


async def test_events_are_listed_in_pages_with_what_the_webhook_would_have_brought(
    in_sandbox: ProviderInSandbox,
) -> None:
    since = in_sandbox.now() - timedelta(minutes=1)
    sessions = [await a_paid_checkout(in_sandbox) for _ in range(2)]
    for amount in range(1, 60):
        await in_sandbox.give_back(sessions[0].id, amount)
    bodies = await every_item(lambda after: in_sandbox.records.events(since, after=after))

    assert len(bodies) > 2 * 59 + 2
    assert len(set(bodies)) == len(bodies)
    assert all(session.id in str(bodies) for session in sessions)
