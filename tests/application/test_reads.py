"""What members and the platform ask: may they act, what was paid, which payment is this."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from application.ports.gateway import CheckoutExpired
from application.ports.jobs import JobKind
from application.ports.reads import WantedPayments
from builders import a_member, a_payment_id
from domain.errors import NotFound, UnknownCursor
from domain.member import UserId
from domain.payment import PaymentId, PaymentStatus
from domain.subscription import SubscriptionStatus

if TYPE_CHECKING:
    from application.conftest import World

SECOND = timedelta(seconds=1)


async def some_payments(world: "World", count: int) -> list[PaymentId]:
    """The member starts and lets expire some checkouts. Returns the ids of the payments, newest first."""
    made = []
    for _ in range(count):
        offered = await world.start()
        made.append(offered.payment.id)
        await world.deliver(CheckoutExpired(world.gateway.run_out(offered.session_id)))
    return made[::-1]


async def all_pages(world: "World", limit: int, between_pages: int = 0) -> list[PaymentId]:
    """The ids on all pages of the member's history, while payments are made between the pages."""
    found: list[PaymentId] = []
    cursor: PaymentId | None = None
    while True:
        page = await world.list_payments(world.member.user_id, limit=limit, starting_after=cursor)
        found += [record.payment.id for record in page.records]
        if not page.has_more:
            return found
        cursor = found[-1]
        await some_payments(world, between_pages)


async def test_a_member_who_was_never_met_has_no_access(world: "World") -> None:
    access = await world.check_access(UserId("stranger"))

    assert SubscriptionStatus.NONE is access.status
    assert not access.allowed
    assert access.period is None
    assert access.paid_until is None


@pytest.mark.parametrize(
    ("before_end", "allowed", "status"),
    [
        (timedelta(days=365), True, SubscriptionStatus.ACTIVE),
        (SECOND, True, SubscriptionStatus.ACTIVE),
        (timedelta(0), False, SubscriptionStatus.EXPIRED),
        (-SECOND, False, SubscriptionStatus.EXPIRED),
    ],
)
async def test_access_ends_at_the_exact_second_without_any_job(
    world: "World", before_end: timedelta, allowed: bool, status: SubscriptionStatus
) -> None:
    await world.buy()
    ends_at = world.subscription().periods[0].ends_at
    move_to(world, ends_at - before_end)
    access = await world.check_access(world.member.user_id)

    assert allowed is access.allowed
    assert status is access.status
    assert allowed is (access.period is not None)
    assert ends_at == access.paid_until


def move_to(world: "World", instant: datetime) -> None:
    """Let the clock show an instant."""
    world.clock.pass_time(instant - world.clock.now())


async def test_access_starts_with_the_payment_itself(world: "World") -> None:
    await world.buy()

    assert (await world.check_access(world.member.user_id)).allowed


async def test_a_renewal_shows_the_running_year_and_the_end_of_all_paid_time(world: "World") -> None:
    await world.buy()
    world.clock.pass_time(timedelta(days=340))
    await world.buy()
    access = await world.check_access(world.member.user_id)

    first, second = world.subscription().periods
    assert first == access.period
    assert second.ends_at == access.paid_until


async def test_the_history_is_newest_first_and_knows_whether_more_follows(world: "World") -> None:
    made = await some_payments(world, 3)
    page = await world.list_payments(world.member.user_id, limit=2)
    last = await world.list_payments(world.member.user_id, limit=2, starting_after=made[1])

    assert made[:2] == [record.payment.id for record in page.records]
    assert page.has_more
    assert made[2:] == [record.payment.id for record in last.records]
    assert not last.has_more


async def test_a_full_last_page_promises_nothing_more(world: "World") -> None:
    await some_payments(world, 2)

    assert not (await world.list_payments(world.member.user_id, limit=2)).has_more


async def test_a_page_has_ten_payments_unless_asked_otherwise(world: "World") -> None:
    await some_payments(world, 11)

    assert 10 == len((await world.list_payments(world.member.user_id)).records)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_pages_have_no_gap_and_no_repeat(world: "World", limit: int) -> None:
    made = await some_payments(world, 7)

    assert made == await all_pages(world, limit)


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_pages_have_no_gap_and_no_repeat_while_payments_are_made(world: "World", limit: int) -> None:
    made = await some_payments(world, 7)

    assert made == await all_pages(world, limit, between_pages=2)


async def test_a_history_can_be_narrowed_to_a_status(world: "World") -> None:
    await some_payments(world, 2)
    payment = await world.buy()
    page = await world.list_payments(world.member.user_id, wanted=WantedPayments(status=PaymentStatus.SUCCEEDED))

    assert [payment.id] == [record.payment.id for record in page.records]


async def test_nobody_sees_the_payments_of_others(world: "World") -> None:
    await some_payments(world, 2)
    other = await world.buy(a_member())
    mine = await world.list_payments(world.member.user_id)

    assert 2 == len(mine.records)
    assert other.id not in [record.payment.id for record in mine.records]


async def test_a_payment_is_shown_with_its_invoice_data(world: "World") -> None:
    payment = await world.buy()
    await world.run(await world.job(JobKind.ISSUE_RECEIPT))
    record = await world.show_payment(world.member.user_id, payment.id)

    assert payment == record.payment
    assert record.invoice is not None
    assert "2026-000001" == record.invoice.number


async def test_an_unpaid_payment_has_no_invoice_data(world: "World") -> None:
    offered = await world.start()

    assert (await world.show_payment(world.member.user_id, offered.payment.id)).invoice is None


async def test_the_payment_of_another_member_is_as_unknown_as_one_that_does_not_exist(world: "World") -> None:
    theirs, nobodys = (await world.buy(a_member())).id, a_payment_id()
    with pytest.raises(NotFound) as of_another:
        await world.show_payment(world.member.user_id, theirs)
    with pytest.raises(NotFound) as of_nobody:
        await world.show_payment(world.member.user_id, nobodys)

    assert f"No payment {theirs}." == str(of_another.value)
    assert f"No payment {nobodys}." == str(of_nobody.value)


async def test_a_place_in_the_list_of_another_member_is_no_place(world: "World") -> None:
    theirs = await world.buy(a_member())

    for cursor in (theirs.id, a_payment_id()):
        with pytest.raises(UnknownCursor, match=f"no payment {cursor}"):
            await world.list_payments(world.member.user_id, starting_after=cursor)
