"""All that is kept about a member is found, and nothing that names them is left behind, in each store."""

import pytest
from msgspec.structs import replace

from adapters.memory.members import MemoryCustomerRecords, MemoryMembers
from adapters.postgres.members import PostgresMembers
from adapters.stripe.gateway import StripeGateway
from adapters.stripe.members import StripeCustomerRecords
from application.errors import Conflict
from application.ports.gateway import PaymentGateway
from application.ports.jobs import JobKind, NewJob
from application.ports.privacy import Erasure, MemberData, Members, ProviderCustomers
from application.ports.store import BeginWork
from builders import NOON, a_dispute, a_member, a_refund, an_event
from contract.gateways import Provider, ProviderInMemory, ProviderInSandbox
from contract.stores import Store, StoreInMemory, StoreInPostgres
from contract.values import (
    a_customer,
    a_mail,
    a_paid_payment,
    a_period,
    a_subscription,
    a_whole_checkout,
    a_whole_invoice,
    payment_of,
)
from domain.audit import Cause
from domain.errors import NotErasable
from domain.member import UserId
from domain.payment import Payment

NAMES = ("member-to-forget", "amal@forget.example.org", "Amal Forgettable")
USER, EMAIL, NAME = UserId(NAMES[0]), NAMES[1], NAMES[2]
PSEUDONYM = UserId("erased-0")
WHY = Cause(why="asked for in writing", actor="operator:samir")


@pytest.fixture
def members(store: Store) -> Members:
    """The port over each store."""
    if isinstance(store, StoreInMemory):
        return MemoryMembers(store.store)
    assert isinstance(store, StoreInPostgres)
    return PostgresMembers(store.database)


async def live(begin: BeginWork, user_id: UserId, email: str, name: str) -> list[Payment]:
    """A member pays two years, one after the other, and leaves traces of every kind."""
    payments = [a_paid_payment(user_id=user_id) for _ in range(2)]
    periods = [a_period(payments[0], NOON), a_period(payments[1], NOON.replace(year=2027))]
    own = Cause(why="checkout started", actor=f"member:{user_id}")
    names_them = f'{{"payment_intent": "{payments[0].payment_intent_id}", "email": "{email}", "name": "{name}"}}'
    async with begin() as work:
        event = an_event(body=names_them.encode())
        await work.inbox.first_time(event)
        for payment in payments:
            work.payments.add(payment, own)
            work.checkouts.save(a_whole_checkout(payment.id))
            work.invoices.save(a_whole_invoice(payment.id))
        await work.subscriptions.of(user_id)
        told = Cause(why="checkout.session.completed", actor="stripe", event_id=event.id)
        work.subscriptions.save(a_subscription(user_id, *periods), told)
        work.customers.save(a_customer(user_id=user_id, email=email, name=name, provider_id=f"cus_{user_id}"))
        work.mails.save(a_mail(payments[0].id, sent_at=NOON, provider_id="re_mail"))
        work.jobs.enqueue(NewJob(kind=JobKind.SEND_CONFIRMATION, subject=str(payments[0].id)))
        await work.commit()
    async with begin() as work:
        intent = payments[1].payment_intent_id or ""
        await work.returns.of(intent)
        work.returns.save_refund(a_refund(id=f"re_{user_id}", payment_intent_id=intent))
        work.returns.save_dispute(a_dispute(id=f"du_{user_id}", payment_intent_id=intent))
        await work.commit()
    return payments


async def everything(store: Store) -> str:
    """All that a store holds, as text."""
    if isinstance(store, StoreInMemory):
        jobs = [(row.job, row.state, row.last_error) for row in store.store.jobs.rows]
        return repr((store.store.rows, store.store.audit, jobs))
    assert isinstance(store, StoreInPostgres)
    tables = await store.observer.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()")
    held = [await store.observer.fetch(f'SELECT t::text FROM "{table["name"]}" t') for table in tables]
    return "\n".join(row[0] for rows in held for row in rows)


def found_in(text: str, *names: str) -> list[str]:
    """Those of the names that a text holds, as text or as the bytes of a column."""
    return [name for name in names if name in text or name.encode().hex() in text]


async def do_all(store: Store, error: str | None = None) -> None:
    """A worker does every job; with an error it is tried in vain and then done."""
    for job in await store.queue.claim(frozenset(JobKind), limit=10, lease_seconds=60):
        if error is not None:
            await store.queue.fail(job, error, retry_after_seconds=0)
    for job in await store.queue.claim(frozenset(JobKind), limit=10, lease_seconds=60):
        await store.queue.complete(job)


def accept(data: MemberData) -> None:
    """Refuse nothing."""


async def test_all_that_is_kept_about_a_member_is_known_and_nothing_about_another(
    store: Store, begin: BeginWork, members: Members
) -> None:
    await live(begin, UserId("somebody-else"), "else@example.org", "Else")
    payments = await live(begin, USER, EMAIL, NAME)
    data = await members.known(USER)

    assert payments == [one.payment for one in data.payments]
    assert all(one.invoice is not None for one in data.payments)
    assert (EMAIL, NAME) == (data.customer and data.customer.email, data.customer and data.customer.name)
    assert [one.id for one in payments] == [period.payment_id for period in data.subscription.periods]
    assert ([f"re_{USER}"], [f"du_{USER}"]) == ([one.id for one in data.refunds], [one.id for one in data.disputes])
    assert [(payments[0].id, "re_mail")] == [(mail.payment_id, mail.provider_id) for mail in data.mails]
    assert [(JobKind.SEND_CONFIRMATION, str(payments[0].id))] == [(job.kind, job.subject) for job in data.jobs]
    assert [True] == [EMAIL in (event.body or b"").decode() for event in data.events]
    assert ["payment", "payment", "subscription"] == [row.entity for row in data.audit]


async def test_of_a_member_that_nobody_met_nothing_is_known_and_nothing_is_erased(members: Members) -> None:
    data = await members.known(USER)

    assert data.is_empty
    assert Erasure() == await members.erase(USER, PSEUDONYM, cause=WHY, judge=accept)
    assert (await members.known(PSEUDONYM)).is_empty


async def test_nothing_that_names_an_erased_member_is_left_and_what_was_paid_is(
    store: Store, begin: BeginWork, members: Members
) -> None:
    payments = await live(begin, USER, EMAIL, NAME)
    await live(begin, UserId("somebody-else"), "else@example.org", "Else")
    await do_all(store, error=f"{EMAIL} is refused")
    await members.exported(USER, Cause(why=f"a copy for {NAME}", actor="operator:samir"))
    before = await members.known(USER)
    others = await members.known(UserId("somebody-else"))
    assert list(NAMES) == found_in(await everything(store), *NAMES)

    done = await members.erase(USER, PSEUDONYM, cause=WHY, judge=accept)
    after = await members.known(PSEUDONYM)

    assert Erasure(pseudonym=PSEUDONYM, payments=2, mails=1, events=1) == done
    assert [] == found_in(await everything(store), EMAIL, NAME)
    assert [f"re_{USER}", f"du_{USER}"] == [
        *(one.id for one in after.refunds),
        *(one.id for one in after.disputes),
    ]
    assert (await members.known(USER)).is_empty
    assert others == await members.known(UserId("somebody-else"))
    assert [(one.id, one.amount, one.status, PSEUDONYM) for one in payments] == [
        (one.payment.id, one.payment.amount, one.payment.status, one.payment.user_id) for one in after.payments
    ]
    assert [one.invoice and one.invoice.number for one in before.payments] == [
        one.invoice and one.invoice.number for one in after.payments
    ]
    assert before.subscription.periods == after.subscription.periods
    assert before.subscription.status == after.subscription.status
    assert ["payment", "payment", "subscription", "member", "member"] == [row.entity for row in after.audit]
    assert [f"member:{PSEUDONYM}"] * 2 == [row.actor for row in after.audit[:2]]
    assert [("erased", "operator:samir"), ("asked for in writing", "operator:samir")] == [
        (row.why, row.actor) for row in after.audit[3:]
    ]
    assert Erasure() == await members.erase(USER, UserId("erased-1"), cause=WHY, judge=accept)


async def test_what_may_not_be_erased_stays_whole(store: Store, begin: BeginWork, members: Members) -> None:
    await live(begin, USER, EMAIL, NAME)
    before = await members.known(USER)

    def refuse(data: MemberData) -> None:
        assert before == data
        raise NotErasable("not now")

    with pytest.raises(NotErasable):
        await members.erase(USER, PSEUDONYM, cause=WHY, judge=refuse)
    assert before == await members.known(USER)


async def test_whoever_had_read_an_erased_member_can_no_longer_save(begin: BeginWork, members: Members) -> None:
    """Or the name would come back with the next change."""
    (payment, _) = await live(begin, USER, EMAIL, NAME)
    async with begin() as work:
        customer = await work.customers.of(USER)
        assert customer is not None
        await members.erase(USER, PSEUDONYM, cause=WHY, judge=accept)
        work.customers.save(replace(customer, name="Another Name"))

        with pytest.raises(Conflict):
            await work.commit()
    stored = await payment_of(begin, payment.id)
    assert PSEUDONYM == (stored and stored.user_id)


def customers_of(gateway: PaymentGateway, provider: Provider) -> ProviderCustomers:
    """The port over each provider."""
    if isinstance(provider, ProviderInMemory):
        return MemoryCustomerRecords(provider.gateway)
    assert isinstance(gateway, StripeGateway)
    return StripeCustomerRecords(gateway)


async def test_a_deleted_customer_is_gone_and_can_be_deleted_again(provider: Provider) -> None:
    assert isinstance(provider, ProviderInMemory | ProviderInSandbox)
    customers = customers_of(provider.gateway, provider)
    request = provider.gateway.prepare_customer(a_member(user_id=USER))
    made = await provider.gateway.create_customer(request, key="customer:1")
    found = await customers.find(request)
    for _ in range(2):
        await customers.delete(made)
    await customers.delete("../accounts")

    assert made == found
    assert await customers.find(request) is None
