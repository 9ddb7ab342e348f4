"""Reads that lock: the second reader waits for the first, and then sees what the first has done."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from application.ports.store import BeginWork, UnitOfWork
from builders import a_payment, an_event
from contract.stores import Store
from contract.values import CAUSE, a_mail, payment_of, stored, stored_payment
from domain.member import UserId
from domain.payment import Payment, PaymentStatus

Read = Callable[[UnitOfWork, Payment], Awaitable[Payment | None]]


async def by_id(work: UnitOfWork, payment: Payment) -> Payment | None:
    return await work.payments.get(payment.id, lock=True)


async def by_session(work: UnitOfWork, payment: Payment) -> Payment | None:
    return await work.payments.of_session("cs_locked", None)


async def by_session_or_id(work: UnitOfWork, payment: Payment) -> Payment | None:
    return await work.payments.of_session("cs_unknown", payment.id)


async def unfinished(work: UnitOfWork, payment: Payment) -> Payment | None:
    return await work.payments.unfinished_of(payment.user_id)


@pytest.mark.parametrize("read", [by_id, by_session, by_session_or_id, unfinished])
async def test_the_second_reader_of_a_payment_waits_and_sees_the_first_one_s_result(
    store: Store, begin: BeginWork, read: Read
) -> None:
    payment = await stored_payment(begin, checkout_session_id="cs_locked")

    async def second() -> Payment | None:
        async with begin() as work:
            return await read(work, payment)

    async with begin() as first:
        known = await read(first, payment)
        assert known is not None
        waiting = asyncio.create_task(second())
        await store.until_waiting(1)
        waits = not waiting.done()
        first.payments.save(known.processing(), CAUSE)
        await first.commit()

    assert waits
    assert await waiting == payment.processing()


async def test_a_payment_that_ended_meanwhile_is_no_longer_unfinished(store: Store, begin: BeginWork) -> None:
    payment = await stored_payment(begin)

    async def second() -> Payment | None:
        async with begin() as work:
            return await work.payments.unfinished_of(payment.user_id)

    async with begin() as first:
        known = await first.payments.get(payment.id, lock=True)
        assert known is not None
        waiting = asyncio.create_task(second())
        await store.until_waiting(1)
        first.payments.save(known.expired(), CAUSE)
        await first.commit()

    assert await waiting is None


async def test_beside_a_payment_that_ended_meanwhile_the_next_unfinished_one_is_found(
    store: Store, begin: BeginWork
) -> None:
    pending = await stored_payment(begin)
    processing = await stored_payment(begin, user_id=pending.user_id, status=PaymentStatus.PROCESSING)

    async def second() -> Payment | None:
        async with begin() as work:
            return await work.payments.unfinished_of(pending.user_id)

    async with begin() as first:
        known = await first.payments.get(pending.id, lock=True)
        assert known is not None
        waiting = asyncio.create_task(second())
        await store.until_waiting(1)
        first.payments.save(known.expired(), CAUSE)
        await first.commit()

    assert await waiting == processing


async def test_a_read_without_lock_waits_for_nobody(begin: BeginWork) -> None:
    payment = await stored_payment(begin)
    async with begin() as first:
        await first.payments.get(payment.id, lock=True)

        assert payment == await payment_of(begin, payment.id)


async def test_a_lock_ends_with_its_work_also_without_commit(begin: BeginWork) -> None:
    payment = await stored_payment(begin)
    for _ in range(3):
        async with begin() as work:
            assert payment == await work.payments.get(payment.id, lock=True)


async def test_a_payment_read_before_and_locked_later_is_the_newest(begin: BeginWork) -> None:
    payment = await stored_payment(begin)
    async with begin() as work:
        await work.payments.get(payment.id)
        async with begin() as other:
            known = await other.payments.get(payment.id)
            assert known is not None
            other.payments.save(known.opened("cs_newest"), CAUSE)
            await other.commit()
        found = await work.payments.get(payment.id, lock=True)
        assert found is not None
        work.payments.save(found.expired(), CAUSE)
        await work.commit()

    assert payment.opened("cs_newest").expired() == await payment_of(begin, payment.id)


async def test_the_stored_session_goes_before_the_id_that_a_session_carries(begin: BeginWork) -> None:
    ours, named = await stored_payment(begin, checkout_session_id="cs_ours"), await stored_payment(begin)
    async with begin() as work:
        assert ours == await work.payments.of_session("cs_ours", named.id)
        assert named == await work.payments.of_session("cs_other", named.id)


async def test_a_pending_payment_goes_before_a_processing_one(begin: BeginWork) -> None:
    user_id = UserId("member with two")
    processing = a_payment(user_id=user_id, status=PaymentStatus.PROCESSING)
    pending = a_payment(user_id=user_id)
    await stored(begin, processing, pending)
    async with begin() as work:
        assert pending == await work.payments.unfinished_of(user_id)


async def test_a_processing_payment_is_unfinished(begin: BeginWork) -> None:
    payment = await stored_payment(begin, status=PaymentStatus.PROCESSING)
    async with begin() as work:
        assert payment == await work.payments.unfinished_of(payment.user_id)


async def test_the_second_reader_of_a_letter_waits_and_sees_what_became_of_it(store: Store, begin: BeginWork) -> None:
    payment = await stored_payment(begin)
    mail = a_mail(payment.id)
    async with begin() as work:
        work.mails.save(mail)
        await work.commit()

    async def second() -> str | None:
        async with begin() as work:
            found = await work.mails.of(mail.key)
            return found.provider_id if found else None

    async with begin() as first:
        known = await first.mails.of(mail.key)
        assert known is not None
        waiting = asyncio.create_task(second())
        await store.until_waiting(1)
        waits = not waiting.done()
        first.mails.save(replace(known, provider_id="mail_1"))
        await first.commit()

    assert waits
    assert await waiting == "mail_1"


@pytest.mark.parametrize("commits", [True, False])
async def test_the_second_delivery_waits_for_the_first_and_learns_its_outcome(
    store: Store, begin: BeginWork, commits: bool
) -> None:
    event = an_event()

    async def second() -> bool:
        async with begin() as work:
            return await work.inbox.first_time(event)

    async with begin() as first:
        await first.inbox.first_time(event)
        waiting = asyncio.create_task(second())
        await store.until_waiting(1)
        waits = not waiting.done()
        if commits:
            await first.commit()

    assert waits
    assert await waiting is not commits


@pytest.mark.parametrize("commits", [True, False])
async def test_the_second_receipt_waits_so_that_no_number_is_skipped(
    store: Store, begin: BeginWork, commits: bool
) -> None:
    async def second() -> int:
        async with begin() as work:
            return await work.invoices.next_sequence(2026)

    async with begin() as first:
        await first.invoices.next_sequence(2026)
        waiting = asyncio.create_task(second())
        await store.until_waiting(1)
        waits = not waiting.done()
        if commits:
            await first.commit()

    assert waits
    assert await waiting == (2 if commits else 1)
