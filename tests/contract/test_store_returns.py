"""Refunds and disputes are kept whole, one writer at a time; years that move are written anew, and never overlap on the way."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from application.errors import Conflict
from application.ports.store import BeginWork
from builders import NOON, a_dispute, a_payment, a_refund
from contract.stores import Store
from contract.values import CAUSE, TO_THE_MICROSECOND, stored
from domain.member import UserId
from domain.payment import Figures, Payment, PaymentStatus, Review
from domain.returns import DisputeStage, RefundStatus, Returns
from domain.subscription import Period, Subscription

ZONE = ZoneInfo("Africa/Casablanca")
DAY = timedelta(days=1)


async def known(begin: BeginWork, payment_intent_id: str = "pi_1") -> Returns:
    """What is stored about a charge."""
    async with begin() as work:
        return await work.returns.of(payment_intent_id)


@pytest.mark.parametrize("status", RefundStatus)
async def test_a_refund_keeps_every_field(begin: BeginWork, status: RefundStatus) -> None:
    refund = a_refund(status=status, created_at=TO_THE_MICROSECOND)
    async with begin() as work:
        work.returns.save_refund(refund)
        await work.commit()

    assert Returns(refunds=(refund,)) == await known(begin)
    assert Returns() == await known(begin, "pi_other")


@pytest.mark.parametrize("stage", DisputeStage)
async def test_a_dispute_keeps_every_field(begin: BeginWork, stage: DisputeStage) -> None:
    dispute = a_dispute(stage=stage, lost_at=TO_THE_MICROSECOND)
    async with begin() as work:
        work.returns.save_dispute(dispute)
        await work.commit()

    assert Returns(disputes=(dispute,)) == await known(begin)


async def test_a_fact_that_goes_on_is_changed_and_not_doubled(begin: BeginWork) -> None:
    refund, dispute = a_refund(status=RefundStatus.PENDING), a_dispute()
    async with begin() as work:
        work.returns.save_refund(refund)
        work.returns.save_dispute(dispute)
        await work.commit()
    later = replace(refund, status=RefundStatus.SUCCEEDED), replace(dispute, stage=DisputeStage.WON)
    async with begin() as work:
        await work.returns.of("pi_1")
        work.returns.save_refund(later[0])
        work.returns.save_dispute(later[1])
        await work.commit()

    assert Returns(refunds=(later[0],), disputes=(later[1],)) == await known(begin)


async def test_two_works_that_tell_of_one_new_refund_do_not_both_keep_it(begin: BeginWork) -> None:
    refund = a_refund()
    async with begin() as first, begin() as second:
        for work in (first, second):
            await work.returns.of("pi_1")
            work.returns.save_refund(refund)
        await first.commit()
        with pytest.raises(Conflict):
            await second.commit()

    assert Returns(refunds=(refund,)) == await known(begin)


async def test_two_works_that_change_one_refund_do_not_overwrite_each_other(begin: BeginWork) -> None:
    refund = a_refund(status=RefundStatus.PENDING)
    async with begin() as work:
        work.returns.save_refund(refund)
        await work.commit()
    async with begin() as first, begin() as second:
        for work, status in ((first, RefundStatus.FAILED), (second, RefundStatus.SUCCEEDED)):
            await work.returns.of("pi_1")
            work.returns.save_refund(replace(refund, status=status))
        await first.commit()
        with pytest.raises(Conflict):
            await second.commit()

    assert [RefundStatus.FAILED] == [found.status for found in (await known(begin)).refunds]


async def test_a_payment_is_found_by_its_charge(begin: BeginWork) -> None:
    payment = a_payment(payment_intent_id="pi_1")
    await stored(begin, payment)
    async with begin() as work:
        found, unknown = await work.payments.of_intent("pi_1"), await work.payments.of_intent("pi_2")

    assert payment == found
    assert unknown is None


async def three_years(begin: BeginWork) -> tuple[Subscription, list[Payment]]:
    """A member with three paid years, one after the other."""
    user_id = UserId("salma")
    payments = [
        a_payment(user_id=user_id, status=PaymentStatus.SUCCEEDED, paid_at=NOON + years * 350 * DAY, renewal=True)
        for years in range(3)
    ]
    for payment in payments:
        await stored(begin, payment)
    async with begin() as work:
        subscription = await work.subscriptions.of(user_id)
        for payment in payments:
            subscription = subscription.extended(payment, ZONE)
        work.subscriptions.save(subscription, CAUSE)
        await work.commit()
    return subscription, payments


async def periods_of(begin: BeginWork) -> tuple[Period, ...]:
    """The stored years of the member."""
    async with begin() as work:
        return (await work.subscriptions.of(UserId("salma"))).periods


@pytest.mark.parametrize("taken", range(3))
async def test_years_that_move_are_written_anew(begin: BeginWork, taken: int) -> None:
    before, payments = await three_years(begin)
    moment = before.periods[taken].starts_at + DAY
    after = before.taken_back(payments[taken].id, moment, now=moment, zone=ZONE)
    async with begin() as work:
        await work.subscriptions.of(before.user_id)
        work.subscriptions.save(after, CAUSE)
        await work.commit()
    moved = await periods_of(begin)
    async with begin() as work:
        await work.subscriptions.of(before.user_id)
        work.subscriptions.save(before, CAUSE)
        await work.commit()

    assert after.periods == moved
    assert before.periods == await periods_of(begin)


async def test_a_year_that_is_bought_and_taken_back_in_one_work_is_read_as_it_was_saved(begin: BeginWork) -> None:
    before, payments = await three_years(begin)
    fourth = a_payment(user_id=before.user_id, status=PaymentStatus.SUCCEEDED, paid_at=NOON - 3 * DAY, renewal=True)
    await stored(begin, fourth)
    async with begin() as work:
        subscription = await work.subscriptions.of(before.user_id)
        work.subscriptions.save(subscription.extended(fourth, ZONE), CAUSE)
        extended = await work.subscriptions.of(before.user_id)
        after = extended.taken_back(payments[1].id, NOON, now=NOON, zone=ZONE)
        work.subscriptions.save(after, CAUSE)
        await work.commit()

    assert 4 == len(after.periods)
    assert after.periods == await periods_of(begin)


async def test_two_works_that_move_the_years_of_one_member_do_not_mix(begin: BeginWork) -> None:
    before, payments = await three_years(begin)
    async with begin() as first, begin() as second:
        for work, payment in zip((first, second), payments, strict=False):
            subscription = await work.subscriptions.of(before.user_id)
            work.subscriptions.save(subscription.taken_back(payment.id, NOON, now=NOON, zone=ZONE), CAUSE)
        await first.commit()
        with pytest.raises(Conflict):
            await second.commit()

    assert before.taken_back(payments[0].id, NOON, now=NOON, zone=ZONE).periods == await periods_of(begin)


async def test_only_what_waits_for_a_decision_is_listed(begin: BeginWork, store: Store) -> None:
    review = Review(expected=Figures(30000, "mad"), received=Figures(1, "mad"))
    waiting = [
        a_payment(status=PaymentStatus.REVIEW, review=review, created_at=NOON),
        a_payment(status=PaymentStatus.SUCCEEDED, paid_at=NOON, duplicate=True, created_at=NOON + DAY),
    ]
    over = [
        a_payment(status=PaymentStatus.REFUNDED, review=review),
        a_payment(status=PaymentStatus.REFUNDED, paid_at=NOON, refunded_minor=30000, duplicate=True),
        a_payment(status=PaymentStatus.SUCCEEDED, paid_at=NOON),
    ]
    for payment in [*over, *reversed(waiting)]:
        await stored(begin, payment)

    assert waiting == await store.under_review.all()
