"""Who comes second is told: by the rule that was broken, or because the value is no longer the one that was read."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from application.errors import Conflict
from application.ports.store import BeginWork, UnitOfWork
from builders import a_payment
from contract.stores import Store
from contract.values import CAUSE, a_customer, a_mail, a_paid_payment, a_period, a_subscription, stored, stored_payment
from domain.checkout import Checkout
from domain.invoice import Invoice, ReceiptNumber
from domain.payment import Payment, PaymentStatus

Change = Callable[[UnitOfWork, Payment, str], Awaitable[None]]


async def change_payment(work: UnitOfWork, payment: Payment, mark: str) -> None:
    known = await work.payments.get(payment.id)
    assert known is not None
    work.payments.save(replace(known, checkout_session_id=f"cs_{payment.id}_{mark}"), CAUSE)


async def change_subscription(work: UnitOfWork, payment: Payment, mark: str) -> None:
    known = await work.subscriptions.of(payment.user_id)
    period = a_period(payment, known.periods[-1].ends_at if known.periods else payment.created_at, days=len(mark))
    work.subscriptions.save(a_subscription(payment.user_id, *known.periods, period), CAUSE)


async def change_customer(work: UnitOfWork, payment: Payment, mark: str) -> None:
    known = await work.customers.of(payment.user_id) or a_customer(user_id=payment.user_id)
    work.customers.save(replace(known, name=mark))


async def change_checkout(work: UnitOfWork, payment: Payment, mark: str) -> None:
    known = await work.checkouts.of(payment.id) or Checkout(payment_id=payment.id)
    work.checkouts.save(replace(known, url=mark))


async def change_invoice(work: UnitOfWork, payment: Payment, mark: str) -> None:
    known = await work.invoices.of(payment.id) or Invoice(payment_id=payment.id)
    work.invoices.save(replace(known, stripe_invoice_id=mark))


CHANGES = [change_subscription, change_customer, change_checkout, change_invoice]


@pytest.mark.parametrize("change", CHANGES)
async def test_of_two_that_add_the_same_the_second_is_told(begin: BeginWork, change: Change) -> None:
    payment = await stored_payment(begin)
    async with begin() as second:
        await change(second, payment, "second")
        async with begin() as first:
            await change(first, payment, "first")
            await first.commit()

        with pytest.raises(Conflict):
            await second.commit()


@pytest.mark.parametrize("change", [change_payment, *CHANGES[1:]])
async def test_of_two_that_change_the_same_the_second_is_told(begin: BeginWork, change: Change) -> None:
    payment = await stored_payment(begin)
    async with begin() as work:
        await change(work, payment, "before")
        await work.commit()
    async with begin() as second:
        await change(second, payment, "second")
        async with begin() as first:
            await change(first, payment, "first")
            await first.commit()

        with pytest.raises(Conflict):
            await second.commit()


async def test_of_two_that_extend_a_subscription_the_second_is_told(begin: BeginWork) -> None:
    payments = [a_paid_payment() for _ in range(3)]
    payments = [replace(payment, user_id=payments[0].user_id) for payment in payments]
    await stored(begin, *payments)
    async with begin() as work:
        await change_subscription(work, payments[0], "before")
        await work.commit()
    async with begin() as second:
        await change_subscription(second, payments[2], "second")
        async with begin() as first:
            await change_subscription(first, payments[1], "first")
            await first.commit()

        with pytest.raises(Conflict):
            await second.commit()

    async with begin() as work:
        found = await work.subscriptions.of(payments[0].user_id)
    assert [payments[0].id, payments[1].id] == [period.payment_id for period in found.periods]


async def test_the_first_of_two_writers_is_not_disturbed_by_the_second(begin: BeginWork) -> None:
    payment = await stored_payment(begin)
    async with begin() as second:
        await change_payment(second, payment, "second")
        async with begin() as first:
            await change_payment(first, payment, "first")
            await first.commit()
        with pytest.raises(Conflict):
            await second.commit()

    async with begin() as work:
        found = await work.payments.get(payment.id)
    assert found is not None
    assert found.checkout_session_id == f"cs_{payment.id}_first"


async def test_after_a_conflict_the_same_done_again_succeeds(begin: BeginWork) -> None:
    payment = await stored_payment(begin)
    async with begin() as second:
        await change_payment(second, payment, "second")
        async with begin() as first:
            await change_payment(first, payment, "first")
            await first.commit()
        with pytest.raises(Conflict):
            await second.commit()
    async with begin() as again:
        await change_payment(again, payment, "second")
        await again.commit()

    async with begin() as work:
        found = await work.payments.get(payment.id)
    assert found is not None
    assert found.checkout_session_id == f"cs_{payment.id}_second"


async def test_of_two_that_word_the_same_letter_one_s_words_are_kept(begin: BeginWork) -> None:
    payment = await stored_payment(begin)

    async def word(text: str) -> bool:
        mail = a_mail(payment.id, key="the key", provider_id=text)
        async with begin() as work:
            if await work.mails.of(mail.key) is not None:
                return False
            work.mails.save(mail)
            try:
                await work.commit()
            except Conflict:
                return False
        return True

    worded = await asyncio.gather(*(word(text) for text in ("first", "second", "third")))
    async with begin() as work:
        found = await work.mails.of("the key")

    assert 1 == sum(worded)
    assert found is not None
    assert found.provider_id == ("first", "second", "third")[worded.index(True)]


async def test_a_payment_is_added_once(begin: BeginWork) -> None:
    payment = await stored_payment(begin)

    with pytest.raises(Conflict):
        await stored(begin, payment)


async def test_a_member_has_one_pending_payment(begin: BeginWork) -> None:
    first = await stored_payment(begin)

    with pytest.raises(Conflict) as refused:
        await stored(begin, a_payment(user_id=first.user_id))
    assert refused.value.constraint == "uq_payments_one_payable"


async def test_two_pending_payments_of_a_member_are_a_conflict_within_one_work_too(begin: BeginWork) -> None:
    first = a_payment()

    with pytest.raises(Conflict) as refused:
        await stored(begin, first, a_payment(user_id=first.user_id))
    assert refused.value.constraint == "uq_payments_one_payable"


@pytest.mark.parametrize("status", sorted(set(PaymentStatus) - {PaymentStatus.PENDING, PaymentStatus.REVIEW}))
async def test_beside_a_payment_that_is_not_pending_a_member_may_start_another(
    begin: BeginWork, status: PaymentStatus
) -> None:
    paid = status in (PaymentStatus.SUCCEEDED, PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED)
    first = a_paid_payment(status=status) if paid else a_payment(status=status)
    await stored(begin, first)
    second = a_payment(user_id=first.user_id)
    await stored(begin, second)

    async with begin() as work:
        assert second == await work.payments.unfinished_of(first.user_id)


@pytest.mark.parametrize("name", ["checkout_session_id", "payment_intent_id"])
async def test_a_session_and_an_intent_belong_to_one_payment(begin: BeginWork, name: str) -> None:
    await stored_payment(begin, **{name: "the_same"})

    with pytest.raises(Conflict) as refused:
        await stored(begin, a_payment(**{name: "the_same"}))
    assert refused.value.constraint == f"uq_payments_{name}"


async def test_a_receipt_number_is_given_once(begin: BeginWork) -> None:
    payments = [await stored_payment(begin), await stored_payment(begin)]

    with pytest.raises(Conflict) as refused:
        for payment in payments:
            async with begin() as work:
                number = ReceiptNumber("2026-000001")
                work.invoices.save(Invoice(payment_id=payment.id, number=number, issued_at=payment.created_at))
                await work.commit()
    assert refused.value.constraint == "uq_invoices_number"


async def test_a_provider_s_customer_belongs_to_one_member(begin: BeginWork) -> None:
    with pytest.raises(Conflict) as refused:
        for _ in range(2):
            async with begin() as work:
                work.customers.save(a_customer(provider_id="cus_the_same"))
                await work.commit()
    assert refused.value.constraint == "uq_customers_provider_id"


async def test_a_refused_work_leaves_the_store_usable(store: Store, begin: BeginWork) -> None:
    first = await stored_payment(begin)
    for _ in range(20):
        with pytest.raises(Conflict):
            await stored(begin, a_payment(user_id=first.user_id))

    assert len(await store.audit()) == 1
    assert (await stored_payment(begin)).status is PaymentStatus.PENDING
