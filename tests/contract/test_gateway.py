"""A payment provider: what is asked for once is made once, and every answer says what is true there now."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from application.errors import CurrencyRefused, CustomerUnknown, ProviderRefused, ProviderUnavailable
from application.ports.gateway import CheckoutSession, SessionStatus
from builders import a_member, a_payment_id
from contract.gateways import Provider, a_provider_customer, an_open_checkout, an_order
from contract.values import HOSTILE
from domain.member import Locale, UserId
from domain.money import Money
from domain.payment import Figures


def as_every_answer_tells(session: CheckoutSession | None) -> CheckoutSession | None:
    """A session without the words of its customer, which one that is asked for tells alone."""
    return replace(session, payer=replace(session.payer, email=None, name=None)) if session is not None else None


async def test_one_key_makes_one_customer(provider: Provider) -> None:
    request = provider.gateway.prepare_customer(a_member())
    first = await provider.gateway.create_customer(request, key="k")
    again = await provider.gateway.create_customer(request, key="k")
    other = await provider.gateway.create_customer(request, key="another")

    assert first == again
    assert first != other
    assert 2 == await provider.customer_count()


async def test_twenty_that_make_one_customer_at_once_make_one(provider: Provider) -> None:
    request = provider.gateway.prepare_customer(a_member())

    async def make() -> str | None:
        try:
            return await provider.gateway.create_customer(request, key="k")
        except ProviderUnavailable:
            return None

    made = await asyncio.gather(*(make() for _ in range(20)))

    assert 1 == len(set(made) - {None})
    assert 1 == await provider.customer_count()


async def test_a_customer_is_found_by_our_user_id(provider: Provider) -> None:
    wanted = a_member(user_id=UserId("user-wanted"), email="shared@example.org")
    others = [a_member(email="shared@example.org") for _ in range(3)]
    made = [
        await provider.gateway.create_customer(provider.gateway.prepare_customer(member), key=member.user_id)
        for member in (others[0], wanted, *others[1:])
    ]

    prepare, find = provider.gateway.prepare_customer, provider.gateway.find_customer
    assert made[1] == await find(prepare(wanted))
    assert await find(prepare(a_member(user_id=UserId("nobody"), email="shared@example.org"))) is None
    assert await find(prepare(a_member(user_id=UserId("nobody"), email="nobody@example.org"))) is None


async def test_a_member_with_a_hostile_name_becomes_a_customer(provider: Provider) -> None:
    assert await a_provider_customer(provider, name=HOSTILE * 4, user_id=UserId("\u0645" * 128))


@pytest.mark.parametrize("locale", Locale)
async def test_an_opened_checkout_is_as_it_was_ordered(provider: Provider, locale: Locale) -> None:
    order = an_order(provider, await a_provider_customer(provider), locale=locale, plan_name=HOSTILE)
    session = await an_open_checkout(provider, order)

    assert SessionStatus.OPEN is session.status
    assert not session.settled
    assert Figures(30000, "mad") == session.received
    assert order.expires_at == session.expires_at
    assert order.payment_id == session.payment_id
    assert session.url is not None
    assert (None, None, None) == (session.payment_intent_id, session.invoice_id, session.paid_at)
    assert as_every_answer_tells(session) == as_every_answer_tells(await provider.gateway.checkout(session.id))


@pytest.mark.parametrize("lifetime", [timedelta(minutes=35), timedelta(hours=23, minutes=55)])
async def test_the_bounds_of_a_checkout_s_life_are_accepted(provider: Provider, lifetime: timedelta) -> None:
    customer_id = await a_provider_customer(provider)
    order = an_order(provider, customer_id, expires_at=provider.now() + lifetime)

    assert order.expires_at == (await an_open_checkout(provider, order)).expires_at


async def test_one_key_opens_one_checkout(provider: Provider) -> None:
    order = an_order(provider, await a_provider_customer(provider))
    first = await an_open_checkout(provider, order)
    again = await an_open_checkout(provider, order)

    assert first == again
    assert 1 == await provider.session_count()


async def test_twenty_that_open_one_checkout_at_once_open_one(provider: Provider) -> None:
    order = an_order(provider, await a_provider_customer(provider))

    async def open_it() -> str | None:
        try:
            return (await an_open_checkout(provider, order)).id
        except ProviderUnavailable:
            return None

    opened = await asyncio.gather(*(open_it() for _ in range(20)))

    assert 1 == len(set(opened) - {None})
    assert 1 == await provider.session_count()


async def test_other_parameters_under_a_key_make_no_second_object(provider: Provider) -> None:
    order = an_order(provider, await a_provider_customer(provider))
    await an_open_checkout(provider, order)

    with pytest.raises(ProviderUnavailable) as refused:
        await an_open_checkout(provider, replace(order, amount=Money(1000, "mad")))
    assert refused.value.answered
    with pytest.raises(ProviderUnavailable):
        await a_provider_customer(provider, email="another@example.org")
    assert (1, 1) == (await provider.session_count(), await provider.customer_count())


async def test_a_replayed_answer_is_as_old_as_the_first(provider: Provider) -> None:
    order = an_order(provider, await a_provider_customer(provider))
    first = await an_open_checkout(provider, order)
    await provider.pay(first.id)

    assert first == await an_open_checkout(provider, order)


async def test_a_currency_that_the_account_cannot_charge_is_refused(provider: Provider) -> None:
    await provider.refuse_currency("mad")
    order = an_order(provider, await a_provider_customer(provider))

    with pytest.raises(CurrencyRefused):
        await an_open_checkout(provider, order)
    in_dollars = await an_open_checkout(provider, replace(order, payment_id=a_payment_id(), amount=Money(3000, "usd")))
    assert Figures(3000, "usd") == in_dollars.received
    assert 1 == await provider.session_count()


async def test_a_customer_that_is_gone_is_named_as_such(provider: Provider) -> None:
    with pytest.raises(CustomerUnknown):
        await an_open_checkout(provider, an_order(provider, "cus_gone"))


async def test_a_paid_checkout_tells_what_arrived_and_when(provider: Provider) -> None:
    began = provider.now()
    opened = await an_open_checkout(provider)
    await provider.pay(opened.id)
    session = await provider.gateway.checkout(opened.id)

    assert session is not None
    assert SessionStatus.COMPLETE is session.status
    assert session.settled
    assert Figures(30000, "mad") == session.received
    assert session.url is None
    assert opened.payment_id == session.payment_id
    assert session.payment_intent_id is not None
    assert session.invoice_id is not None
    assert session.paid_at is not None
    assert began <= session.paid_at <= provider.now() + timedelta(seconds=1)


async def test_a_checkout_finished_with_a_delayed_method_is_complete_and_not_settled(provider: Provider) -> None:
    opened = await an_open_checkout(provider)
    await provider.pay_later(opened.id)
    session = await provider.gateway.checkout(opened.id)

    assert session is not None
    assert (SessionStatus.COMPLETE, False, None) == (session.status, session.settled, session.paid_at)


async def test_a_checkout_that_ran_out_is_expired(provider: Provider) -> None:
    opened = await an_open_checkout(provider)
    await provider.run_out(opened.id)
    session = await provider.gateway.checkout(opened.id)

    assert session is not None
    assert (SessionStatus.EXPIRED, False, None) == (session.status, session.settled, session.url)


@pytest.mark.parametrize("session_id", ["cs_test_unknown", "cs_test_" + "x" * 200, "pi_1", "cs test/../?%2e\u0645#"])
async def test_a_checkout_of_an_unknown_id_is_null(provider: Provider, session_id: str) -> None:
    assert await provider.gateway.checkout(session_id) is None
    assert await provider.gateway.expire_checkout(session_id) is None


async def test_an_open_checkout_can_be_closed_and_closed_again(provider: Provider) -> None:
    opened = await an_open_checkout(provider)
    first = await provider.gateway.expire_checkout(opened.id)
    again = await provider.gateway.expire_checkout(opened.id)

    assert first is not None
    assert (SessionStatus.EXPIRED, None) == (first.status, first.url)
    assert as_every_answer_tells(first) == as_every_answer_tells(again)
    assert as_every_answer_tells(first) == as_every_answer_tells(await provider.gateway.checkout(opened.id))


async def test_closing_a_paid_checkout_tells_that_it_was_paid(provider: Provider) -> None:
    opened = await an_open_checkout(provider)
    await provider.pay(opened.id)
    session = await provider.gateway.expire_checkout(opened.id)

    assert session is not None
    assert session.settled
    assert session == await provider.gateway.checkout(opened.id)


async def test_a_checkout_is_found_by_our_payment_s_id(provider: Provider) -> None:
    customer_id = await a_provider_customer(provider)
    first, second = an_order(provider, customer_id), an_order(provider, customer_id)
    opened = await an_open_checkout(provider, first)
    await an_open_checkout(provider, second)

    assert opened == await provider.gateway.find_checkout(first.payment_id, customer_id)
    assert await provider.gateway.find_checkout(a_payment_id(), customer_id) is None


async def test_a_paid_checkout_that_is_found_tells_when_it_was_charged(provider: Provider) -> None:
    customer_id = await a_provider_customer(provider)
    opened = await an_open_checkout(provider, an_order(provider, customer_id))
    await provider.pay(opened.id)
    asked = await provider.gateway.checkout(opened.id)
    found = await provider.gateway.find_checkout(opened.payment_id or a_payment_id(), customer_id)
    (listed,) = (await provider.records.checkouts(provider.now() - timedelta(hours=1))).items

    assert asked is not None
    assert asked.paid_at is not None
    assert as_every_answer_tells(asked) == as_every_answer_tells(found) == as_every_answer_tells(listed)


async def test_of_several_checkouts_of_one_payment_the_newest_is_found(provider: Provider) -> None:
    order = an_order(provider, await a_provider_customer(provider))
    request = provider.gateway.prepare_checkout(order)
    opened = [await provider.gateway.open_checkout(request, key=f"attempt {number}") for number in range(3)]

    assert opened[-1] == await provider.gateway.find_checkout(order.payment_id, order.customer_id)


async def test_the_invoice_of_a_paid_checkout_can_be_read(provider: Provider) -> None:
    opened = await an_open_checkout(provider)
    await provider.pay(opened.id)
    session = await provider.gateway.checkout(opened.id)
    assert session is not None
    assert session.invoice_id is not None
    documents = await provider.gateway.invoice(session.invoice_id)

    assert (documents.hosted_url or "").startswith("http")
    assert (documents.pdf_url or "").startswith("http")


async def test_an_unknown_invoice_is_refused(provider: Provider) -> None:
    with pytest.raises(ProviderRefused):
        await provider.gateway.invoice("in_unknown")


async def test_preparing_a_request_asks_nobody_and_gives_the_same_each_time(provider: Provider) -> None:
    member, order = a_member(), an_order(provider, "cus_1")

    assert provider.gateway.prepare_customer(member) == provider.gateway.prepare_customer(member)
    assert provider.gateway.prepare_checkout(order) == provider.gateway.prepare_checkout(order)
    assert (0, 0) == (await provider.session_count(), await provider.customer_count())


@pytest.mark.parametrize("locale", Locale)
async def test_a_checkout_tells_for_whom_and_for_what_it_was_opened(provider: Provider, locale: Locale) -> None:
    customer_id = await a_provider_customer(provider, email="salma@example.org", name="Salma Bennani")
    order = an_order(provider, customer_id, locale=locale)
    opened = await provider.gateway.open_checkout(provider.gateway.prepare_checkout(order), key="k")
    found = await provider.gateway.checkout(opened.id)

    assert found is not None
    assert (order.user_id, order.plan, str(order.payment_id)) == (
        *(found.user_name, found.plan_name),
        found.payment_names[0],
    )
    assert (customer_id, "salma@example.org", "Salma Bennani", locale) == (
        *(found.payer.customer_id, found.payer.email, found.payer.name),
        found.payer.locale,
    )
