"""Whatever is stored comes back whole: every field, null or not, to the microsecond and to the last odd character."""

import pytest

from application.ports.jobs import JobKind, NewJob
from application.ports.store import BeginWork, Mail
from builders import NOON, a_payment, an_event
from contract.stores import Store
from contract.values import (
    CAUSE,
    HOSTILE,
    TO_THE_MICROSECOND,
    a_customer,
    a_mail,
    a_paid_payment,
    a_period,
    a_subscription,
    a_whole_checkout,
    a_whole_customer,
    a_whole_invoice,
    payment_of,
    stored,
    stored_payment,
)
from domain.audit import Cause
from domain.catalogue import PlanId
from domain.checkout import Checkout
from domain.invoice import Invoice
from domain.member import Locale, UserId, UserType
from domain.money import Money
from domain.payment import PAID, Figures, Payment, PaymentStatus, Review
from domain.returns import DisputeStatus
from domain.subscription import SubscriptionStatus

REVIEW = Review(expected=Figures(30000, "mad"), received=Figures(None, None))


def in_status(status: PaymentStatus) -> Payment:
    """A valid payment of a status."""
    return a_payment(
        status=status,
        paid_at=TO_THE_MICROSECOND if status in {*PAID, PaymentStatus.REFUNDED} else None,
        review=REVIEW if status is PaymentStatus.REVIEW else None,
    )


@pytest.mark.parametrize("status", PaymentStatus)
async def test_a_payment_keeps_its_status(begin: BeginWork, status: PaymentStatus) -> None:
    payment = in_status(status)
    await stored(begin, payment)

    assert payment == await payment_of(begin, payment.id)


@pytest.mark.parametrize(
    ("dispute", "user_type"), list(zip([None, *DisputeStatus], [*UserType, UserType.TALENT], strict=True))
)
async def test_a_payment_keeps_every_field(
    begin: BeginWork, user_type: UserType, dispute: DisputeStatus | None
) -> None:
    payment = a_paid_payment(
        user_id=UserId("\u0645" * 128),
        user_type=user_type,
        plan=PlanId(HOSTILE),
        amount=Money(99_999_999, "kwd"),
        created_at=TO_THE_MICROSECOND,
        renewal=True,
        status=PaymentStatus.PARTIALLY_REFUNDED,
        refunded_minor=99_999_998,
        dispute=dispute,
        checkout_session_id="cs_test_" + "a" * 247,
        review=Review(expected=Figures(30000, "mad"), received=Figures(2**53 + 1, "usd")),
    )
    await stored(begin, payment)

    assert payment == await payment_of(begin, payment.id)


@pytest.mark.parametrize(
    "received", [Figures(None, None), Figures(0, "mad"), Figures(-1, ""), Figures(10**30, HOSTILE)]
)
async def test_a_review_keeps_both_figures(begin: BeginWork, received: Figures) -> None:
    payment = a_payment(status=PaymentStatus.REVIEW, review=Review(expected=Figures(30000, "mad"), received=received))
    await stored(begin, payment)

    assert payment == await payment_of(begin, payment.id)


async def test_a_change_keeps_every_field(begin: BeginWork) -> None:
    payment = await stored_payment(begin)
    async with begin() as work:
        known = await work.payments.get(payment.id)
        assert known is not None
        changed = known.opened("cs_changed").paid(
            Figures(30000, "mad"), at=TO_THE_MICROSECOND, payment_intent_id="pi_changed"
        )
        work.payments.save(changed, CAUSE)
        await work.commit()

    assert changed == await payment_of(begin, payment.id)
    assert changed.paid_at == TO_THE_MICROSECOND


@pytest.mark.parametrize("locale", Locale)
async def test_a_customer_keeps_every_field(begin: BeginWork, locale: Locale) -> None:
    bare, whole = a_customer(locale=locale), a_whole_customer()
    async with begin() as work:
        work.customers.save(bare)
        work.customers.save(whole)
        await work.commit()

    async with begin() as work:
        assert bare == await work.customers.of(bare.user_id)
        assert whole == await work.customers.of(whole.user_id)


async def test_a_checkout_keeps_every_field(begin: BeginWork) -> None:
    first, second = await stored_payment(begin), await stored_payment(begin)
    bare, whole = Checkout(payment_id=first.id), a_whole_checkout(second.id)
    async with begin() as work:
        work.checkouts.save(bare)
        work.checkouts.save(whole)
        await work.commit()

    async with begin() as work:
        assert bare == await work.checkouts.of(first.id)
        assert whole == await work.checkouts.of(second.id)


async def test_an_invoice_keeps_every_field(begin: BeginWork) -> None:
    first, second = await stored_payment(begin), await stored_payment(begin)
    bare, whole = Invoice(payment_id=first.id), a_whole_invoice(second.id)
    async with begin() as work:
        work.invoices.save(bare)
        work.invoices.save(whole)
        await work.commit()

    async with begin() as work:
        assert bare == await work.invoices.of(first.id)
        assert whole == await work.invoices.of(second.id)


async def test_a_mail_keeps_every_field(begin: BeginWork) -> None:
    payment = await stored_payment(begin)
    bare = a_mail(payment.id)
    whole: Mail = a_mail(
        payment.id,
        key="another",
        in_doubt_since=TO_THE_MICROSECOND,
        sent_at=TO_THE_MICROSECOND,
        provider_id=HOSTILE,
    )
    async with begin() as work:
        work.mails.save(bare)
        work.mails.save(whole)
        await work.commit()

    async with begin() as work:
        assert bare == await work.mails.of(bare.key)
        assert whole == await work.mails.of(whole.key)


@pytest.mark.parametrize(
    ("status", "user_type"),
    list(zip(sorted(set(SubscriptionStatus) - {SubscriptionStatus.NONE}), UserType, strict=True)),
)
async def test_a_subscription_keeps_every_field(
    begin: BeginWork, status: SubscriptionStatus, user_type: UserType
) -> None:
    payment = a_paid_payment(user_type=user_type)
    await stored(begin, payment)
    subscription = a_subscription(
        payment.user_id,
        a_period(payment, TO_THE_MICROSECOND),
        user_type=user_type,
        plan=PlanId(HOSTILE),
        status=status,
    )
    async with begin() as work:
        await work.subscriptions.of(payment.user_id)
        work.subscriptions.save(subscription, CAUSE)
        await work.commit()

    async with begin() as work:
        assert subscription == await work.subscriptions.of(payment.user_id)


async def test_an_event_keeps_its_bytes(begin: BeginWork) -> None:
    event = an_event(body=bytes(range(256)) * 40, api_version=None, type=HOSTILE)
    async with begin() as work:
        await work.inbox.park(event, HOSTILE)
        await work.commit()

    async with begin() as work:
        found = await work.inbox.parked(event.id)

    assert found is not None
    assert event.body == found.body
    assert found.error == HOSTILE


async def test_the_audit_keeps_the_cause(store: Store, begin: BeginWork) -> None:
    cause = Cause(why=HOSTILE, actor=f"member:{HOSTILE}", event_id=None)
    async with begin() as work:
        work.payments.add(a_payment(), cause)
        await work.commit()

    assert [cause] == [line.cause for line in await store.audit()]


async def test_a_job_keeps_its_subject(store: Store, begin: BeginWork) -> None:
    async with begin() as work:
        work.jobs.enqueue(NewJob(kind=JobKind.RETRY_EVENT, subject=HOSTILE, attempts_max=3))
        await work.commit()

    (job,) = await store.queue.claim(frozenset(JobKind), limit=1, lease_seconds=30)
    assert (JobKind.RETRY_EVENT, HOSTILE, 1, 3) == (job.kind, job.subject, job.attempt, job.attempts_max)


async def test_refused_currencies_are_remembered_once(begin: BeginWork) -> None:
    for _ in range(2):
        async with begin() as work:
            work.refused_currencies.add("mad", HOSTILE, NOON)
            work.refused_currencies.add("mad", "again", NOON)
            work.refused_currencies.add("usd", "", NOON)
            await work.commit()

    async with begin() as work:
        assert await work.refused_currencies.all() == frozenset({"mad", "usd"})
