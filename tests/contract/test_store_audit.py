"""The audit: one row for each change of a status and each remark, with its cause and in its order, and none for anything else."""

from msgspec.structs import replace

from application.ports.store import BeginWork
from builders import a_payment
from contract.stores import AuditLine, Store
from contract.values import CAUSE, a_paid_payment, a_period, a_subscription, payment_of, stored, stored_payment
from domain.audit import Cause
from domain.payment import PaymentStatus
from domain.subscription import SubscriptionStatus

S = PaymentStatus


async def test_a_new_payment_leaves_a_row_from_nothing(store: Store, begin: BeginWork) -> None:
    payment = await stored_payment(begin)

    assert [AuditLine("payment", str(payment.id), None, "PENDING", CAUSE)] == await store.audit()


async def test_a_change_of_status_leaves_a_row_with_its_own_cause(store: Store, begin: BeginWork) -> None:
    payment = await stored_payment(begin)
    cause = Cause(why="the checkout ended", actor="operator:amine")
    async with begin() as work:
        known = await work.payments.get(payment.id)
        assert known is not None
        work.payments.save(known.expired(), cause)
        await work.commit()

    assert AuditLine("payment", str(payment.id), "PENDING", "EXPIRED", cause) == (await store.audit())[-1]


async def test_a_change_of_anything_else_leaves_none(store: Store, begin: BeginWork) -> None:
    payment = await stored_payment(begin)
    async with begin() as work:
        known = await work.payments.get(payment.id)
        assert known is not None
        work.payments.save(known.opened("cs_no_move"), CAUSE)
        await work.commit()

    assert len(await store.audit()) == 1


async def test_all_moves_of_one_work_are_kept_in_their_order(store: Store, begin: BeginWork) -> None:
    payment = a_paid_payment()
    await stored(begin, payment)
    path = [S.PARTIALLY_REFUNDED, S.REFUNDED, S.PARTIALLY_REFUNDED, S.SUCCEEDED, S.REFUNDED]
    async with begin() as work:
        known = await work.payments.get(payment.id)
        assert known is not None
        for number, status in enumerate(path):
            work.payments.save(replace(known, status=status, refunded_minor=number), Cause(why=str(number)))
        await work.commit()

    lines = (await store.audit())[1:]
    assert [S.SUCCEEDED, *path[:-1]] == [line.from_status for line in lines]
    assert path == [line.to_status for line in lines]
    assert ["0", "1", "2", "3", "4"] == [line.cause.why for line in lines]


async def test_the_moves_of_many_in_one_work_are_kept_in_their_order(store: Store, begin: BeginWork) -> None:
    payments = [a_payment() for _ in range(10)]
    await stored(begin, *payments)

    assert [str(payment.id) for payment in payments] == [line.entity_id for line in await store.audit()]


async def test_a_subscription_leaves_rows_as_a_payment_does(store: Store, begin: BeginWork) -> None:
    first, second = a_paid_payment(), a_paid_payment()
    second = replace(second, user_id=first.user_id)
    await stored(begin, first, second)
    start = a_period(first, first.created_at)
    renewal = a_period(second, start.ends_at)
    steps = [
        a_subscription(first.user_id, start),
        a_subscription(first.user_id, start, renewal),
        a_subscription(first.user_id, start, renewal, status=SubscriptionStatus.EXPIRED),
    ]
    for step in steps:
        async with begin() as work:
            await work.subscriptions.of(first.user_id)
            work.subscriptions.save(step, CAUSE)
            await work.commit()

    lines = [line for line in await store.audit() if line.entity == "subscription"]
    assert [
        AuditLine("subscription", first.user_id, "NONE", "ACTIVE", CAUSE),
        AuditLine("subscription", first.user_id, "ACTIVE", "EXPIRED", CAUSE),
    ] == lines


async def test_a_work_without_commit_leaves_no_row(store: Store, begin: BeginWork) -> None:
    async with begin() as work:
        work.payments.add(a_payment(), CAUSE)

    assert await store.audit() == []


async def test_a_remark_leaves_a_row_and_changes_nothing(store: Store) -> None:
    payment = a_payment()
    await stored(store.begin, payment)
    asked = Cause(why="a refund is ordered", actor="operator:treasury")
    async with store.begin() as work:
        known = await work.payments.get(payment.id)
        assert known is not None
        work.payments.remark(known, asked)
        await work.commit()
    last = (await store.audit())[-1]

    assert ("PENDING", "PENDING", asked) == (last.from_status, last.to_status, last.cause)
    assert payment == await payment_of(store.begin, payment.id)
