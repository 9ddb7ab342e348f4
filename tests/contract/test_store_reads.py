"""What is read without any intent to change it: the billing history, the access check, readiness."""

from datetime import timedelta

from msgspec.structs import replace

from adapters.postgres.schema import PostgresReadiness
from application.ports.reads import PaymentRecord, WantedPayments
from application.ports.store import BeginWork
from builders import NOON, a_dispute, a_payment, a_refund
from contract.stores import Store, StoreInPostgres
from contract.values import CAUSE, a_paid_payment, a_period, a_subscription, a_whole_invoice, stored
from domain.member import UserId
from domain.payment import Payment, PaymentStatus
from domain.returns import OPEN_DISPUTES, OPEN_REFUNDS, Dispute, DisputeStage, Refund, RefundStatus
from domain.subscription import Subscription, SubscriptionStatus

MEMBER = UserId("\u0633\u0644\u0645\u0649")


async def history_of(begin: BeginWork, count: int) -> list[Payment]:
    """A member's payments, every second one expired, newest first."""
    payments = [
        a_paid_payment(user_id=MEMBER)
        if number % 2
        else a_payment(user_id=MEMBER, status=PaymentStatus.EXPIRED, created_at=NOON - timedelta(days=number))
        for number in range(count)
    ]
    await stored(begin, *payments, a_payment(), a_payment())
    return payments[::-1]


async def test_a_page_holds_the_newest_payments_of_the_member_alone(store: Store, begin: BeginWork) -> None:
    payments = await history_of(begin, 7)
    page = await store.history.page(MEMBER, limit=5)

    assert payments[:5] == [record.payment for record in page]


async def test_pages_follow_each_other_without_gap_or_repeat(store: Store, begin: BeginWork) -> None:
    payments = await history_of(begin, 7)
    seen: list[Payment] = []
    while page := await store.history.page(MEMBER, limit=3, before=seen[-1].id if seen else None):
        seen += [record.payment for record in page]

    assert payments == seen


async def test_pages_do_not_shift_while_new_payments_arrive(store: Store, begin: BeginWork) -> None:
    payments = await history_of(begin, 6)
    first = await store.history.page(MEMBER, limit=3)
    await stored(begin, a_paid_payment(user_id=MEMBER))
    second = await store.history.page(MEMBER, limit=3, before=first[-1].payment.id)

    assert payments == [record.payment for record in [*first, *second]]


async def test_pages_lead_back_as_they_lead_on(store: Store, begin: BeginWork) -> None:
    payments = await history_of(begin, 7)
    seen: list[Payment] = [payments[-1]]
    while page := await store.history.page(MEMBER, limit=4, after=seen[0].id):
        seen = [*(record.payment for record in page), *seen]

    assert payments == seen


async def test_a_page_can_be_narrowed_to_a_time(store: Store, begin: BeginWork) -> None:
    moments = [NOON + timedelta(days=number) for number in range(4)]
    await stored(
        begin,
        *(a_payment(user_id=MEMBER, status=PaymentStatus.EXPIRED, created_at=moment) for moment in moments),
    )
    between = WantedPayments(created_from=moments[1], created_before=moments[3])
    page = await store.history.page(MEMBER, limit=9, wanted=between)

    assert moments[1:3] == sorted(record.payment.created_at for record in page)


async def test_a_page_can_be_narrowed_to_a_status(store: Store, begin: BeginWork) -> None:
    payments = await history_of(begin, 7)
    paid = [payment for payment in payments if payment.is_paid]
    first = await store.history.page(MEMBER, limit=2, wanted=WantedPayments(status=PaymentStatus.SUCCEEDED))
    rest = await store.history.page(
        MEMBER, limit=9, before=first[-1].payment.id, wanted=WantedPayments(status=PaymentStatus.SUCCEEDED)
    )
    none = await store.history.page(MEMBER, limit=9, wanted=WantedPayments(status=PaymentStatus.REFUNDED))

    assert paid == [record.payment for record in [*first, *rest]]
    assert none == []


async def test_an_unknown_member_has_an_empty_history(store: Store, begin: BeginWork) -> None:
    await history_of(begin, 3)

    assert await store.history.page(UserId("nobody"), limit=10) == []


async def test_a_record_carries_the_invoice_data(store: Store, begin: BeginWork) -> None:
    with_invoice, without = a_paid_payment(user_id=MEMBER), a_payment(user_id=MEMBER)
    invoice = a_whole_invoice(with_invoice.id)
    async with begin() as work:
        work.payments.add(with_invoice, CAUSE)
        work.payments.add(without, CAUSE)
        work.invoices.save(invoice)
        await work.commit()
    expected = [PaymentRecord(payment=without, invoice=None), PaymentRecord(payment=with_invoice, invoice=invoice)]

    assert expected == await store.history.page(MEMBER, limit=10)
    assert expected[1] == await store.history.one(MEMBER, with_invoice.id)
    assert expected[0] == await store.history.one(MEMBER, without.id)


async def test_somebody_else_s_payment_is_as_good_as_unknown(store: Store, begin: BeginWork) -> None:
    payment = a_payment(user_id=MEMBER)
    await stored(begin, payment)

    assert await store.history.one(UserId("somebody else"), payment.id) is None
    assert await store.history.one(MEMBER, a_payment().id) is None


async def test_the_access_check_sees_every_period_in_order(store: Store, begin: BeginWork) -> None:
    payments = [a_paid_payment(user_id=MEMBER) for _ in range(4)]
    await stored(begin, *payments)
    subscription = Subscription(user_id=MEMBER)
    start = NOON
    for number, payment in enumerate(payments):
        period = a_period(payment, start, days=100 + number)
        start = period.ends_at + timedelta(days=number % 2)
        async with begin() as work:
            known = await work.subscriptions.of(MEMBER)
            subscription = a_subscription(MEMBER, *known.periods, period)
            work.subscriptions.save(subscription, CAUSE)
            await work.commit()

    assert subscription == await store.entitlements.of(MEMBER)
    async with begin() as work:
        assert subscription == await work.subscriptions.of(MEMBER)


async def test_several_periods_may_be_added_in_one_work(store: Store, begin: BeginWork) -> None:
    payments = [a_paid_payment(user_id=MEMBER) for _ in range(3)]
    await stored(begin, *payments)
    first = a_period(payments[0], NOON)
    second = a_period(payments[1], first.ends_at)
    third = a_period(payments[2], second.ends_at)
    async with begin() as work:
        await work.subscriptions.of(MEMBER)
        work.subscriptions.save(a_subscription(MEMBER, first), CAUSE)
        work.subscriptions.save(a_subscription(MEMBER, first, second, third), CAUSE)
        await work.commit()

    assert a_subscription(MEMBER, first, second, third) == await store.entitlements.of(MEMBER)


async def test_a_changed_word_leaves_the_periods(store: Store, begin: BeginWork) -> None:
    payment = a_paid_payment(user_id=MEMBER)
    await stored(begin, payment)
    active = a_subscription(MEMBER, a_period(payment, NOON))
    expired = replace(active, status=SubscriptionStatus.EXPIRED)
    for subscription in (active, expired):
        async with begin() as work:
            await work.subscriptions.of(MEMBER)
            work.subscriptions.save(subscription, CAUSE)
            await work.commit()

    assert expired == await store.entitlements.of(MEMBER)


async def test_a_member_who_never_paid_has_no_subscription(store: Store) -> None:
    assert Subscription(user_id=MEMBER) == await store.entitlements.of(MEMBER)


async def test_many_members_are_read_at_once_and_those_who_never_paid_are_left_out(
    store: Store, begin: BeginWork
) -> None:
    payment, other = a_paid_payment(user_id=MEMBER), a_paid_payment(user_id=UserId("other"))
    await stored(begin, payment, other)
    expected = {one.user_id: a_subscription(one.user_id, a_period(one, NOON)) for one in (payment, other)}
    for subscription in expected.values():
        async with begin() as work:
            await work.subscriptions.of(subscription.user_id)
            work.subscriptions.save(subscription, CAUSE)
            await work.commit()

    assert expected == await store.entitlements.of_all([MEMBER, UserId("nobody"), UserId("other")])
    assert {} == await store.entitlements.of_all([])


async def test_a_store_that_can_be_worked_with_has_no_problem(store: Store) -> None:
    assert await store.readiness.problem() is None


async def test_a_database_without_schema_says_what_to_do(postgres_store: StoreInPostgres) -> None:
    await postgres_store.observer.execute("ALTER TABLE migration RENAME TO elsewhere")
    problem = await postgres_store.readiness.problem()
    await postgres_store.observer.execute("ALTER TABLE elsewhere RENAME TO migration")

    assert problem is not None
    assert "payments migrate" in problem
    assert await postgres_store.readiness.problem() is None


async def test_a_database_of_an_older_revision_says_what_to_do(postgres_store: StoreInPostgres) -> None:
    revision = await postgres_store.observer.fetchval("SELECT version_num FROM migration")
    await postgres_store.observer.execute("UPDATE migration SET version_num = '0000'")
    problem = await PostgresReadiness(postgres_store.database).problem()
    await postgres_store.observer.execute("UPDATE migration SET version_num = $1", revision)

    assert problem is not None
    assert "payments migrate" in problem


async def test_unfinished_payments_of_all_members_are_walked_oldest_first_without_gap_or_repeat(
    store: Store, begin: BeginWork
) -> None:
    payments = [
        a_payment(user_id=UserId(f"u{number}"), created_at=NOON - timedelta(minutes=number // 2)) for number in range(7)
    ]
    late = a_payment(status=PaymentStatus.PROCESSING, created_at=NOON + timedelta(days=1))
    over = [a_payment(status=PaymentStatus.EXPIRED), a_paid_payment()]
    await stored(begin, *payments, late, *over)
    seen: list[Payment] = []
    while page := await store.unfinished.page(after=seen[-1] if seen else None, limit=3):
        seen += page

    assert [*sorted(payments, key=lambda payment: (payment.created_at, payment.id)), late] == seen


async def test_open_returns_of_known_payments_are_walked_oldest_first_without_gap_or_repeat(
    store: Store, begin: BeginWork
) -> None:
    await stored(begin, a_paid_payment(payment_intent_id="pi_known"))
    made = [NOON + timedelta(minutes=number // 2) for number in range(4)]
    facts: list[Refund | Dispute] = [
        a_refund(id="re_a", payment_intent_id="pi_known", created_at=made[0], status=RefundStatus.PENDING),
        a_dispute(id="du_b", payment_intent_id="pi_known", created_at=made[1], stage=DisputeStage.INQUIRY),
        a_dispute(id="du_c", payment_intent_id="pi_known", created_at=made[2], stage=DisputeStage.APPEALED),
        a_refund(id="re_d", payment_intent_id="pi_known", created_at=made[3], status=RefundStatus.REQUIRES_ACTION),
    ]
    ended: list[Refund | Dispute] = [
        *(a_refund(payment_intent_id="pi_known", status=one) for one in set(RefundStatus) - OPEN_REFUNDS),
        *(
            a_dispute(payment_intent_id="pi_known", stage=one, lost_at=NOON)
            for one in set(DisputeStage) - OPEN_DISPUTES
        ),
    ]
    foreign = a_dispute(payment_intent_id="pi_foreign")
    young = a_dispute(payment_intent_id="pi_known", created_at=NOON + timedelta(days=3))
    async with begin() as work:
        for fact in (*facts, *ended, foreign, young):
            if isinstance(fact, Refund):
                work.returns.save_refund(fact)
            else:
                work.returns.save_dispute(fact)
        await work.commit()
    seen: list[Refund | Dispute] = []
    while page := await store.open_returns.page(
        made_until=NOON + timedelta(days=2), after=seen[-1] if seen else None, limit=3
    ):
        seen += page

    assert sorted(facts, key=lambda fact: (fact.created_at, fact.id)) == seen


async def test_charges_of_which_something_went_back_are_walked_each_once(store: Store, begin: BeginWork) -> None:
    async with begin() as work:
        for number in range(3):
            work.returns.save_refund(a_refund(payment_intent_id=f"pi_{number}"))
            work.returns.save_refund(a_refund(payment_intent_id=f"pi_{number}"))
            work.returns.save_dispute(a_dispute(payment_intent_id=f"pi_{number + 2}"))
        await work.commit()
    seen: list[str] = []
    while page := await store.returned_charges.page(after=seen[-1] if seen else None, limit=2):
        seen += page

    assert [f"pi_{number}" for number in range(5)] == seen
