"""A member is forgotten once nothing is left to do that needs to know who they are, here and at the provider."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from adapters.memory.members import MemoryCustomerRecords, MemoryMembers
from adapters.memory.world import CountingIds
from application.erase_member import EraseMember
from application.errors import ProviderUnavailable
from application.export_member import ExportMember
from application.ports.gateway import CheckoutCompleted, RefundTold
from application.ports.jobs import JobKind
from application.ports.privacy import Erasure
from builders import a_member
from domain.errors import NotErasable, NotFound
from domain.member import UserId
from domain.money import Money
from domain.payment import Figures, PaymentStatus

if TYPE_CHECKING:
    from application.conftest import World

WHY = "asked for in writing"


class Office:
    """Who answers what members ask for by law."""

    def __init__(self, world: "World") -> None:
        members = MemoryMembers(world.store)
        self.export = ExportMember(members=members, clock=world.clock)
        self.erase = EraseMember(
            members=members,
            customers=MemoryCustomerRecords(world.gateway),
            clock=world.clock,
            new_id=CountingIds(),
        )
        self._user_id = world.member.user_id

    async def forget(self, *, forfeit_access: bool = True) -> Erasure:
        """Erase the world's member."""
        return await self.erase(self._user_id, reason=WHY, operator="samir", forfeit_access=forfeit_access)


@pytest.fixture
def office(world: "World") -> Office:
    """The office of the world."""
    return Office(world)


async def rest(world: "World") -> None:
    """All work is done."""
    world.clock.pass_time(timedelta(minutes=1))
    for _ in range(3):
        assert [] == await world.work()


async def open_a_checkout(world: "World") -> None:
    """The member may still pay."""
    await world.start()


async def pay_by_a_delayed_method(world: "World") -> None:
    """The money is on its way."""
    offered = await world.start()
    await world.deliver(CheckoutCompleted(world.gateway.pay_later(offered.session_id)))


async def pay_too_little(world: "World") -> None:
    """The money waits for a decision."""
    offered = await world.start()
    await world.deliver(CheckoutCompleted(world.gateway.pay(offered.session_id, Figures(1, "mad"))))


async def pay_and_wait_for_the_mail(world: "World") -> None:
    """Receipt and confirmation are still to come."""
    await world.buy()


async def leave_a_dead_job(world: "World") -> None:
    """The confirmation failed for good and waits for an operator."""
    await world.buy()
    world.clock.pass_time(timedelta(minutes=1))
    await world.issue_receipt(await world.job(JobKind.ISSUE_RECEIPT))
    await world.store.jobs.fail(await world.job(JobKind.SEND_CONFIRMATION), "refused", retry_after_seconds=None)


@pytest.mark.parametrize(
    ("lived", "reason"),
    [
        (open_a_checkout, "is PENDING: its money may still come"),
        (pay_by_a_delayed_method, "is PROCESSING: its money may still come"),
        (pay_too_little, "is in REVIEW: accept it or give it back"),
        (pay_and_wait_for_the_mail, "(issue_receipt) is ready"),
        (leave_a_dead_job, "(send_confirmation) is dead"),
    ],
)
async def test_nobody_is_erased_while_something_is_left_to_do_for_them(
    world: "World", office: Office, lived: "Callable[[World], Awaitable[None]]", reason: str
) -> None:
    await lived(world)

    with pytest.raises(NotErasable) as refusal:
        await office.forget()
    assert reason in str(refusal.value)
    assert 1 == len(world.gateway.customers)
    assert world.member.email == world.customers()[0].email


async def test_paid_time_is_lost_only_where_somebody_says_so(world: "World", office: Office) -> None:
    await world.buy()
    await rest(world)

    with pytest.raises(NotErasable, match="paid time is left"):
        await office.forget(forfeit_access=False)
    assert 1 == (await office.forget()).payments
    assert not (await world.check_access(world.member.user_id)).allowed


async def test_once_the_year_is_over_nothing_has_to_be_said(world: "World", office: Office) -> None:
    await world.buy()
    await rest(world)
    world.clock.pass_time(timedelta(days=366))

    assert 1 == (await office.forget(forfeit_access=False)).payments


async def test_the_customer_at_the_provider_is_deleted_too_and_a_fault_there_changes_nothing_here(
    world: "World", office: Office
) -> None:
    await world.buy()
    await rest(world)
    world.gateway.fail_next("delete_customer")
    with pytest.raises(ProviderUnavailable):
        await office.forget()
    untouched = world.customers()[0].email
    await office.forget()

    assert world.member.email == untouched
    assert {} == world.gateway.customers


async def test_a_customer_that_was_made_and_never_heard_of_is_found_and_deleted(world: "World", office: Office) -> None:
    world.gateway.fail_next("create_customer", after_effect=True)
    with pytest.raises(ProviderUnavailable):
        await world.start()
    await world.cancel(world.member.user_id, world.payment().id)
    await office.forget()

    assert {} == world.gateway.customers


async def test_what_becomes_of_the_money_later_is_followed_and_nobody_is_written_to(
    world: "World", office: Office
) -> None:
    await world.buy()
    await rest(world)
    mails = len(world.mailer.delivered)
    await office.forget()
    (session,) = world.gateway.sessions.values()
    await world.deliver(CheckoutCompleted(session))
    after_its_event = world.payment().status
    await world.deliver(RefundTold(world.gateway.give_back(session.id)))
    await rest(world)

    assert (PaymentStatus.SUCCEEDED, PaymentStatus.REFUNDED) == (after_its_event, world.payment().status)
    assert ["done"] == world.jobs(JobKind.SEND_REFUND_NOTICE)
    assert mails == len(world.mailer.delivered)


async def test_to_erase_again_finds_nothing_and_a_member_who_comes_back_is_a_new_one(
    world: "World", office: Office
) -> None:
    first = await world.buy()
    await rest(world)
    await office.forget()
    again = await office.forget()
    second = await world.buy()

    assert Erasure() == again
    assert (True, False) == (first.id != second.id, second.renewal)
    assert world.member.user_id == second.user_id
    assert (await world.check_access(world.member.user_id)).allowed
    assert Money(30000, "mad") == second.amount


async def test_a_copy_is_given_with_a_line_in_the_audit_and_of_nobody_none(world: "World", office: Office) -> None:
    await world.buy()
    stranger = a_member(user_id=UserId("stranger"))
    with pytest.raises(NotFound):
        await office.export(stranger.user_id, operator="samir")
    data = await office.export(world.member.user_id, operator="samir")
    lines = [(row.entity_id, row.to_status, row.cause.actor) for row in world.store.audit if row.entity == "member"]

    assert [world.payment()] == [one.payment for one in data.payments]
    assert [(world.member.user_id, "exported", "operator:samir")] == lines


async def test_a_late_word_that_still_names_the_member_casts_no_doubt_on_their_payment(
    world: "World", office: Office
) -> None:
    """The provider may tell of a paid checkout for days, and a checkout keeps the name that it was opened with."""
    before = await world.buy()
    (session,) = world.gateway.sessions.values()
    await rest(world)
    await office.forget()
    await world.deliver(CheckoutCompleted(session))
    after = world.payment()

    assert (PaymentStatus.SUCCEEDED, None) == (after.status, after.review)
    assert before.user_id != after.user_id
    assert [] == await world.review.waiting()
