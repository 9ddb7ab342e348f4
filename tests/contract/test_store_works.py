"""A unit of work: all of it or nothing, and nobody overwrites what they have not seen."""

import pytest
from msgspec.structs import replace

from application.errors import Conflict
from application.ports.jobs import JobKind, NewJob
from application.ports.store import BeginWork
from builders import NOON, a_payment, a_payment_id, an_event
from contract.stores import Store
from contract.values import CAUSE, a_customer, a_mail, a_paid_payment, payment_of, stored, stored_payment
from domain.checkout import Checkout
from domain.invoice import Invoice
from domain.member import UserId
from domain.payment import PaymentStatus
from domain.subscription import SubscriptionStatus


async def test_leaving_without_commit_forgets_everything(store: Store, begin: BeginWork) -> None:
    payment, customer, event = a_payment(), a_customer(), an_event()
    async with begin() as work:
        await work.inbox.first_time(event)
        await work.invoices.next_sequence(2026)
        work.payments.add(payment, CAUSE)
        work.checkouts.save(Checkout(payment_id=payment.id))
        work.customers.save(customer)
        work.refused_currencies.add("mad", "no", NOON)
        work.jobs.enqueue(NewJob(kind=JobKind.ISSUE_RECEIPT, subject=str(payment.id)))

    async with begin() as work:
        assert await work.payments.get(payment.id) is None
        assert await work.checkouts.of(payment.id) is None
        assert await work.customers.of(customer.user_id) is None
        assert await work.refused_currencies.all() == frozenset()
        assert await work.invoices.next_sequence(2026) == 1
        assert await work.inbox.first_time(event)
    assert await store.audit() == []
    assert await store.jobs() == []


async def test_an_error_inside_undoes_everything_and_comes_out_unchanged(store: Store, begin: BeginWork) -> None:
    payment, event = a_payment(), an_event()
    with pytest.raises(ZeroDivisionError):
        async with begin() as work:
            await work.inbox.first_time(event)
            work.payments.add(payment, CAUSE)
            raise ZeroDivisionError

    assert await payment_of(begin, payment.id) is None
    assert await store.events() == []
    assert await store.audit() == []


async def test_a_conflict_at_commit_undoes_what_stood_beside_it(store: Store, begin: BeginWork) -> None:
    first = await stored_payment(begin)
    second, customer, event = a_payment(user_id=first.user_id), a_customer(), an_event()
    with pytest.raises(Conflict):
        async with begin() as work:
            await work.inbox.first_time(event)
            work.customers.save(customer)
            work.payments.add(second, CAUSE)
            work.jobs.enqueue(NewJob(kind=JobKind.ISSUE_RECEIPT, subject=str(second.id)))
            await work.commit()

    async with begin() as work:
        assert await work.customers.of(customer.user_id) is None
        assert await work.inbox.first_time(event)
    assert await store.jobs() == []
    assert len(await store.audit()) == 1


async def test_what_a_work_saved_it_reads_back_before_the_commit(begin: BeginWork) -> None:
    payment = await stored_payment(begin)
    async with begin() as work:
        customer = a_customer()
        work.customers.save(customer)
        checkout = Checkout(payment_id=payment.id, attempt=2)
        work.checkouts.save(checkout)

        assert customer == await work.customers.of(customer.user_id)
        assert checkout == await work.checkouts.of(payment.id)


async def test_a_committed_work_is_seen_by_the_next(begin: BeginWork) -> None:
    payment = await stored_payment(begin)

    assert payment == await payment_of(begin, payment.id)


async def test_an_unknown_key_is_null(begin: BeginWork) -> None:
    payment_id = a_payment_id()
    async with begin() as work:
        assert await work.payments.get(payment_id) is None
        assert await work.payments.get(payment_id, lock=True) is None
        assert await work.payments.of_session("cs_unknown", payment_id) is None
        assert await work.payments.of_session("cs_unknown", None) is None
        assert await work.payments.unfinished_of(UserId("nobody")) is None
        assert await work.customers.of(UserId("nobody")) is None
        assert await work.checkouts.of(payment_id) is None
        assert await work.invoices.of(payment_id) is None
        assert await work.mails.of("nothing") is None
        assert await work.inbox.parked("evt_unknown") is None
        assert (await work.subscriptions.of(UserId("nobody"))).status is SubscriptionStatus.NONE


async def test_several_saves_of_one_value_in_one_work_leave_the_last(begin: BeginWork) -> None:
    payment = await stored_payment(begin)
    invoice = Invoice(payment_id=payment.id, stripe_invoice_id="in_first")
    async with begin() as work:
        known = await work.payments.get(payment.id)
        assert known is not None
        work.payments.save(known.opened("cs_first"), CAUSE)
        work.payments.save(known.opened("cs_second").processing(), CAUSE)
        work.invoices.save(invoice)
        work.invoices.save(replace(invoice, stripe_invoice_id="in_second"))
        await work.commit()

    found = await payment_of(begin, payment.id)
    async with begin() as work:
        kept = await work.invoices.of(payment.id)

    assert payment.opened("cs_second").processing() == found
    assert replace(invoice, stripe_invoice_id="in_second") == kept


async def test_a_value_added_and_changed_in_one_work_is_stored_as_changed(store: Store, begin: BeginWork) -> None:
    payment = a_payment()
    async with begin() as work:
        work.payments.add(payment, CAUSE)
        work.payments.save(payment.opened("cs_at_once").expired(), CAUSE)
        await work.commit()

    assert payment.opened("cs_at_once").expired() == await payment_of(begin, payment.id)
    assert [(None, "PENDING"), ("PENDING", "EXPIRED")] == [
        (line.from_status, line.to_status) for line in await store.audit()
    ]


async def test_a_save_that_takes_back_an_earlier_one_of_the_same_work_leaves_the_value_as_it_was(
    begin: BeginWork,
) -> None:
    payment = await stored_payment(begin)
    async with begin() as work:
        known = await work.payments.get(payment.id)
        assert known is not None
        work.payments.save(known.opened("cs_never"), CAUSE)
        work.payments.save(known, CAUSE)
        await work.commit()

    assert payment == await payment_of(begin, payment.id)


async def test_a_save_of_an_unchanged_value_writes_nothing(store: Store, begin: BeginWork) -> None:
    payment = await stored_payment(begin, checkout_session_id="cs_unchanged")
    customer = a_customer()
    mail = a_mail(payment.id)
    async with begin() as work:
        work.customers.save(customer)
        work.checkouts.save(Checkout(payment_id=payment.id))
        work.invoices.save(Invoice(payment_id=payment.id))
        work.mails.save(mail)
        await work.commit()
    async with begin() as changing:
        known = await changing.payments.get(payment.id)
        reached = await changing.customers.of(customer.user_id)
        checkout = await changing.checkouts.of(payment.id)
        invoice = await changing.invoices.of(payment.id)
        assert known is not None
        assert reached is not None
        assert checkout is not None
        assert invoice is not None
        async with begin() as idle:
            idle.payments.save(await idle.payments.get(payment.id) or known, CAUSE)
            idle.customers.save(await idle.customers.of(customer.user_id) or customer)
            idle.checkouts.save(await idle.checkouts.of(payment.id) or checkout)
            idle.invoices.save(await idle.invoices.of(payment.id) or invoice)
            idle.mails.save(await idle.mails.of(mail.key) or mail)
            await idle.commit()
        changing.payments.save(known.expired(), CAUSE)
        changing.customers.save(replace(reached, name="Another"))
        changing.checkouts.save(replace(checkout, attempt=9))
        changing.invoices.save(replace(invoice, stripe_invoice_id="in_9"))
        await changing.commit()

    found = await payment_of(begin, payment.id)
    assert found is not None
    assert found.status is PaymentStatus.EXPIRED
    assert len(await store.audit()) == 2


async def test_a_payment_may_end_and_the_next_begin_in_one_work(begin: BeginWork) -> None:
    first = await stored_payment(begin)
    second = a_payment(user_id=first.user_id)
    async with begin() as work:
        known = await work.payments.unfinished_of(first.user_id)
        assert known is not None
        work.payments.add(second, CAUSE)
        work.payments.save(known.expired(), CAUSE)
        await work.commit()

    async with begin() as work:
        assert second == await work.payments.unfinished_of(first.user_id)


async def test_one_work_may_change_many_payments(begin: BeginWork) -> None:
    payments = [a_paid_payment() for _ in range(20)]
    await stored(begin, *payments)
    async with begin() as work:
        for payment in payments:
            known = await work.payments.get(payment.id, lock=True)
            assert known is not None
            work.payments.save(replace(known, status=PaymentStatus.REFUNDED, refunded_minor=30000), CAUSE)
        await work.commit()

    async with begin() as work:
        found = [await work.payments.get(payment.id) for payment in payments]

    assert {PaymentStatus.REFUNDED} == {payment.status for payment in found if payment is not None}
